"""Changes that open something to more people, made once enough people have agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, Invalid, NotFound
from wiki.groups import actions as grouping
from wiki.mail.messages import approval_asked, post
from wiki.outbox.actions import publish
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.links import moves
from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Page
from wiki.people.models import Group, Person
from wiki.people.queries import can_sign_in
from wiki.reviews.events import ApprovalAsked, ApprovalDecided, Opened
from wiki.reviews.models import Approval
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.spaces import actions as spaces
from wiki.spaces import invitations
from wiki.spaces.audience import audience_of
from wiki.spaces.exposure import Change, Consent, Exposure, NeedsConsent, NeedsSecond
from wiki.spaces.gate import spaces_with
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.web.origin import on_behalf
from wiki.web.urls import access_url, page_url

DAYS = 14
"""Days after which a request expires."""
MAX_REASON = 500


class Done(NamedTuple):
    """The result of a change: a message, the URL to go to, and a link that is shown only this
    once."""

    said: str
    url: str
    link: str = ""


def do(
    session: Session, settings: Settings, actor: Actor, change: Change, consent: Consent
) -> Done:
    """Make a change that exposes something as the actor, with consent to exactly that.

    :raises Exposes: if it exposes something else by now.
    :raises NotFound: as the change itself does.
    :raises Forbidden: as the change itself does.
    :raises Invalid: as the change itself does.
    """
    done = _make(session, settings, actor, change, consent)
    publish(session, actor, Opened(change.space_id, change.kind, consent.digest, consent.second))
    return done


def _make(
    session: Session, settings: Settings, actor: Actor, change: Change, consent: Consent
) -> Done:
    if change.kind == "invite":  # needs the settings for its link
        return _invite(session, settings, actor, change.payload, consent)
    kind = KINDS.get(change.kind)
    if kind is None:
        raise NotFound
    return kind(session, actor, change.payload, consent)


def _invite(
    session: Session, settings: Settings, actor: Actor, sent: Mapping[str, Any], consent: Consent
) -> Done:
    seen = see_space_by_id(session, actor, sent["space_id"])
    guest = invitations.Invited(
        SiteRole(sent["site_role"]), sent["email"], seen, Role.named(sent["role"])
    )
    _, link = invitations.invite(session, actor, settings, guest, consent=consent)
    members = f"/{seen.space.slug}/-/members"
    if sent["email"]:
        return Done(f"{sent['email']} was invited.", members, link)
    return Done("Invitation created.", members, link)


def _label(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    label = Label.named(sent["label"])
    page = restrictions.set_label(session, actor, sent["page_id"], label, consent=consent)
    return Done(restrictions.label_said(session, page.space, page), _access(session, page))


def _restrict(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    page = restrictions.restrict(
        session,
        actor,
        sent["page_id"],
        AccessList(May(sent["may"]), sent["people"], sent["groups"]),
        restriction_id=sent["restriction_id"],
        consent=consent,
    )
    return Done("Access list changed.", _access(session, page))


def _lift(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    page = restrictions.lift(
        session, actor, sent["page_id"], sent["restriction_id"], consent=consent
    )
    return Done("Restriction lifted.", _access(session, page))


def _move(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    space = see_space_by_id(session, actor, sent["space_id"]).space
    how = {name: sent[name] for name in ("with_subtree", "message", "repair")}
    to = MoveTo(sent["path"], space, **how)
    moved = moves.move_page(session, actor, sent["page_id"], to, consent=consent)
    return Done("Page moved.", page_url(space.slug, moved.pages[0].path))


def _space(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    seen = see_space_by_id(session, actor, sent["space_id"])
    values = spaces.SpaceValues(
        title=sent["title"],
        description=sent["description"],
        visibility=Visibility(sent["visibility"]),
        member_role=Role(sent["member_role"]),
        label=Label(sent["label"]),
        clearances=(
            Label(sent["reader_clearance"]),
            Label(sent["commenter_clearance"]),
            Label(sent["editor_clearance"]),
        ),
    )
    spaces.change_space(session, seen, values, consent=consent)
    return Done("Settings saved.", f"/{seen.space.slug}/-/settings")


def _role(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    seen = see_space_by_id(session, actor, sent["space_id"])
    person = session.get(Person, sent["person_id"])
    if person is None:
        raise NotFound
    role = Role[sent["role"].upper()]
    spaces.set_role(session, seen, person, role, consent=consent)
    return Done(f"{person.name} is {role.word} now.", f"/{seen.space.slug}/-/members")


def _group_role(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    seen = see_space_by_id(session, actor, sent["space_id"])
    group, role = _group(session, sent["group_id"]), Role[sent["role"].upper()]
    spaces.set_group_role(session, seen, group, role, consent=consent)
    return Done(f"{group.name} is {role.word} now.", f"/{seen.space.slug}/-/members")


def _member(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    group, person = _group(session, sent["group_id"]), session.get(Person, sent["person_id"])
    if person is None:
        raise NotFound
    grouping.set_member(session, actor, group, person, member=sent["member"], consent=consent)
    return Done(f"{person.name} was added to {group.name}.", f"/-/groups/{group.handle}")


def _part(session: Session, actor: Actor, sent: Mapping[str, Any], consent: Consent) -> Done:
    group, part = (_group(session, sent[name]) for name in ("group_id", "part_id"))
    grouping.set_part(session, actor, group, part, inside=sent["inside"], consent=consent)
    return Done(f"{part.name} was added to {group.name}.", f"/-/groups/{group.handle}")


def _group(session: Session, group_id: int) -> Group:
    group = session.get(Group, group_id)
    if group is None:
        raise NotFound
    return group


KINDS: dict[str, Callable[[Session, Actor, Mapping[str, Any], Consent], Done]] = {
    "label": _label,
    "restrict": _restrict,
    "lift": _lift,
    "move": _move,
    "space": _space,
    "role": _role,
    "group_role": _group_role,
    "group_member": _member,
    "group_part": _part,
}
"""The functions that make each kind of change again."""


def _access(session: Session, page: Page) -> str:
    slug = session.scalar(select(Space.slug).where(Space.id == page.space_id)) or ""
    return access_url(slug, page.path)


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

    :raises Exposes: if it exposes something else by now.
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
        _make(session, settings, actor, change, Consent())
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
            "This no longer gives anyone more access, so it doesn’t need approval. Make the change."
        )
    if change.kind == "invite" and not change.payload["email"]:
        raise Invalid(
            "Enter an email address: the invitation is sent once someone else has approved it."
        )
    people = deciders(session, actor, change)
    if not people:
        raise Invalid("There is no other lead of the space and no other admin.")
    row = Approval(
        kind=change.kind,
        payload=change.payload,
        digest=exposure.digest,
        words=exposure.words,
        reason=" ".join(reason.split())[:MAX_REASON],
        space_id=change.space_id,
        asked_by_id=actor.person_id,
        expires_at=now() + timedelta(days=DAYS),
    )
    session.add(row)
    session.flush()
    for person in people:
        if person.email:
            post(session, actor, person.email, approval_asked(settings, actor.name, row.id))
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
    :raises Exposes: if it exposes something else by now.
    """
    row = see_approval(session, actor, approval_id, lock=True)
    if row.decided_at is not None or row.expires_at <= now():
        raise Invalid("This was already decided, or the request has expired.")
    if not may_decide(actor, row):
        raise Forbidden("You can’t decide on your own request.")
    done = Done("Declined. Nothing was changed.", "/-/approvals")
    if approve:
        if row.asked_by is None or row.asked_by.disabled_at is not None:
            raise Invalid("The person who requested this no longer has an account.")
        change = Change(row.kind, dict(row.payload), row.space_id)
        asker = row.asked_by.actor()
        with on_behalf():
            do(session, settings, asker, change, Consent(row.digest, actor.person_id))
        done = Done(f"Done. You approved {row.asked_by.name}’s request.", "/-/approvals")
    row.decided_by_id, row.decided_at, row.approved = actor.person_id, now(), approve
    session.flush()
    publish(session, actor, ApprovalDecided(row.space_id, row.id, approve))
    return done
