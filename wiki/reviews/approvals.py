"""Changes that open something to more people, made once enough people have agreed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.mail.messages import post
from wiki.outbox.actions import publish
from wiki.people.models import Person
from wiki.people.queries import can_sign_in
from wiki.reviews.events import ApprovalAsked, ApprovalDecided, Opened
from wiki.reviews.models import Approval
from wiki.rules.access import Actor, May
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.audience import audience_of
from wiki.spaces.consent import Change, Consent, Done, NeedsConsent, NeedsSecond, repeat
from wiki.spaces.exposure import Exposure
from wiki.spaces.gate import spaces_with
from wiki.spaces.models import Space
from wiki.web.origin import on_behalf

DAYS = 14
"""Days after which a request expires."""
MAX_REASON = 500


def do(
    session: Session, settings: Settings, actor: Actor, change: Change, consent: Consent
) -> Done:
    """Make a change that exposes something as the actor, with consent to exactly that.

    :raises NeedsConsent: if it exposes something else by now.
    :raises NotFound: as the change itself does.
    :raises Forbidden: as the change itself does.
    :raises Invalid: as the change itself does.
    """
    done = repeat(session, settings, actor, change, consent)
    publish(session, actor, Opened(change.space_id, change.kind, consent.digest, consent.second))
    return done


def deciders(session: Session, actor: Actor, change: Change) -> Sequence[Person]:
    """Return the people who could decide a change of the actor's: other leads of the space, and
    admins."""
    space = session.get(Space, change.space_id) if change.space_id is not None else None
    leads = audience_of(session, space, None, May.MANAGE).people if space else frozenset()
    return session.scalars(
        select(Person)
        .where(
            can_sign_in(),
            Person.id != actor.person_id,
            or_(Person.id.in_(leads), Person.site_role == SiteRole.ADMIN.value),
        )
        .order_by(func.lower(Person.name), Person.id)
    ).all()


def agree(session: Session, settings: Settings, actor: Actor, change: Change, digest: str) -> Done:
    """Make a change of the actor's, who has seen what it exposes.

    :raises NeedsConsent: if it exposes something else by now.
    :raises NeedsSecond: if a second person is required, and there is one to ask.
    """
    inner = session.begin_nested()
    try:
        consent = Consent(digest, most=settings.second_person_from)
        done = do(session, settings, actor, change, consent)
    except NeedsSecond:
        inner.rollback()
        session.expire_all()
        if deciders(session, actor, change):
            raise
        return do(session, settings, actor, change, Consent(digest))
    inner.commit()
    return done


def exposure_of(
    session: Session, settings: Settings, actor: Actor, change: Change
) -> Exposure | None:
    """Return what a change would expose now, or None; the change is rolled back.

    :raises NotFound: as the change itself does.
    :raises Forbidden: as the change itself does.
    :raises Invalid: as the change itself does.
    """
    inner = session.begin_nested()
    try:
        repeat(session, settings, actor, change, Consent())
    except NeedsConsent as found:
        return found.exposure
    finally:
        inner.rollback()
        session.expire_all()
    return None


def ask(
    session: Session, settings: Settings, actor: Actor, change: Change, reason: str
) -> Approval:
    """Request a second person's decision on a change, and mail those who can decide it.

    :raises Invalid: if there is nobody to ask, or the change exposes nothing any more.
    """
    exposure = exposure_of(session, settings, actor, change)
    if exposure is None:
        raise Invalid(
            _(
                "This no longer gives anyone more access, so it doesn’t need approval. "
                "Make the change."
            )
        )
    if change.kind == "invite" and not change.payload["email"]:
        raise Invalid(
            _("Enter an email address: the invitation is sent once someone else has approved it.")
        )
    people = deciders(session, actor, change)
    if not people:
        raise Invalid(_("There is no other lead of the space and no other admin."))
    row = Approval(
        kind=change.kind,
        payload=change.payload,
        digest=exposure.digest,
        words=exposure.stored(),
        reason=" ".join(reason.split())[:MAX_REASON],
        space_id=change.space_id,
        asked_by_id=actor.person_id,
        expires_at=now() + timedelta(days=DAYS),
    )
    session.add(row)
    session.flush()
    template = "reviews/mail/approval_asked.txt"
    for person in people:
        post(session, settings, actor, person, template, asker=actor.name, approval_id=row.id)
    publish(session, actor, ApprovalAsked(change.space_id, row.id))
    return row


def see_approval(
    session: Session, actor: Actor, approval_id: int, *, lock: bool = False
) -> Approval:
    """Return a change that waits or waited, for the person who requested it and those who can
    decide.

    :raises NotFound: for other actors.
    """
    query = (
        select(Approval)
        .where(Approval.id == approval_id, _seen_by(actor))
        .options(
            joinedload(Approval.asked_by),
            joinedload(Approval.decided_by),
            joinedload(Approval.space),
        )
    )
    row = session.scalar(query.with_for_update(of=Approval) if lock else query)
    if row is None:
        raise NotFound
    return row


def list_approvals(session: Session, actor: Actor, *, limit: int = 100) -> Sequence[Approval]:
    """Return the changes that wait for the actor's decision or that they requested, newest
    first."""
    return session.scalars(
        select(Approval)
        .where(_seen_by(actor), or_(Approval.decided_at.is_(None), _recent()))
        .options(
            joinedload(Approval.asked_by),
            joinedload(Approval.decided_by),
            joinedload(Approval.space),
        )
        .order_by(Approval.id.desc())
        .limit(limit)
    ).all()


def count_waiting(session: Session, actor: Actor) -> int:
    """Return the number of changes that wait for the actor's decision."""
    return (
        session.scalar(
            select(func.count()).where(
                _seen_by(actor),
                Approval.decided_at.is_(None),
                Approval.expires_at > now(),
                func.coalesce(Approval.asked_by_id, 0) != actor.person_id,
            )
        )
        or 0
    )


def _recent() -> ColumnElement[bool]:
    return Approval.decided_at > now() - timedelta(days=DAYS)


def _seen_by(actor: Actor) -> ColumnElement[bool]:
    if actor.is_admin:  # including spaces that they cannot read: they see counts, no names of pages
        return true()
    mine = Approval.asked_by_id == actor.person_id
    return or_(mine, Approval.space_id.in_(spaces_with(actor, Role.LEAD)))


def may_decide(actor: Actor, row: Approval) -> bool:
    """Return whether the actor, who may see a waiting change, can decide it: they must not have
    requested it."""
    waits = row.decided_at is None and row.expires_at > now()
    return waits and actor.person_id is not None and row.asked_by_id != actor.person_id


def decide(
    session: Session, settings: Settings, actor: Actor, approval_id: int, *, approve: bool
) -> Done:
    """Approve a change, which is then made as the person who requested it, or refuse it.

    :raises NotFound: as :func:`see_approval`.
    :raises Forbidden: for the person who requested it.
    :raises Invalid: if it was decided or has expired.
    :raises NeedsConsent: if it exposes something else by now.
    """
    row = see_approval(session, actor, approval_id, lock=True)
    if row.decided_at is not None or row.expires_at <= now():
        raise Invalid(_("This was already decided, or the request has expired."))
    if not may_decide(actor, row):
        raise Forbidden(_("You can’t decide on your own request."))
    done = Done(_("Declined. Nothing was changed."), "/-/approvals")
    if approve:
        if row.asked_by is None or row.asked_by.disabled_at is not None:
            raise Invalid(_("The person who requested this no longer has an account."))
        change = Change(row.kind, dict(row.payload), row.space_id)
        asker = row.asked_by.actor()
        with on_behalf():
            do(session, settings, asker, change, Consent(row.digest, actor.person_id))
        said = _("Done. You approved %(name)s’s request.", name=row.asked_by.name)
        done = Done(said, "/-/approvals")
    row.decided_by_id, row.decided_at, row.approved = actor.person_id, now(), approve
    session.flush()
    publish(session, actor, ApprovalDecided(row.space_id, row.id, approve))
    return done
