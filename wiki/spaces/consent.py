"""Consent to actions that let more people read something.

Such an action is marked with :func:`needs_consent` and measures what it exposes with
:func:`watched`. It is refused until somebody has agreed to exactly that. The mark stores the
arguments of the action, so that it can be repeated once enough people have agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import EnumType, IntEnum
from functools import wraps
from inspect import signature
from types import SimpleNamespace, UnionType
from typing import Any, NamedTuple, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.errors import NotFound, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.sentences import DEEDS
from wiki.people.models import Group, Person
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.exposure import Exposure, exposure_since, pages_before
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess, see_space_by_id


@dataclass(frozen=True)
class Change:
    """A change in a form in which it can be repeated: its kind, the arguments of its action as JSON
    values, and the space concerned, if it is one."""

    kind: str
    payload: dict[str, Any]
    space_id: int | None = None


@dataclass(frozen=True)
class Consent:
    """Consent to what a change exposes. ``digest`` is the digest of the exposure that the user saw;
    ``second`` is the id of the second person who agreed.

    ``most`` is the number of people to whom one person may open confidential pages, if only one
    person has agreed. ``change`` is set by :func:`needs_consent`.
    """

    digest: str = ""
    second: int | None = None
    unasked: bool = False
    most: int | None = None
    change: Change | None = None


UNASKED = Consent(unasked=True)
"""For the shell of the machine, and for consent given before."""


class NeedsConsent(WikiError):
    """More people could read something after this change, and nobody has agreed to that. Nothing
    was changed."""

    status = 409
    title = lazy_gettext("More people could read this")

    def __init__(self, exposure: Exposure, change: Change) -> None:
        super().__init__(exposure.words)
        self.exposure = exposure
        self.change = change


class NeedsSecond(WikiError):
    """One person agreed to what a change exposes, and two are required. Nothing was changed."""

    status = 403
    title = lazy_gettext("Someone else has to approve this")

    def __init__(self) -> None:
        super().__init__(
            _("This makes a lot visible to many people, so someone else has to approve it.")
        )


class Done(NamedTuple):
    """The result of a change: a message, the URL to go to, and a link that is shown only this
    once."""

    said: str
    url: str
    link: str = ""


@dataclass(frozen=True)
class ConsentedAction:
    """An action that was marked with :func:`needs_consent`."""

    act: Callable[..., Any]
    title: str
    done: Callable[[Any], Done]
    parameters: Mapping[str, Any]


ACTIONS: dict[str, ConsentedAction] = {}
"""The marked actions, by the kinds of their changes."""

P = ParamSpec("P")
R = TypeVar("R")


def needs_consent(
    kind: str, title: str, deed: str, done: Callable[[Any], Done]
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark an action that may let more people read something; its last argument is ``consent``.

    Its other arguments are stored by their names and types: people, groups and spaces by id, and
    the fields of dataclasses one by one. Session, actor, settings and ``repairs`` are not stored.

    :param kind: the name under which a change is stored.
    :param title: the action as a heading.
    :param deed: the action after “by”, in the sentence of an event.
    :param done: returns what to show after the action was repeated. It is called with an object
        that has the arguments and the ``result`` of the action as attributes.
    """

    def mark(action: Callable[P, R]) -> Callable[P, R]:
        parameters, arguments_of = _types_of(action), signature(action)

        @wraps(action)
        def act(*args: P.args, **named: P.kwargs) -> R:
            given = arguments_of.bind(*args, **named)
            consent = given.arguments.get("consent") or Consent()
            if not consent.unasked:
                given.apply_defaults()
                change = Change(kind, _stored(parameters, given.arguments))
                given.arguments["consent"] = replace(consent, change=change)
            return action(*given.args, **given.kwargs)

        ACTIONS[kind] = ConsentedAction(act, title, done, parameters)
        DEEDS[kind] = deed
        return act

    return mark


def repeat(
    session: Session, settings: Settings, actor: Actor, change: Change, consent: Consent
) -> Done:
    """Make a change, with consent to what it exposes.

    :raises NeedsConsent: if it exposes something else by now. :raises NotFound: if what it is about
        no longer exists. Other errors are those of the action.
    """
    found = ACTIONS.get(change.kind)
    if found is None:
        raise NotFound
    known = {"session": session, "actor": actor, "settings": settings, "consent": consent}
    arguments = {name: known[name] for name in signature(found.act).parameters if name in known}
    arguments |= _loaded(session, actor, found.parameters, change.payload)
    result = found.act(**arguments)
    return found.done(SimpleNamespace(**known | arguments, result=result))


_NOT_STORED = frozenset({"session", "actor", "settings", "consent", "repairs", "return"})
_ROWS = (SpaceAccess, Space, Person, Group)


def _types_of(declared: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of the parameters or fields to be stored; that of ``X | None`` is ``X``."""
    hints = {name: one for name, one in get_type_hints(declared).items() if name not in _NOT_STORED}
    return {
        name: get_args(hint)[0] if get_origin(hint) is UnionType else hint
        for name, hint in hints.items()
    }


def _name(name: str, kind: Any) -> str:
    """Return the name under which the id of a row is stored."""
    return "space_id" if kind is SpaceAccess else f"{name}_id"


def _stored(parameters: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in parameters.items():
        value = values[name]
        if kind in _ROWS:
            row = value.space if isinstance(value, SpaceAccess) else value
            found[_name(name, kind)] = row.id if row else None
        elif hasattr(kind, "__dataclass_fields__"):
            found |= _stored(_types_of(kind), vars(value))
        elif isinstance(value, (Role, Label)):
            found[name] = value.word
        else:
            found[name] = sorted(value) if get_origin(kind) is Collection else value
    return found


def _loaded(
    session: Session, actor: Actor, parameters: Mapping[str, Any], payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments that :func:`_stored` made a payload of.

    :raises NotFound: if one of them no longer exists, or the actor may not see the space.
    """
    found: dict[str, Any] = {}
    for name, kind in parameters.items():
        if kind in _ROWS:
            found[name] = _row(session, actor, kind, payload[_name(name, kind)])
        elif hasattr(kind, "__dataclass_fields__"):
            found[name] = kind(**_loaded(session, actor, _types_of(kind), payload))
        elif name not in payload:  # stored before the action had it, so it has its default
            continue
        elif (value := payload[name]) is None or not isinstance(kind, EnumType):
            found[name] = value
        elif issubclass(kind, IntEnum) and isinstance(value, str):
            found[name] = kind[value.upper()]
        else:
            found[name] = kind(value)
    return found


def _row(session: Session, actor: Actor, kind: Any, id: int | None) -> Any:
    if id is None:
        return None
    if kind in (SpaceAccess, Space):
        seen = see_space_by_id(session, actor, id)
        return seen if kind is SpaceAccess else seen.space
    found = session.get(kind, id)
    if found is None:
        raise NotFound
    return found


def require_consent(
    found: Exposure | None, consent: Consent | None, space_id: int | None = None
) -> None:
    """Check, inside a marked action, that there is consent to exactly what it exposes.

    :param space_id: the space whose leads can approve it.
    :raises NeedsConsent: if there is none.
    :raises NeedsSecond: if a second person has to agree.
    """
    if found is None or (consent is not None and consent.unasked):
        return
    if consent is None or consent.change is None:
        raise ValueError("This action is not marked with needs_consent.")
    if consent.digest != found.digest:
        raise NeedsConsent(found, replace(consent.change, space_id=space_id))
    if consent.most is not None and found.needs_second(consent.most):
        raise NeedsSecond


@contextmanager
def watched(
    session: Session,
    which: ColumnElement[bool],
    consent: Consent | None,
    *,
    space_id: int | None = None,
    among: Collection[int] | None = None,
) -> Iterator[None]:
    """Check, inside a marked action, that what the block lets more people read has consent.

    :param which: the condition on the pages that the block may concern.
    :param space_id: the space whose leads can approve it.
    :param among: only these people can gain access.
    :raises NeedsConsent: if it exposes something without consent to exactly that.
    :raises NeedsSecond: if one person has agreed and two are required.
    """
    if consent is not None and consent.unasked:
        yield
        return
    before = pages_before(session, which, among)
    yield
    require_consent(exposure_since(session, before, among), consent, space_id)
