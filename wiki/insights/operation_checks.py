"""Checks of the wiki in operation: accounts, spaces, sign-ins, deliveries, search index."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import func, select

from wiki.config import Settings
from wiki.db import now
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.insights.points import Check, Grade, Inspected, Point, good
from wiki.outbox.models import Delivery
from wiki.people.factors.mfa_policy import has_factor
from wiki.people.models import ApiToken, LoginSession, Person
from wiki.rules.roles import SiteRole, Visibility
from wiki.search.engine import IndexUnavailable
from wiki.search.index import difference
from wiki.spaces.models import Invitation, Space

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
            _("Admins"),
            _("This wiki has no admin. Anyone who opens the link from `wiki serve` becomes one."),
            _("Open that link or run `wiki user add NAME --email … --admin`."),
        )
    elif count == 1:
        yield Point(
            Grade.WARN,
            _("Admins"),
            _("There is only one admin. If that account is lost, there are none."),
            _("Make a second person an admin."),
        )
    else:
        yield good(_("Admins"), _("There are %(number)s admins.", number=count))
    without = at.session.scalar(select(func.count(Person.id)).where(*admins, ~has_factor()))
    if without:
        yield Point(
            Grade.WARN,
            _("Second factor"),
            ngettext(
                "%(num)s admin has no second factor.",
                "%(num)s admins have no second factor.",
                without,
            ),
            _("Ask them to set one up in their account."),
        )
    elif count:
        yield good(_("Second factor"), _("All admins have a second factor."))


def check_public(at: Inspected) -> Iterator[Point]:
    """List the public spaces."""
    slugs = at.session.scalars(
        select(Space.slug).where(Space.visibility == Visibility.PUBLIC.value).order_by(Space.slug)
    ).all()
    if not slugs:
        yield good(_("Public spaces"), _("No space is public. Reading needs an account."))
        return
    named = ", ".join(f"/{slug}/" for slug in slugs[:NAMED])
    if len(slugs) > NAMED:
        named = _("%(names)s and %(number)s more", names=named, number=len(slugs) - NAMED)
    yield Point(
        Grade.WARN,
        _("Public spaces"),
        ngettext(
            "Anyone on the internet can read %(num)s space: %(names)s.",
            "Anyone on the internet can read %(num)s spaces: %(names)s.",
            len(slugs),
            names=named,
        ),
        _("Make sure that’s intended. A lead can make a space internal in its settings."),
    )


def check_sign_ins(at: Inspected) -> Iterator[Point]:
    """Check the length and the age of sign-ins."""
    days = at.settings.session_days
    if days > LONG_SESSION_DAYS:
        yield Point(
            Grade.WARN,
            _("Session length"),
            _("Unused sessions expire only after %(number)s days.", number=days),
            _("Set WIKI_SESSION_DAYS to %(number)s or less.", number=LONG_SESSION_DAYS),
        )
    old = at.session.scalar(
        select(func.count(LoginSession.id)).where(
            LoginSession.expires_at > now(), LoginSession.seen_at < now() - OLD_SIGN_IN
        )
    )
    if old:
        yield Point(
            Grade.WARN,
            _("Old sessions"),
            ngettext(
                "%(num)s session was not used for %(days)s days.",
                "%(num)s sessions were not used for %(days)s days.",
                old,
                days=OLD_SIGN_IN.days,
            ),
            _("End them on each person’s admin page, or ask people to sign out."),
        )
    else:
        yield good(
            _("Old sessions"),
            _("Every session was used in the last %(days)s days.", days=OLD_SIGN_IN.days),
        )


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
            _("Invitations"),
            ngettext(
                "%(num)s invitation has been open for more than %(days)s days.",
                "%(num)s invitations have been open for more than %(days)s days.",
                old,
                days=OLD_INVITATION.days,
            ),
            _("Revoke those that are no longer needed."),
        )
    else:
        yield good(_("Invitations"), _("No invitation has been open for long."))


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
        said = ngettext(
            "%(num)s API token never expires", "%(num)s API tokens never expire", endless
        )
        if idle:
            said = _(
                "%(tokens)s; %(number)s of them unused for %(days)s days",
                tokens=said,
                number=idle,
                days=OLD_TOKEN.days,
            )
        yield Point(
            Grade.WARN,
            _("API tokens"),
            f"{said}.",
            _("Ask their owners to revoke the tokens they don’t use."),
        )
    else:
        yield good(_("API tokens"), _("All API tokens expire."))


def check_deliveries(at: Inspected) -> Iterator[Point]:
    """Check that events are delivered."""
    lost = at.session.scalar(
        select(func.count(Delivery.id)).where(Delivery.gave_up_at.is_not(None))
    )
    if lost:
        yield Point(
            Grade.DANGER,
            _("Deliveries"),
            ngettext(
                "%(num)s event was not processed by every subscriber, such as search or email.",
                "%(num)s events were not processed by every subscriber, such as search or email.",
                lost,
            ),
            _("The worker’s log has the reason; `wiki check` finds and repairs the effects."),
        )
    else:
        yield good(_("Deliveries"), _("Every event was processed or is being processed."))
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
            _("Worker"),
            ngettext(
                "No worker is running on this machine, and %(num)s delivery waits.",
                "No worker is running on this machine, and %(num)s deliveries wait.",
                late,
            )
            if late
            else _("No worker is running on this machine."),
            _("`wiki serve` includes a worker; `wiki worker` runs one on its own."),
        )
    elif late:
        yield Point(
            Grade.WARN,
            _("Worker"),
            ngettext(
                "The worker runs, but %(num)s delivery has waited for more than %(minutes)s "
                "minutes.",
                "The worker runs, but %(num)s deliveries have waited for more than %(minutes)s "
                "minutes.",
                late,
                minutes=LATE.seconds // 60,
            ),
            _("See the worker’s log."),
        )
    else:
        yield good(_("Worker"), _("The worker is running, and nothing is overdue."))


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
            _("Search index"),
            _("There is no usable search index."),
            _("The worker builds one automatically; `wiki reindex` builds it now."),
        )
        return
    if behind.gone:
        yield Point(
            Grade.DANGER,
            _("Search index"),
            ngettext(
                "The index still contains %(num)s page that is no longer there.",
                "The index still contains %(num)s pages that are no longer there.",
                len(behind.gone),
            ),
            _("Run `wiki reindex`."),
        )
    elif behind.stale:
        yield Point(
            Grade.WARN,
            _("Search index"),
            ngettext(
                "%(num)s page is out of date in the index.",
                "%(num)s pages are out of date in the index.",
                len(behind.stale),
            ),
            _("The worker updates them. If this persists, run `wiki reindex`."),
        )
    else:
        yield good(_("Search index"), _("The index is up to date."))


def check_backups(at: Inspected) -> Iterator[Point]:
    """Remind of backups, which the wiki cannot check."""
    yield Point(
        Grade.WARN,
        _("Backups"),
        _("The wiki can’t tell whether it’s backed up."),
        _("Copy the database and data folder to another machine regularly, and test a restore."),
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
