"""The self-check: the security of the wiki's setup and operation, graded, with advice.

Nothing is changed and nothing leaves the machine. The results contain counts, names of settings and
folders, and slugs of public spaces; never an address, a key or a title.
"""

from __future__ import annotations

import fcntl
import ipaddress
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database, now
from wiki.errors import require_allowed
from wiki.outbox.models import Delivery
from wiki.people.factors.mfa_policy import has_factor
from wiki.people.models import ApiToken, LoginSession, Person
from wiki.rules.access import Actor, may_administer
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


class Grade(StrEnum):
    """The grade of a point, the gravest first."""

    DANGER = "danger"
    WARN = "warn"
    GOOD = "good"


@dataclass(frozen=True)
class Point:
    """One checked point: its grade, a sentence, and advice unless it is good."""

    grade: Grade
    name: str
    said: str
    todo: str = ""


@dataclass(frozen=True)
class _Looked:
    database: Database
    settings: Settings
    session: Session
    debug: bool


def self_check(
    database: Database, settings: Settings, session: Session, actor: Actor, *, debug: bool = False
) -> list[Point]:
    """Return all points, the gravest first.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_allowed(may_administer(actor))
    at = _Looked(database, settings, session, debug)
    found = [point for check in CHECKS for point in check(at)]
    grades = list(Grade)
    return sorted(found, key=lambda point: grades.index(point.grade))


def worst(points: list[Point]) -> Grade:
    """Return the worst grade of the points."""
    grades = list(Grade)
    return min((point.grade for point in points), key=grades.index, default=Grade.GOOD)


def _good(name: str, said: str) -> Point:
    return Point(Grade.GOOD, name, said)


def _address(at: _Looked) -> Iterator[Point]:
    base, name = urlsplit(at.settings.base_url), "Address"
    if at.settings.secure:
        yield _good(name, "The wiki uses HTTPS, and cookies are sent only over HTTPS.")
        return
    with suppress(ValueError):
        if base.hostname == "localhost" or ipaddress.ip_address(base.hostname or "").is_loopback:
            yield Point(
                Grade.WARN,
                name,
                f"WIKI_BASE_URL is {at.settings.base_url}, which works only on this machine. Links "
                "in emails point there.",
                "Set WIKI_BASE_URL to the https:// address people use.",
            )
            return
    yield Point(
        Grade.DANGER,
        name,
        "The wiki uses plain HTTP: others on the network can read passwords and pages.",
        "Put a proxy with a certificate in front and set WIKI_BASE_URL to its https:// address.",
    )


def _proxies(at: _Looked) -> Iterator[Point]:
    name = "Proxies"
    if at.settings.secure and not at.settings.trusted_proxies:
        yield Point(
            Grade.WARN,
            name,
            "The wiki uses HTTPS but trusts no proxy, so all sign-ins seem to come from "
            "one address.",
            "Set WIKI_TRUSTED_PROXIES to the number of proxies in front, usually 1.",
        )
    else:
        yield _good(name, "Visitors’ IP addresses are determined as configured.")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _key(at: _Looked) -> Iterator[Point]:
    name, path = "Secret key", at.settings.data_dir / "secret.key"
    if at.settings.secret_key:
        yield _good(name, "The key that signs cookies comes from the environment.")
    elif not path.exists():
        yield Point(
            Grade.WARN, name, "There is no key yet.", "It’s created when the wiki is first started."
        )
    elif _mode(path) & 0o077:
        yield Point(
            Grade.DANGER,
            name,
            "Other accounts on this machine can read the key that signs cookies.",
            f"chmod 600 {path}; if someone may have read it, delete the file to get a new key.",
        )
    else:
        yield _good(name, "Only its owner can read the key that signs cookies.")


def _data(at: _Looked) -> Iterator[Point]:
    name, folder = "Data folder", at.settings.data_dir
    if not folder.is_dir():
        yield Point(
            Grade.DANGER, name, f"{folder} isn’t a folder.", "Set WIKI_DATA_DIR to the data folder."
        )
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Point(
            Grade.DANGER,
            name,
            "The wiki can’t write to its data folder.",
            f"Change the owner of {folder} to the account that runs the wiki.",
        )
    elif _mode(folder) & 0o007:
        yield Point(
            Grade.DANGER,
            name,
            "Every account on this machine can read the data folder: pages, files and emails.",
            f"chmod 700 {folder}",
        )
    elif _mode(folder) & 0o070:
        yield Point(
            Grade.WARN,
            name,
            "A group of accounts on this machine can read the data folder.",
            f"chmod 700 {folder}, unless this is intended.",
        )
    else:
        yield _good(name, "Only its owner can read the data folder.")
    shut = [
        place
        for place in ("files", "index", "mail", "uploads")
        if (folder / place).exists() and not os.access(folder / place, os.R_OK | os.W_OK | os.X_OK)
    ]
    if shut:
        yield Point(
            Grade.DANGER,
            "Index and files",
            f"The wiki can’t access {', '.join(shut)} in its data folder.",
            "Change their owner to the account that runs the wiki.",
        )
    else:
        yield _good("Index and files", "The wiki can read and write its index and files.")
    space = shutil.disk_usage(folder)
    if space.free < space.total * 0.05:
        yield Point(
            Grade.WARN,
            "Disk space",
            f"Only {space.free // 2**20:,} MiB are free on the data folder’s disk.",
            "Free some space. Once the disk is full, nothing can be saved.",
        )
    else:
        yield _good(
            "Disk space", f"{space.free // 2**30:,} GiB are free on the data folder’s disk."
        )


def _mail(at: _Looked) -> Iterator[Point]:
    name = "Email"
    if not at.settings.smtp_url:
        yield Point(
            Grade.WARN,
            name,
            "No mail server is set. Invitations and password links are saved as files instead.",
            "Set WIKI_SMTP_URL, and WIKI_MAIL_FROM to one of your addresses.",
        )
    elif at.settings.mail_from.endswith("@localhost"):
        yield Point(
            Grade.WARN,
            name,
            f"Emails are sent from {at.settings.mail_from}, which many servers refuse.",
            "Set WIKI_MAIL_FROM to one of your addresses.",
        )
    else:
        yield _good(name, "Emails are sent through a mail server.")


def _debug(at: _Looked) -> Iterator[Point]:
    if at.debug:
        yield Point(
            Grade.DANGER,
            "Debugging",
            "The wiki runs in development mode. Errors can reveal internal data.",
            "Run it with `wiki serve`, without FLASK_DEBUG.",
        )
    else:
        yield _good("Debugging", "Errors don’t reveal internal data.")


def _limits(at: _Looked) -> Iterator[Point]:
    if not at.settings.pace:
        yield Point(
            Grade.WARN,
            "Limits",
            "There is no rate limit, so one person can slow down the wiki for everyone.",
            "Remove WIKI_PACE or set it above 0.",
        )
    else:
        yield _good("Limits", "Requests are rate-limited.")


def _admins(at: _Looked) -> Iterator[Point]:
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
        yield _good("Admins", f"There are {count} admins.")
    without = at.session.scalar(select(func.count(Person.id)).where(*admins, ~has_factor()))
    if without:
        yield Point(
            Grade.WARN,
            "Second factor",
            f"{counted(without, 'admin has', 'admins have')} no second factor.",
            "Ask them to set one up in their account.",
        )
    elif count:
        yield _good("Second factor", "All admins have a second factor.")


def _public(at: _Looked) -> Iterator[Point]:
    slugs = at.session.scalars(
        select(Space.slug).where(Space.visibility == Visibility.PUBLIC.value).order_by(Space.slug)
    ).all()
    if not slugs:
        yield _good("Public spaces", "No space is public. Reading needs an account.")
        return
    named = ", ".join(f"/{slug}/" for slug in slugs[:NAMED])
    more = f" and {len(slugs) - NAMED} more" if len(slugs) > NAMED else ""
    yield Point(
        Grade.WARN,
        "Public spaces",
        f"Anyone on the internet can read {counted(len(slugs), 'space')}: {named}{more}.",
        "Make sure that’s intended. A lead can make a space internal in its settings.",
    )


def _sign_ins(at: _Looked) -> Iterator[Point]:
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
        yield _good("Old sessions", f"Every session was used in the last {OLD_SIGN_IN.days} days.")


def _invitations(at: _Looked) -> Iterator[Point]:
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
        yield _good("Invitations", "No invitation has been open for long.")


def _tokens(at: _Looked) -> Iterator[Point]:
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
        yield _good("API tokens", "All API tokens expire.")


def _deliveries(at: _Looked) -> Iterator[Point]:
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
        yield _good("Deliveries", "Every event was processed or is being processed.")
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
        yield _good("Worker", "The worker is running, and nothing is overdue.")


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


def _index(at: _Looked) -> Iterator[Point]:
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
        yield _good("Search index", "The index is up to date.")


def _backups(at: _Looked) -> Iterator[Point]:
    yield Point(
        Grade.WARN,
        "Backups",
        "The wiki can’t tell whether it’s backed up.",
        "Copy the database and data folder to another machine regularly, and test a restore.",
    )


CHECKS: tuple[Callable[[_Looked], Iterator[Point]], ...] = (
    _address,
    _proxies,
    _key,
    _data,
    _mail,
    _debug,
    _limits,
    _admins,
    _public,
    _sign_ins,
    _invitations,
    _tokens,
    _deliveries,
    _index,
    _backups,
)
