"""Operations on the site's synonyms."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response

from wiki.errors import require_allowed
from wiki.rules.access import may_administer
from wiki.search.synonyms import actions, queries
from wiki.search.synonyms.models import SynonymGroup
from wiki.web.operations import Answer, answer, operation, sent_body
from wiki.web.request import actor, reading, writing
from wiki.web.shapes import told

_AT = "/synonyms/{synonyms}"
_EXPRESSIONS = "Two or more expressions that mean the same, each of one to four words."


@dataclass(frozen=True)
class Synonyms:
    """A group of synonyms of this site."""

    id: int = told("Its id.")
    expressions: list[str] = told("Expressions that mean the same.")


@dataclass(frozen=True)
class BuiltInSynonyms:
    """A group of synonyms that comes with the wiki."""

    name: str = told("Its name.")
    expressions: list[str] = told("Expressions that mean the same.")
    is_on: bool = told("Whether searches use it.")


@dataclass(frozen=True)
class SynonymsList:
    """All groups of synonyms."""

    groups: list[Synonyms] = told("The groups of this site, the newest first.")
    built_in: list[BuiltInSynonyms] = told("The groups that come with the wiki.")


@dataclass(frozen=True)
class SynonymsInput:
    """The expressions of a group."""

    expressions: list[str] = told(_EXPRESSIONS)


@dataclass(frozen=True)
class Switch:
    """Whether searches use a built-in group."""

    is_on: bool = told("Whether searches use it.")


@operation(
    "GET",
    "/synonyms",
    "List synonyms.",
    {200: Answer("All groups of synonyms.", SynonymsList)},
    problems=(403,),
)
def list_synonyms() -> Response:
    """Only for admins."""
    return answer(
        SynonymsList(
            [_shape(one) for one in queries.list_own(reading(), actor())],
            [
                BuiltInSynonyms(one.name, list(one.expressions), one.is_on)
                for one in queries.list_built_in(reading(), actor())
            ],
        )
    )


@operation(
    "POST",
    "/synonyms",
    "Add a group of synonyms.",
    {201: Answer("The new group.", Synonyms)},
    body=SynonymsInput,
    writes=True,
    problems=(403, 409, 413, 415),
)
def add_synonyms() -> Response:
    """Only for admins. Searches use it at once."""
    require_allowed(may_administer(actor()))
    sent = sent_body(SynonymsInput)
    with writing() as session:
        group = actions.add_group(session, actor(), ",".join(sent.expressions))
        return answer(_shape(group), 201)


@operation(
    "PUT",
    _AT,
    "Change a group of synonyms.",
    {200: Answer("The changed group.", Synonyms)},
    body=SynonymsInput,
    writes=True,
    problems=(403, 409, 413, 415),
)
def put_synonyms(synonyms: int) -> Response:
    """Only for admins. Searches use the change at once."""
    require_allowed(may_administer(actor()))
    sent = sent_body(SynonymsInput)
    with writing() as session:
        group = actions.change_group(session, actor(), synonyms, ",".join(sent.expressions))
        return answer(_shape(group))


@operation(
    "DELETE",
    _AT,
    "Remove a group of synonyms.",
    {204: Answer("The group was removed.")},
    writes=True,
    problems=(403,),
)
def remove_synonyms(synonyms: int) -> Response:
    """Only for admins."""
    with writing() as session:
        actions.remove_group(session, actor(), synonyms)
    return Response(status=204)


@operation(
    "PUT",
    "/synonyms/built-in/{built_in}",
    "Switch a built-in group of synonyms on or off.",
    {204: Answer("The group is on or off, as sent.")},
    body=Switch,
    writes=True,
    problems=(403, 413, 415),
)
def switch_synonyms(built_in: str) -> Response:
    """Only for admins."""
    require_allowed(may_administer(actor()))
    sent = sent_body(Switch)
    with writing() as session:
        actions.switch_built_in(session, actor(), built_in, is_on=sent.is_on)
    return Response(status=204)


def _shape(group: SynonymGroup) -> Synonyms:
    return Synonyms(group.id, group.words.split(", "))
