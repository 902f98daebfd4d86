"""Completion of operators and their values while a query is typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from sqlalchemy.orm import Session

from wiki.db import now
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.kind_registry import registered_kinds
from wiki.rules.access import Actor
from wiki.search.asking import begins
from wiki.search.engine import Engine
from wiki.search.queries import titles
from wiki.search.query import OPERATORS
from wiki.search.words import fold
from wiki.spaces.queries import list_spaces
from wiki.spaces.who import suggest_who
from wiki.tags.queries import tags_beginning

MOST = 8
"""Maximum number of completions."""
_LAST = re.compile(
    rf'(?:^|\s)(?P<minus>[-−]?)(?P<name>{"|".join(OPERATORS)})[:：](?P<value>"[^"]*|[^\s"]*)$',
    re.IGNORECASE,
)
_BEGUN = re.compile(r"(?:^|\s)[-−]?(?P<name>[a-z]+)$", re.IGNORECASE)
_ABOUT = {
    "title": lazy_gettext("words in the title"),
    "tag": lazy_gettext("pages with this tag"),
    "space": lazy_gettext("pages in this space"),
    "under": lazy_gettext("this page and the pages below it"),
    "author": lazy_gettext("pages this person has edited"),
    "kind": lazy_gettext("pages of this kind"),
    "updated": lazy_gettext("pages changed at or after a date"),
    "in": lazy_gettext("comments instead of pages"),
    "sort": lazy_gettext("the order of the results"),
}


@dataclass(frozen=True)
class Completion:
    """A completed query, and what its last part means."""

    text: str
    about: str


def completions(session: Session, actor: Actor, engine: Engine, text: str) -> list[Completion]:
    """Return the completions of the last word of a query: operators that begin with it, or values
    of the operator before it, of which the actor may know.

    :raises IndexUnavailable: when there is no usable index at the moment.
    """
    if last := _LAST.search(text):
        lead = text[: last.start("value")]
        value = last["value"].removeprefix('"')
        found = _values(session, actor, engine, last["name"].lower(), value)
        return [Completion(f"{lead}{quoted(one.text)} ", one.about) for one in islice(found, MOST)]
    begun = _BEGUN.search(text)
    if begun is None:
        return []
    lead, name = text[: begun.start("name")], begun["name"].lower()
    return [
        Completion(f"{lead}{one}:", str(_ABOUT[one])) for one in OPERATORS if one.startswith(name)
    ]


def _values(
    session: Session, actor: Actor, engine: Engine, name: str, value: str
) -> Iterator[Completion]:
    match name:
        case "tag":
            for tag in tags_beginning(session, actor, value, limit=MOST):
                yield Completion(tag.name, _("Tag"))
        case "space":
            for space in list_spaces(session, actor):
                if space.slug.startswith(fold(value)) or begins(value, space.title):
                    yield Completion(space.slug, space.title)
        case "author":
            if not actor.is_anonymous and "me".startswith(value.lower()):
                yield Completion("me", _("you"))
            for one in suggest_who(session, actor, value):
                if one.people is None:
                    yield Completion(one.handle, one.name)
        case "kind":
            for kind in registered_kinds():
                if kind.name.startswith(value.lower()):
                    yield Completion(kind.name, str(kind.title))
        case "under" if value:
            for listed in titles(session, actor, engine, value, limit=MOST):
                page = listed.page
                yield Completion(f"{page.space.slug}/{page.path}", page.title)
        case "updated":
            yield from _dates(value)
        case "in" if "comments".startswith(value.lower()):
            yield Completion("comments", _("comments instead of pages"))
        case "sort":
            for sort, about in (
                ("date", _("pages changed last come first")),
                ("relevance", _("the best pages come first")),
            ):
                if sort.startswith(value.lower()):
                    yield Completion(sort, about)


def _dates(value: str) -> Iterator[Completion]:
    today = now().date()
    for days, about in (
        (0, _("today")),
        (7, _("in the past 7 days")),
        (30, _("in the past 30 days")),
        (365, _("in the past year")),
    ):
        text = f">={today - timedelta(days=days)}"
        if text.startswith(value):
            yield Completion(text, about)


def quoted(value: str) -> str:
    """Return a value of an operator, in quotation marks if it has spaces."""
    return f'"{value}"' if any(c.isspace() for c in value) else value
