"""Secrets in what is saved: a save that brings new ones is refused once, and whoever saves it all
the same says why, which stays written down."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Invalid, WikiError
from wiki.outbox.actions import announce
from wiki.outbox.events import ScanningChanged, SecretsAllowed
from wiki.pages.merging import Text
from wiki.pages.models import AllowedSecret, Page, Revision, ScannedKinds
from wiki.rules.access import Actor, May
from wiki.spaces.queries import SpaceSeen
from wiki.text.scan.secrets import KINDS, USUAL, Finding, find_secrets

REASONS: Mapping[str, str] = {
    "false-alarm": "It is a false alarm",
    "meant": "It is meant to be here",
}
"""Why somebody saves what looks like a secret, as the form offers it."""

MAX_REASON = 300

BODY = "body"
FRONT_MATTER = "front matter"


@dataclass(frozen=True)
class Secret:
    """A likely secret in one part of a page's text: body, title, description, tags, fields or front
    matter.

    ``value`` is the secret itself and must never be stored, logged or shown.
    """

    place: str
    finding: Finding
    value: str = field(repr=False)

    @property
    def key(self) -> str:
        """What the form that holds the text sends back of it, to say that its author saw it."""
        known = f"{self.place}\0{self.finding.kind}\0{self.value}"
        return hashlib.sha256(known.encode("utf-8", "replace")).hexdigest()[:16]


@dataclass(frozen=True)
class Override:
    """Somebody's word that what looks like a secret may be saved: of all that is found or, where
    ``seen`` says so, of what they were shown."""

    reason: str
    seen: frozenset[str] | None = None


REPORTED = Override("")
"""Nothing is refused or written down: what is brought in is reported by who brings it in."""


class SecretsFound(WikiError):
    """What is to be saved holds what looks like a secret. Nothing was saved and nothing is lost."""

    status = 422
    title = "This looks like a secret"

    def __init__(self, secrets: Collection[Secret]) -> None:
        count = len(secrets)
        what = (
            "what looks like a secret" if count == 1 else f"{count} things that look like secrets"
        )
        super().__init__(
            f"Nothing was saved: the text holds {what}. Take it out, or say why it may be there.",
            field="allow_secrets",
        )
        self.secrets = tuple(secrets)


def new_secrets(
    session: Session,
    space_id: int,
    before: Text | None,
    text: Text,
    override: Override | None = None,
) -> list[Secret]:
    """What looks like a secret in ``text`` and does not stand in the text it takes the place of.

    :returns: what ``override`` lets pass, to be written down by :func:`allow`.
    :raises SecretsFound: for all else.
    """
    if override is REPORTED:
        return []
    found = secrets_in(session, space_id, before, text)
    refused = [
        one
        for one in found
        if override is None or (override.seen is not None and one.key not in override.seen)
    ]
    if refused:
        raise SecretsFound(found)
    return found


def require_plain(
    session: Session,
    space_id: int,
    words: str,
    *,
    what: str = "What is said of the change",
    field: str = "message",
) -> None:
    """Go on only if a few words beside a text, which stay in the history for good and need no
    secret, hold nothing that looks like one.

    :raises Invalid: saying which, and no more of it than may be shown.
    """
    if not find_secrets(words, frozenset(KINDS)):
        return
    found = find_secrets(words, kinds_of(session, space_id))
    if found:
        one = found[0]
        raise Invalid(
            f"{what} holds what looks like a secret ({one.words} {one.masked}), and would stay in "
            "the history: take it out.",
            field=field,
        )


def secrets_in(session: Session, space_id: int, before: Text | None, text: Text) -> list[Secret]:
    """The same, of the kinds that the space looks for."""
    if not look(text, frozenset(KINDS)):  # so that an ordinary save asks the database nothing
        return []
    found = look(text, kinds_of(session, space_id))
    if before is None or not found:
        return found
    known = whole_of(before)
    return [one for one in found if one.value not in known]


def allow(
    session: Session,
    actor: Actor,
    page: Page,
    revision: Revision,
    secrets: Collection[Secret],
    override: Override | None,
) -> None:
    """Write down which secrets a revision was saved with, by whom and why."""
    if not secrets or override is None:
        return
    for one in secrets:
        session.add(
            AllowedSecret(
                page_id=page.id,
                revision=revision.number,
                kind=one.finding.kind,
                words=one.finding.words,
                masked=one.finding.masked,
                place=one.place,
                line=one.finding.line,
                starts=one.finding.at,
                ends=one.finding.until,
                reason=override.reason,
                created_by_id=actor.person_id,
            )
        )
    kinds = sorted({one.finding.kind for one in secrets})
    announce(
        session,
        actor,
        SecretsAllowed(page.space_id, page.id, revision.number, kinds, len(secrets)),
    )


def checked_override(reason: str, seen: frozenset[str] | None = None) -> Override:
    """The override that a reason makes.

    :raises Invalid: without one, or for one that is too long or itself looks like a secret.
    """
    reason = " ".join(reason.replace("\0", " ").split())
    if not reason:
        raise Invalid("Say why what looks like a secret may be saved.", field="allow_secrets")
    if len(reason) > MAX_REASON:
        raise Invalid(f"A reason has at most {MAX_REASON} characters.", field="allow_secrets")
    if find_secrets(reason):
        raise Invalid("The reason looks like a secret itself.", field="allow_secrets")
    return Override(reason, seen)


def kinds_of(session: Session, space_id: int) -> frozenset[str]:
    """What is looked for in a space."""
    chosen = session.get(ScannedKinds, space_id)
    return USUAL if chosen is None else frozenset(chosen.kinds) & KINDS.keys()


def choose_kinds(session: Session, seen: SpaceSeen, kinds: Collection[str]) -> None:
    """Say what is looked for in a space.

    :raises Forbidden: unless the actor leads the space. :raises Invalid: for what nobody can find.
    """
    seen.require(May.MANAGE)
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        raise Invalid("There is no such kind of secret.", field="kinds")
    wanted, space_id = frozenset(kinds), seen.space.id
    if wanted == kinds_of(session, space_id):
        return
    row = session.get(ScannedKinds, space_id, with_for_update=True)
    if row is None:
        row = ScannedKinds(space_id=space_id, kinds=[])
        session.add(row)
    row.kinds = [kind for kind in KINDS if kind in wanted]
    row.changed_at, row.changed_by_id = now(), seen.actor.person_id
    session.flush()
    announce(session, seen.actor, ScanningChanged(space_id, row.kinds))


def place_of(text: Text, place: str) -> str:
    """What stands in one place of a text, as it was looked through."""
    return dict(_places(text)).get(place, "")


def whole_of(text: Text) -> str:
    """All that was looked through."""
    return "\n".join(words for _, words in _places(text))


def look(text: Text, kinds: frozenset[str]) -> list[Secret]:
    """What looks like a secret of these kinds in all that an author wrote."""
    found: list[Secret] = []
    for place, words in _places(text):
        findings = _looked(words, kinds) if words else ()
        secrets = [Secret(place, one, one.value(words)) for one in findings]
        if place == FRONT_MATTER:  # most of it is repeated in the other parts
            known = {one.value for one in found}
            secrets = [one for one in secrets if one.value not in known]
        found += secrets
    return found


def _places(text: Text) -> Iterator[tuple[str, str]]:
    yield "title", text.title
    yield "description", text.description
    yield "tags", ", ".join(text.tags)
    yield "fields", "\n".join(_leaves(text.fields)) if text.fields else ""
    yield BODY, text.body
    yield FRONT_MATTER, text.front_matter


def _leaves(value: Any) -> Iterator[str]:
    """What is written in fields, at any depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Mapping):
            for key, inner in reversed(list(one.items())):
                waiting += [inner, key]
        elif isinstance(one, (list, tuple)):
            waiting += reversed(one)
        elif one is not None:
            yield str(one)


# A text is looked through before its page is locked, so that nobody waits for it, and once more
# when it is saved: what was found is remembered in between, under a hash, without the text.
_LONG = 8_000
_REMEMBERED = 64
_memory: OrderedDict[tuple[bytes, frozenset[str]], tuple[Finding, ...]] = OrderedDict()
_held = threading.Lock()


def _looked(words: str, kinds: frozenset[str]) -> tuple[Finding, ...]:
    if len(words) < _LONG:
        return tuple(find_secrets(words, kinds))
    key = (hashlib.sha256(words.encode("utf-8", "surrogatepass")).digest(), kinds)
    with _held:
        known = _memory.get(key)
    if known is None:
        known = tuple(find_secrets(words, kinds))
        with _held:
            _memory[key] = known
            while len(_memory) > _REMEMBERED:
                _memory.popitem(last=False)
    return known


def look_ahead(text: Text) -> None:
    """Look through a long text before a transaction begins in which it is to be saved."""
    if len(text.body) >= _LONG:
        _looked(text.body, frozenset(KINDS))


def forget_looked() -> None:
    """Keep nothing in memory of what was looked through."""
    with _held:
        _memory.clear()
