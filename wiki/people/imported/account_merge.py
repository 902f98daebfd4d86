"""Claims of imported work: an account that proves an address takes over what was imported under it.

A mailed link proves an address. An invitation does not, because the inviter sees its link as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Base, now
from wiki.errors import Ended, Forbidden, Invalid, NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.mail import messages as mails
from wiki.outbox.actions import publish, take_turn
from wiki.outbox.models import EventRow
from wiki.people.imported.events import AddressClaimRequested, PlaceholderClaimed
from wiki.people.imported.models import AddressClaim, Merged, PersonAddress
from wiki.people.imported.placeholders import author_key, hold, is_placeholder
from wiki.people.models import Person
from wiki.people.names import checked_email
from wiki.rules.access import ANONYMOUS, Actor, may_administer

LASTS = timedelta(days=1)


@dataclass(frozen=True)
class ClaimableAccount:
    """A placeholder that the actor may take over, and the proven address that permits it."""

    placeholder: Person
    address: str


def ask_for_link(session: Session, actor: Actor, typed: str) -> None:
    """Store a claim of the actor's to an address, whether or not it has imported work.

    :raises Invalid: if it cannot be an address.
    """
    address = checked_email(typed)
    row = AddressClaim(
        person_id=_signed_in(actor),
        address=address,
        created_at=now(),
        expires_at=now() + LASTS,
    )
    session.add(row)
    session.flush()
    publish(session, actor, AddressClaimRequested(row.id))


def send_link(session: Session, settings: Settings, claim_id: int) -> None:
    """Mail the link to the claimed address, if it belongs to a placeholder.

    Safe to repeat: a claim that has a link already is left alone.
    """
    row = session.get(AddressClaim, claim_id)
    if row is None or row.token_hash is not None:
        return
    asker = session.get(Person, row.person_id)
    if (
        row.expires_at <= now()
        or asker is None
        or asker.disabled_at is not None
        or _under(session, row.address) is None
    ):
        session.delete(row)
        return
    token = row.give_token()
    session.flush()
    template, words = "people/mail/claim_link.txt", {"asker": asker, "address": row.address}
    mails.post(session, settings, ANONYMOUS, row.address, template, token=token, **words)


def claimable_by_link(session: Session, actor: Actor, token: str) -> ClaimableAccount:
    """Return what the link offers to the person who asked for it.

    :raises Ended: for other accounts, and if the link was used or is older than a day.
    """
    address = session.scalar(
        select(AddressClaim.address).where(
            AddressClaim.is_live(token), AddressClaim.person_id == _signed_in(actor)
        )
    )
    placeholder = _under(session, address) if address else None
    if address is None or placeholder is None:
        raise Ended(
            _(
                "This link was already used, has expired, or was requested by a different account "
                "than the one you’re signed in to."
            )
        )
    return ClaimableAccount(placeholder, address)


def claimable_by_email(session: Session, actor: Actor) -> ClaimableAccount | None:
    """Return what was imported under the actor's own address, if a mailed link has proven it
    already."""
    person = session.get(Person, actor.person_id) if actor.person_id is not None else None
    if person is None or person.email is None or person.email_proven_at is None:
        return None
    placeholder = _under(session, person.email)
    return ClaimableAccount(placeholder, person.email) if placeholder else None


def claim_by_link(session: Session, actor: Actor, token: str) -> ClaimableAccount:
    """Take over what the link offers. The address belongs to the actor from now on.

    :raises Ended: as :func:`claimable_by_link`, also for the second of two concurrent requests.
    """
    hold(session)
    claimable = claimable_by_link(session, actor, token)
    if AddressClaim.use(session, token) is None:
        return claimable_by_link(session, actor, token)  # another request was faster: this raises
    person = session.get_one(Person, _signed_in(actor), with_for_update=True)
    if person.email == claimable.address and person.email_proven_at is None:
        person.email_proven_at = now()
    _prove(session, claimable)
    _merge(session, actor, claimable.placeholder, person, proven=True)
    return claimable


def claim_by_email(session: Session, actor: Actor) -> ClaimableAccount:
    """Take over what was imported under the actor's own, proven address.

    :raises NotFound: if there is nothing (any more).
    """
    hold(session)
    claimable = claimable_by_email(session, actor)
    if claimable is None:
        raise NotFound
    _prove(session, claimable)
    person = session.get_one(Person, _signed_in(actor))
    _merge(session, actor, claimable.placeholder, person, proven=True)
    return claimable


def merge_by_hand(session: Session, actor: Actor, placeholder: Person, into: Person) -> None:
    """Merge a placeholder into another person without a proof, for admins.

    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: if ``placeholder`` is not a placeholder (any more), or ``into`` is the same
        person or was merged itself.
    """
    require_allowed(may_administer(actor))
    hold(session)
    if placeholder.imported_at is None or merged_into(session, placeholder) is not None:
        raise Invalid(
            _("%(name)s isn’t a placeholder any more.", name=placeholder.name), field="into"
        )
    if into.id == placeholder.id or merged_into(session, into) is not None:
        raise Invalid(_("Choose a different account that still exists."), field="into")
    _merge(session, actor, placeholder, into, proven=False)


def merged_into(session: Session, person: Person) -> Person | None:
    """Return the person into whom a placeholder was merged, or None."""
    return session.scalar(
        select(Person)
        .join(Merged, Merged.into_id == Person.id)
        .where(Merged.person_id == person.id)
    )


def references() -> Iterator[tuple[Table, str]]:
    """Yield every column in the wiki that refers to a person, as its table and its name."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if (table.name, column.name) == (Merged.__tablename__, "person_id"):
                continue
            if any(key.target_fullname == "people.id" for key in column.foreign_keys):
                yield table, column.name
    # These columns have no foreign key, so that the record outlives the person.
    yield Base.metadata.tables["revisions"], "purged_by_id"  # of a package above
    yield Base.metadata.tables["page_reads"], "person_id"
    yield Base.metadata.tables[EventRow.__tablename__], "actor_id"


def _merge(
    session: Session, actor: Actor, placeholder: Person, into: Person, *, proven: bool
) -> None:
    """Transfer everything of a placeholder's to another person, in every table at once."""
    session.flush()
    for table, name in references():
        if table.name == EventRow.__tablename__:
            take_turn(session)  # changes to events take turns, after all other changes
        theirs: ColumnElement[bool] = table.c[name] == placeholder.id
        session.execute(update(table).where(theirs).values({name: into.id}))
    session.add(
        Merged(
            person_id=placeholder.id,
            into_id=into.id,
            merged_at=now(),
            merged_by_id=actor.person_id,
        )
    )
    session.flush()
    publish(session, actor, PlaceholderClaimed(into.id, placeholder.id, proven))


def _under(session: Session, address: str) -> Person | None:
    """Return the placeholder whose work is signed with this address."""
    return session.scalar(
        select(Person)
        .join(PersonAddress, PersonAddress.person_id == Person.id)
        .where(PersonAddress.key == author_key("", address), is_placeholder())
    )


def _prove(session: Session, claimable: ClaimableAccount) -> None:
    session.execute(
        update(PersonAddress)
        .where(PersonAddress.key == author_key("", claimable.address))
        .values(proven_at=now())
    )


def _signed_in(actor: Actor) -> int:
    if actor.person_id is None:
        raise Forbidden(_("You need an account to claim imported work."))
    return actor.person_id
