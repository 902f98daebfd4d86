"""People who are known from a Git history only, by the address that signs their work.

They have no account: they cannot sign in, get mail or be added to spaces. Their handles begin with
``~``, which handles of accounts never do, so the two cannot collide.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import batches, now
from wiki.outbox.actions import publish
from wiki.people.imported.events import PersonImported
from wiki.people.imported.models import Merged, PersonAddress
from wiki.people.models import Person
from wiki.people.names import HANDLE, shown_name
from wiki.rules.access import ANONYMOUS
from wiki.rules.roles import SiteRole

MARK = "~"
"""The first character of a placeholder's handle."""
NOBODY = "nobody@users.invalid"
"""The address that stands for no author; no account and no placeholder has it."""
_KEY_LENGTH = 254
# Any fixed number: the key of the advisory lock that is held until commit while placeholders are
# created or merged (on PostgreSQL).
_MAKING = 0x7E112


def author_key(name: str, address: str) -> str:
    """Return the key of an author: the address, or the name if there is no address. Equal keys mean
    the same author."""
    key = shown_name(address).lower()
    if not key:  # no address can contain these brackets
        key = f"<{shown_name(name).casefold()}>"
    if len(key) > _KEY_LENGTH:
        key = f"<{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()}>"
    return key


def users_domain(settings: Settings) -> str:
    """Return the domain of the addresses that stand for this wiki's accounts in exports.

    It ends in ``.invalid``, so no mail ever goes there.
    """
    return f"users.{(urlsplit(settings.base_url).hostname or 'localhost').lower()}.invalid"


def authors_for(
    session: Session, authors: Iterable[tuple[str, str]], *, domain: str = ""
) -> dict[str, int | None]:
    """Return the ids of the authors of a Git history, given by name and address, by their
    :func:`author_key`. Unknown authors are created as placeholders. ``NOBODY`` maps to None.

    An account with a proven address takes precedence over the recorded owner of the address. This
    takes a handful of queries in all. Call it again in each transaction, because addresses may have
    been claimed since the last one.

    :param domain: also recognise accounts by their addresses in this domain (``users_domain``).
    """
    wanted: dict[str, tuple[str, str]] = {}
    for name, address in authors:
        wanted[author_key(name, address)] = (name, address)  # the last name of an address wins
    found, unrecorded = _known(session, wanted, domain)
    if unrecorded or len(found) < len(wanted):
        hold(session)
        found, unrecorded = _known(session, wanted, domain)
        session.add_all(unrecorded)
        _make(session, {key: who for key, who in wanted.items() if key not in found}, found)
    return found


def is_account() -> ColumnElement[bool]:
    """Return the condition that a ``Person`` has an account."""
    return Person.imported_at.is_(None)


def is_placeholder() -> ColumnElement[bool]:
    """Return the condition that a ``Person`` is a placeholder whose work is not claimed yet."""
    return Person.imported_at.is_not(None) & Person.id.not_in(select(Merged.person_id))


def hold(session: Session) -> None:
    """Make other transactions that create or merge placeholders wait until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MAKING})


def _known(
    session: Session, wanted: Mapping[str, tuple[str, str]], domain: str
) -> tuple[dict[str, int | None], list[PersonAddress]]:
    """Return the known ones of these authors, and address rows for accounts met for the first
    time."""
    found: dict[str, int | None] = {}
    unrecorded = []
    for some in batches(wanted):
        of_history = select(PersonAddress.key, PersonAddress.person_id).where(
            PersonAddress.key.in_(some)
        )
        found.update((key, person_id) for key, person_id in session.execute(of_history))
        of_accounts = select(Person.email, Person.id, Person.email_proven_at).where(
            Person.email.in_(some), Person.email_proven_at.is_not(None), is_account()
        )
        for email, person_id, proven_at in session.execute(of_accounts):
            key = email or ""
            if key not in found:
                address = shown_name(wanted[key][1])
                unrecorded.append(
                    PersonAddress(
                        key=key, address=address, person_id=person_id, proven_at=proven_at
                    )
                )
            found[key] = person_id
        if domain:
            handles = {
                key.removesuffix(f"@{domain}"): key for key in some if key.endswith(f"@{domain}")
            }
            accounts = select(Person.handle, Person.id).where(
                Person.handle.in_(list(handles)), is_account()
            )
            found.update((handles[handle], id) for handle, id in session.execute(accounts))
    if NOBODY in wanted:
        found[NOBODY] = None
    return found, unrecorded


def _make(
    session: Session, unknown: Mapping[str, tuple[str, str]], found: dict[str, int | None]
) -> None:
    if not unknown:
        return
    handles = _Handles(session)
    made: dict[str, Person] = {}
    for key, (name, address) in unknown.items():
        shown = (shown_name(name) or shown_name(address.partition("@")[0]))[:200].strip()
        made[key] = Person(
            handle=handles.free(shown, address),
            name=shown or "Somebody",
            site_role=SiteRole.GUEST.value,  # the lowest role, though nobody ever acts as them
            imported_at=now(),
        )
    session.add_all(made.values())
    session.flush()
    session.add_all(
        PersonAddress(
            key=key,
            address=shown_name(unknown[key][1]),
            person_id=person.id,
        )
        for key, person in made.items()
    )
    session.flush()
    for key, person in made.items():
        publish(session, ANONYMOUS, PersonImported(person.id))
        found[key] = person.id


class _Handles:
    """Generator of unique handles for placeholders, made from names."""

    def __init__(self, session: Session) -> None:
        marked = Person.handle.startswith(MARK, autoescape=True)
        self.taken = set(session.scalars(select(Person.handle).where(marked)))
        self.next: dict[str, int] = {}

    def free(self, name: str, address: str) -> str:
        """Return ``~jane-doe``, or ``~jane-doe-2`` if that is taken."""
        base = _handle_of(name) or _handle_of(address.partition("@")[0]) or "somebody"
        handle = f"{MARK}{base}"
        while handle in self.taken:
            number = self.next[base] = self.next.get(base, 1) + 1
            handle = f"{MARK}{base}-{number}"
        self.taken.add(handle)
        return handle


def _handle_of(words: str) -> str:
    plain = unicodedata.normalize("NFKD", words)
    plain = "".join(one for one in plain if not unicodedata.combining(one)).lower()
    handle = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
    return handle if HANDLE.fullmatch(handle) else ""
