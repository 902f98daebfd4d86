"""Checks of the wiki in operation: accounts, spaces, sign-ins, deliveries, search index."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from wiki.config import Settings
from wiki.db import now
from wiki.insights.points import Check, Grade, Inspected, Point, good
from wiki.outbox.models import Delivery
from wiki.people.factors.mfa_policy import has_factor
from wiki.people.models import ApiToken, LoginSession, Person
from wiki.rules.roles import SiteRole, Visibility
from wiki.search.engine import IndexUnavailable
from wiki.search.index import difference
from wiki.spaces.models import Invitation, Space
from wiki.text.counts import counted

OLD_SIGN_IN = timedelta(days=60)
LONG_SESSION_DAYS = 90
OLD_INVITATION = timedelta(days=7)
OLD_TOKEN = timedelta(days=90)
LATE = timedelta(minutes=5)
NAMED = 5  # maximum number of public spaces that are named


def check_admins(at: Inspected) -> Iterator[Point]:
    """Check the number of administrators and their second factors."""
    admins = (
        Person.site_role == SiteRole.ADMIN.value,
        Person.disabled_at.is_(None),
        Person.imported_at.is_(None),
    )
    count = at.session.scalar(select(func.count(Person.id)).where(*admins)) or 0
    if not count:
        yield Point(
            Grade.DANGER,
            "Admins",
            "This wiki has no admin. Anyone who opens the link from `wiki serve` becomes one.",
            "Open that link or run `wiki user add NAME --email … --admin`.",
        )
    elif count == 1:
        yield Point(
            Grade.WARN,
            "Admins",
            "There is only one admin. If that account is lost, there are none.",
            "Make a second person an admin.",
        )
    else:
        yield good("Admins", f"There are {count} admins.")
    without = at.session.scalar(select(func.count(Person.id)).where(*admins, ~has_factor()))
    if without:
        yield Point(
            Grade.WARN,
            "Second factor",
            f"{counted(without, 'admin has', 'admins have')} no second factor.",
            "Ask them to set one up in their account.",
        )
    elif count:
        yield good("Second factor", "All admins have a second factor.")


def check_public(at: Inspected) -> Iterator[Point]:
    """List the public spaces."""
    slugs = at.session.scalars(
        select(Space.slug).where(Space.visibility == Visibility.PUBLIC.value).order_by(Space.slug)
    ).all()
    if not slugs:
        yield good("Public spaces", "No space is public. Reading needs an account.")
        return
    named = ", ".join(f"/{slug}/" for slug in slugs[:NAMED])
    more = f" and {len(slugs) - NAMED} more" if len(slugs) > NAMED else ""
    yield Point(
        Grade.WARN,
        "Public spaces",
        f"Anyone on the internet can read {counted(len(slugs), 'space')}: {named}{more}.",
        "Make sure that’s intended. A lead can make a space internal in its settings.",
    )


def check_sign_ins(at: Inspected) -> Iterator[Point]:
    """Check the length and the age of sign-ins."""
    days = at.settings.session_days
    if days > LONG_SESSION_DAYS:
        yield Point(
            Grade.WARN,
            "Session length",
            f"Unused sessions expire only after {days} days.",
            f"Set WIKI_SESSION_DAYS to {LONG_SESSION_DAYS} or less.",
        )
    old = at.session.scalar(
        select(func.count(LoginSession.id)).where(
            LoginSession.expires_at > now(), LoginSession.seen_at < now() - OLD_SIGN_IN
        )
    )
    if old:
        yield Point(
            Grade.WARN,
            "Old sessions",
            f"{counted(old, 'session was', 'sessions were')} not used for {OLD_SIGN_IN.days} days.",
            "End them on each person’s admin page, or ask people to sign out.",
        )
    else:
        yield good("Old sessions", f"Every session was used in the last {OLD_SIGN_IN.days} days.")


def check_invitations(at: Inspected) -> Iterator[Point]:
    """Check the age of open invitations."""
    old = at.session.scalar(
        select(func.count(Invitation.id)).where(
            Invitation.used_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now(),
            Invitation.created_at < now() - OLD_INVITATION,
        )
    )
    if old:
        yield Point(
            Grade.WARN,
            "Invitations",
            f"{counted(old, 'invitation has', 'invitations have')} been open for more than "
            f"{OLD_INVITATION.days} days.",
            "Revoke those that are no longer needed.",
        )
    else:
        yield good("Invitations", "No invitation has been open for long.")


def check_tokens(at: Inspected) -> Iterator[Point]:
    """Check for API tokens that do not expire."""
    working = (
        select(func.count(ApiToken.id))
        .join(Person, Person.id == ApiToken.person_id)
        .where(
            ApiToken.revoked_at.is_(None),
            ApiToken.expires_at.is_(None),
            Person.disabled_at.is_(None),
        )
    )
    endless = at.session.scalar(working)
    idle = at.session.scalar(
        working.where(func.coalesce(ApiToken.used_at, ApiToken.created_at) < now() - OLD_TOKEN)
    )
    if endless:
        unused = f"; {idle} of them unused for {OLD_TOKEN.days} days" if idle else ""
        yield Point(
            Grade.WARN,
            "API tokens",
            f"{counted(endless, 'API token never expires', 'API tokens never expire')}{unused}.",
            "Ask their owners to revoke the tokens they don’t use.",
        )
    else:
        yield good("API tokens", "All API tokens expire.")


def check_deliveries(at: Inspected) -> Iterator[Point]:
    """Check that events are delivered."""
    lost = at.session.scalar(
        select(func.count(Delivery.id)).where(Delivery.gave_up_at.is_not(None))
    )
    if lost:
        yield Point(
            Grade.DANGER,
            "Deliveries",
            f"{counted(lost, 'event was', 'events were')} not processed by every subscriber, such "
            "as search or email.",
            "The worker’s log has the reason; `wiki check` finds and repairs the effects.",
        )
    else:
        yield good("Deliveries", "Every event was processed or is being processed.")
    late = at.session.scalar(
        select(func.count(Delivery.id)).where(
            Delivery.gave_up_at.is_(None),
            Delivery.attempts == 0,
            Delivery.due_at < now() - LATE,
        )
    )
    if not _works(at.settings):
        yield Point(
            Grade.DANGER if late else Grade.WARN,
            "Worker",
            "No worker is running on this machine"
            + (f", and {counted(late, 'delivery waits', 'deliveries wait')}." if late else "."),
            "`wiki serve` includes a worker; `wiki worker` runs one on its own.",
        )
    elif late:
        yield Point(
            Grade.WARN,
            "Worker",
            f"The worker runs, but {counted(late, 'delivery has', 'deliveries have')} waited for "
            f"more than {LATE.seconds // 60} minutes.",
            "See the worker’s log.",
        )
    else:
        yield good("Worker", "The worker is running, and nothing is overdue.")


def _works(settings: Settings) -> bool:
    """Return whether a worker holds the lock of the data folder."""
    try:
        handle = os.open(settings.data_dir / "worker.lock", os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)  # also releases the lock
    return False


def check_index(at: Inspected) -> Iterator[Point]:
    """Check that the search index is up to date."""
    try:
        behind = difference(at.database, at.settings)
    except IndexUnavailable:
        yield Point(
            Grade.WARN,
            "Search index",
            "There is no usable search index.",
            "The worker builds one automatically; `wiki reindex` builds it now.",
        )
        return
    if behind.gone:
        yield Point(
            Grade.DANGER,
            "Search index",
            f"The index still contains {counted(len(behind.gone), 'page')} that "
            f"{'is' if len(behind.gone) == 1 else 'are'} no longer there.",
            "Run `wiki reindex`.",
        )
    elif behind.stale:
        yield Point(
            Grade.WARN,
            "Search index",
            f"{counted(len(behind.stale), 'page is', 'pages are')} out of date in the index.",
            "The worker updates them. If this persists, run `wiki reindex`.",
        )
    else:
        yield good("Search index", "The index is up to date.")


def check_backups(at: Inspected) -> Iterator[Point]:
    """Remind of backups, which the wiki cannot check."""
    yield Point(
        Grade.WARN,
        "Backups",
        "The wiki can’t tell whether it’s backed up.",
        "Copy the database and data folder to another machine regularly, and test a restore.",
    )


CHECKS: tuple[Check, ...] = (
    check_admins,
    check_public,
    check_sign_ins,
    check_invitations,
    check_tokens,
    check_deliveries,
    check_index,
    check_backups,
)
