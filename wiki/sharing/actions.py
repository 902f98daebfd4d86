"""Actions on share links: creating, revoking and resuming them, and counting visits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import now
from wiki.errors import Forbidden, Invalid, NotFound, TooMany, require_allowed
from wiki.i18n import gettext as _
from wiki.mail import messages as mails
from wiki.outbox.actions import publish
from wiki.pages.queries import get_page, see_page
from wiki.people.names import checked_email
from wiki.people.one_time import hash_token, new_token
from wiki.people.signin import limiting
from wiki.people.signin.limiting import Counter
from wiki.rules.access import ANONYMOUS, Actor, May
from wiki.rules.limits import Limit, network_of
from wiki.sharing.events import ShareMade, ShareResumed, ShareRevoked, ShareSuspended
from wiki.sharing.models import ShareLink
from wiki.sharing.queries import LinkSeen, State, get_link, label_of, may_share_page

PER_PERSON = Limit(100, timedelta(days=1))
# Beyond these limits, a link is probably in the wrong hands or being attacked.
VISITS = Limit(300, timedelta(hours=1))
GUESSES = Limit(20, timedelta(hours=1))
# A visitor who mistypes is limited long before the link is suspended for everybody.
GUESSES_FROM = Limit(5, timedelta(minutes=15))

MOST_VIEWS = 100_000
KEPT = timedelta(days=90)
"""The time for which an expired link stays in the lists."""


@dataclass(frozen=True)
class Wish:
    """The options of a new link."""

    subtree: bool = False
    days: int | None = None
    recipient: str = ""
    email: str = ""
    password_hash: str | None = None
    max_views: int | None = None


def make_link(
    session: Session, actor: Actor, settings: Settings, page_id: int, wish: Wish
) -> tuple[ShareLink, str]:
    """Create a link to a page, and mail it if there is an address; return its row and its URL,
    which is not stored.

    :raises NotFound: if the actor may not read the page.
    :raises Forbidden: if they may not share it, with the reason.
    :raises Invalid: if an option is not valid.
    :raises TooMany: beyond 100 links a day.
    """
    page = get_page(session, actor, page_id)
    up_to = label_of(settings)
    require_allowed(may_share_page(session, actor, page.space, page, up_to))
    days = _checked_days(settings, wish)
    if wish.max_views is not None and not 1 <= wish.max_views <= MOST_VIEWS:
        raise Invalid(
            _("Enter a number of visits from 1 to %(most)s.", most=MOST_VIEWS),
            field="max_views",
        )
    recipient = " ".join(wish.recipient.split())
    if len(recipient) > 100:
        raise Invalid(_("Use at most 100 characters for the name."), field="recipient")
    email = checked_email(wish.email) if wish.email.strip() else None
    limiting.spend(session, [Counter(f"share links of {actor.person_id}", PER_PERSON)])
    token = new_token()
    row = ShareLink(
        token_hash=hash_token(token),
        page_id=page.id,
        subtree=wish.subtree,
        recipient=recipient,
        email=email,
        password_hash=wish.password_hash,
        max_views=wish.max_views,
        made_by_id=actor.person_id,
        expires_at=now() + timedelta(days=days),
    )
    session.add(row)
    session.flush()
    address = mails.absolute(settings, f"/-/s/{token}/")
    mails.post(
        session,
        settings,
        actor,
        email,
        "sharing/mail/shared_with.txt",
        maker=actor.name,
        link=address,
        until=row.expires_at,
        locked=row.password_hash is not None,
    )
    publish(session, actor, ShareMade(page.space_id, page.id, row.id, row.subtree))
    return row, address


def _checked_days(settings: Settings, wish: Wish) -> int:
    days, most = settings.share_days if wish.days is None else wish.days, settings.share_max_days
    if not 1 <= days <= most:
        raise Invalid(_("Enter a number of days from 1 to %(most)s.", most=most), field="days")
    return days


def revoke_link(session: Session, actor: Actor, settings: Settings, share_id: int) -> LinkSeen:
    """Revoke a link, for its creator and for members who may edit its page.

    :raises NotFound: for other actors.
    """
    seen = _see(session, actor, settings, share_id)
    link = seen.link
    if link.revoked_at is None:
        link.revoked_at, link.revoked_by_id = now(), actor.person_id
        session.flush()
        publish(session, actor, ShareRevoked(seen.page.space_id, seen.page.id, link.id))
    return seen


def resume_link(session: Session, actor: Actor, settings: Settings, share_id: int) -> LinkSeen:
    """Resume a suspended link, for its creator and leads of the space.

    :raises NotFound: if the actor may not see the link.
    :raises Forbidden: if they may not resume it, or its creator may not share the page any more.
    :raises Invalid: if it is not suspended.
    """
    seen = _see(session, actor, settings, share_id)
    link = seen.link
    if actor.person_id != link.made_by_id and not _may(session, actor, seen, May.MANAGE):
        raise Forbidden(
            _("Only the person who created the link and leads of the space can resume it.")
        )
    if seen.state is not State.SUSPENDED:
        raise Invalid(_("This link isn’t suspended."))
    if not seen.decision:
        raise Forbidden(seen.decision.reason)
    link.suspended_at, link.suspended_for = None, ""
    limiting.forget(session, [_visits(link), _guesses(link)])
    session.flush()
    publish(session, actor, ShareResumed(seen.page.space_id, seen.page.id, link.id))
    return seen


def _see(session: Session, actor: Actor, settings: Settings, share_id: int) -> LinkSeen:
    """Return a link, for its creator and members who may edit its page.

    :raises NotFound: for other actors.
    """
    seen = get_link(session, share_id, label_of(settings))
    mine = actor.person_id is not None and actor.person_id == seen.link.made_by_id
    editor = actor.is_member and _may(session, actor, seen, May.EDIT)
    if not (mine and not actor.is_narrow) and not editor:
        raise NotFound
    return seen


def _may(session: Session, actor: Actor, seen: LinkSeen, may: May) -> bool:
    try:
        return bool(see_page(session, actor, seen.page).may(may))
    except NotFound:
        return False


def count_visit(session: Session, settings: Settings, seen: LinkSeen) -> bool:
    """Count a new visit of a link; return False if it exceeds a limit or the link has ended."""
    link = seen.link
    try:
        limiting.spend(session, [_visits(link)])
    except TooMany:
        _suspend(session, settings, seen, "visits")
        return False
    counted = (
        update(ShareLink)
        .where(
            ShareLink.id == link.id,
            ShareLink.revoked_at.is_(None),
            ShareLink.suspended_at.is_(None),
            ShareLink.expires_at > now(),
            or_(ShareLink.max_views.is_(None), ShareLink.views < ShareLink.max_views),
        )
        .values(views=ShareLink.views + 1, used_at=now())
        .returning(ShareLink.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(counted) is not None


def spend_guess(session: Session, settings: Settings, seen: LinkSeen, address: str) -> bool:
    """Count an attempt at a link's password before its result is known; return False if the link is
    suspended now.

    :raises TooMany: after too many attempts from this address.
    """
    limiting.spend(session, [_guesses_from(seen.link, address)])
    try:
        limiting.spend(session, [_guesses(seen.link)])
    except TooMany:
        _suspend(session, settings, seen, "guesses")
        return False
    return True


def give_back_guess(session: Session, seen: LinkSeen, address: str) -> None:
    """Take back an attempt because the password was right."""
    limiting.give_back(session, [_guesses(seen.link), _guesses_from(seen.link, address)])


def _suspend(session: Session, settings: Settings, seen: LinkSeen, cause: str) -> None:
    """Suspend a link and notify its creator, only once for concurrent requests."""
    rested = (
        update(ShareLink)
        .where(ShareLink.id == seen.link.id, ShareLink.suspended_at.is_(None))
        .values(suspended_at=now(), suspended_for=cause)
        .returning(ShareLink.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(rested) is None:
        return
    template = "sharing/mail/suspended.txt"
    mails.post(session, settings, ANONYMOUS, seen.maker, template, cause=cause)
    publish(
        session, ANONYMOUS, ShareSuspended(seen.page.space_id, seen.page.id, seen.link.id, cause)
    )


def _visits(link: ShareLink) -> Counter:
    return Counter(f"visits by link {link.id}", VISITS)


def _guesses(link: ShareLink) -> Counter:
    return Counter(f"passwords of link {link.id}", GUESSES)


def _guesses_from(link: ShareLink, address: str) -> Counter:
    return Counter(f"passwords of link {link.id} from {network_of(address)}", GUESSES_FROM)


def ended_links(session: Session) -> Sequence[int]:
    """Return the ids of links that expired so long ago that no list shows them any more."""
    return session.scalars(select(ShareLink.id).where(ShareLink.expires_at <= now() - KEPT)).all()


def forget_links(session: Session, ids: Sequence[int]) -> None:
    """Delete links that expired long ago; the audit log keeps what was done with them."""
    session.execute(
        delete(ShareLink).where(ShareLink.id.in_(ids), ShareLink.expires_at <= now() - KEPT)
    )
