"""Secret scanning of saved texts. A save that adds likely secrets is refused unless the author
gives a reason, which is stored with the revision."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from wiki.errors import Invalid, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, ngettext
from wiki.outbox.actions import publish
from wiki.pages.events import SecretsAllowed
from wiki.pages.merging import Text
from wiki.pages.models import AllowedSecret, Page, Revision, ScannedKinds
from wiki.rules.access import Actor
from wiki.text.scan.secrets import KINDS, USUAL, Finding, find_secrets

BODY = "body"
FRONT_MATTER = "front matter"

REASONS: Mapping[str, str] = {
    "false-alarm": lazy_gettext("False alarm"),
    "meant": lazy_gettext("Intended"),
}
"""Reasons for saving a likely secret that the form offers."""

MAX_REASON = 300


@dataclass(frozen=True)
class Override:
    """The permission of an author to save likely secrets: all that are found or, if ``seen`` is
    set, only those with these keys."""

    reason: str
    seen: frozenset[str] | None = None


REPORTED = Override("")
"""Skips the scan: the import that brings in the text reports its secrets itself."""


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
        """A hash of the secret, which the form sends back to show that the author saw it."""
        known = f"{self.place}\0{self.finding.kind}\0{self.value}"
        return hashlib.sha256(known.encode("utf-8", "replace")).hexdigest()[:16]


class SecretsFound(WikiError):
    """A text contains likely secrets. Nothing was saved and nothing is lost."""

    status = 422
    title = lazy_gettext("This looks like a secret")

    def __init__(self, secrets: Collection[Secret]) -> None:
        count = len(secrets)
        super().__init__(
            ngettext(
                "Nothing was saved: the text contains something that looks like a secret. "
                "Remove it, or give a reason to keep it.",
                "Nothing was saved: the text contains %(num)s things that look like secrets. "
                "Remove it, or give a reason to keep it.",
                count,
            ),
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
    """Return the likely secrets in ``text`` that are not in the text that it replaces.

    :returns: the secrets that ``override`` permits, to be stored by :func:`allow`.
    :raises SecretsFound: when it does not permit all of them.
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
    what: str = lazy_gettext("The description of your change"),
    field: str = "message",
) -> None:
    """Check that a short text beside a page's text contains no likely secret. Such texts (messages,
    for example) stay in the history for good, so there is no override.

    :raises Invalid: naming the kind of secret, and its masked value only.
    """
    if not find_secrets(words, frozenset(KINDS)):
        return
    found = find_secrets(words, kinds_of(session, space_id))
    if found:
        one = found[0]
        raise Invalid(
            _(
                "%(what)s contains something that looks like a secret "
                "(%(words)s %(masked)s). It would stay in the history, so remove it.",
                what=what,
                words=one.words,
                masked=one.masked,
            ),
            field=field,
        )


def secrets_in(session: Session, space_id: int, before: Text | None, text: Text) -> list[Secret]:
    """Return the likely secrets of the kinds that the space searches for and that are not in the
    text before."""
    if not look(text, frozenset(KINDS)):  # an ordinary save needs no query
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
    """Store the secrets that a revision was saved with, the author and the reason."""
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
    publish(
        session,
        actor,
        SecretsAllowed(page.space_id, page.id, revision.number, kinds, len(secrets)),
    )


def checked_override(reason: str, seen: frozenset[str] | None = None) -> Override:
    """Return the override for a reason.

    :raises Invalid: when the reason is empty, too long, or looks like a secret itself.
    """
    reason = " ".join(reason.replace("\0", " ").split())
    if not reason:
        raise Invalid(
            _("Give a reason for saving what looks like a secret."), field="allow_secrets"
        )
    if len(reason) > MAX_REASON:
        raise Invalid(
            _("A reason can have up to %(max_reason)s characters.", max_reason=MAX_REASON),
            field="allow_secrets",
        )
    if find_secrets(reason):
        raise Invalid(_("The reason itself looks like a secret."), field="allow_secrets")
    return Override(reason, seen)


def kinds_of(session: Session, space_id: int) -> frozenset[str]:
    """Return the kinds of secrets that a space searches for."""
    chosen = session.get(ScannedKinds, space_id)
    return USUAL if chosen is None else frozenset(chosen.kinds) & KINDS.keys()


def place_of(text: Text, place: str) -> str:
    """Return one part of a text as it was scanned."""
    return dict(_places(text)).get(place, "")


def whole_of(text: Text) -> str:
    """Return all scanned parts of a text."""
    return "\n".join(words for _, words in _places(text))


def look(text: Text, kinds: frozenset[str]) -> list[Secret]:
    """Return the likely secrets of these kinds in all parts of a text."""
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
    """Yield the keys and values within fields, at any depth."""
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


# A text is scanned before its page is locked, so that nobody waits for it, and once more when it
# is saved: the findings are cached in between, under a hash, without the text.
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


def prescan(text: Text) -> None:
    """Scan a long text before the transaction in which it is saved."""
    if len(text.body) >= _LONG:
        _looked(text.body, frozenset(KINDS))


def forget_looked() -> None:
    """Clear the cache of scanned texts."""
    with _held:
        _memory.clear()
