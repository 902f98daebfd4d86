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
        yield _good(name, "People reach the wiki over HTTPS, and cookies insist on it.")
        return
    with suppress(ValueError):
        if base.hostname == "localhost" or ipaddress.ip_address(base.hostname or "").is_loopback:
            yield Point(
                Grade.WARN,
                name,
                f"WIKI_BASE_URL is {at.settings.base_url}, which only this machine can open; links "
                "in mails lead there.",
                "Set WIKI_BASE_URL to the https:// address that people use.",
            )
            return
    yield Point(
        Grade.DANGER,
        name,
        "People reach the wiki over plain HTTP: whoever is on the way reads passwords and pages.",
        "Put a proxy with a certificate in front and set WIKI_BASE_URL to its https:// address.",
    )


def _proxies(at: _Looked) -> Iterator[Point]:
    name = "Proxies"
    if at.settings.secure and not at.settings.trusted_proxies:
        yield Point(
            Grade.WARN,
            name,
            "No proxy is trusted, though people come over HTTPS: all sign-ins count as from "
            "one address.",
            "Set WIKI_TRUSTED_PROXIES to the number of proxies in front, usually 1.",
        )
    else:
        yield _good(name, "Addresses of visitors are taken as the settings say.")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _key(at: _Looked) -> Iterator[Point]:
    name, path = "Secret key", at.settings.data_dir / "secret.key"
    if at.settings.secret_key:
        yield _good(name, "The key that signs cookies comes from the environment.")
    elif not path.exists():
        yield Point(
            Grade.WARN, name, "There is no key yet.", "It is made when the wiki is first served."
        )
    elif _mode(path) & 0o077:
        yield Point(
            Grade.DANGER,
            name,
            "Others on this machine can read the key that signs cookies.",
            f"chmod 600 {path}; replace the key by deleting the file if anybody may have read it.",
        )
    else:
        yield _good(name, "Only its owner can read the key that signs cookies.")


def _data(at: _Looked) -> Iterator[Point]:
    name, folder = "Data folder", at.settings.data_dir
    if not folder.is_dir():
        yield Point(
            Grade.DANGER, name, f"{folder} is no folder.", "Set WIKI_DATA_DIR to where the data is."
        )
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Point(
            Grade.DANGER,
            name,
            "The wiki cannot write to its data folder.",
            f"Make {folder} belong to the account that the wiki runs as.",
        )
    elif _mode(folder) & 0o007:
        yield Point(
            Grade.DANGER,
            name,
            "Everybody on this machine can look into the data folder: pages, files and mails.",
            f"chmod 700 {folder}",
        )
    elif _mode(folder) & 0o070:
        yield Point(
            Grade.WARN,
            name,
            "A group of accounts on this machine can look into the data folder.",
            f"chmod 700 {folder}, unless the group is meant to.",
        )
    else:
        yield _good(name, "Only its owner can look into the data folder.")
    shut = [
        place
        for place in ("files", "index", "mail", "uploads")
        if (folder / place).exists() and not os.access(folder / place, os.R_OK | os.W_OK | os.X_OK)
    ]
    if shut:
        yield Point(
            Grade.DANGER,
            "Index and files",
            f"The wiki cannot use {', '.join(shut)} in its data folder.",
            "Make them belong to the account that the wiki runs as.",
        )
    else:
        yield _good("Index and files", "The wiki can read and write its index and files.")
    space = shutil.disk_usage(folder)
    if space.free < space.total * 0.05:
        yield Point(
            Grade.WARN,
            "Room on disk",
            f"Only {space.free // 2**20:,} MiB are free where the data is.",
            "Make room before the disk is full: then nothing can be saved.",
        )
    else:
        yield _good("Room on disk", f"{space.free // 2**30:,} GiB are free where the data is.")


def _mail(at: _Looked) -> Iterator[Point]:
    name = "Mail"
    if not at.settings.smtp_url:
        yield Point(
            Grade.WARN,
            name,
            "No mail server is set: invitations and password links are files in the data folder.",
            "Set WIKI_SMTP_URL, and WIKI_MAIL_FROM to an address of yours.",
        )
    elif at.settings.mail_from.endswith("@localhost"):
        yield Point(
            Grade.WARN,
            name,
            f"Mails come from {at.settings.mail_from}, which many servers refuse.",
            "Set WIKI_MAIL_FROM to an address of yours.",
        )
    else:
        yield _good(name, "Mails are sent by a mail server.")


def _debug(at: _Looked) -> Iterator[Point]:
    if at.debug:
        yield Point(
            Grade.DANGER,
            "Debugging",
            "The wiki runs in development: errors can show what is inside.",
            "Run it with `wiki serve`, without FLASK_DEBUG.",
        )
    else:
        yield _good("Debugging", "Errors show nothing of what is inside.")


def _limits(at: _Looked) -> Iterator[Point]:
    if not at.settings.pace:
        yield Point(
            Grade.WARN,
            "Limits",
            "Nobody is held to a pace: one person can keep the wiki busy.",
            "Leave WIKI_PACE out, or above 0.",
        )
    else:
        yield _good("Limits", "Whoever asks for far too much is told to wait.")


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
            "Nobody administers this wiki. Whoever first opens the link of `wiki serve` does.",
            "Open that link, or `wiki user add NAME --email … --admin`.",
        )
    elif count == 1:
        yield Point(
            Grade.WARN,
            "Admins",
            "There is one admin only: nobody is left if that account is lost.",
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
        yield _good("Second factor", "Every admin has a second factor.")


def _public(at: _Looked) -> Iterator[Point]:
    slugs = at.session.scalars(
        select(Space.slug).where(Space.visibility == Visibility.PUBLIC.value).order_by(Space.slug)
    ).all()
    if not slugs:
        yield _good("Public spaces", "No space is public: who reads has an account.")
        return
    named = ", ".join(f"/{slug}/" for slug in slugs[:NAMED])
    more = f" and {len(slugs) - NAMED} more" if len(slugs) > NAMED else ""
    yield Point(
        Grade.WARN,
        "Public spaces",
        f"All the world can read {counted(len(slugs), 'space')}: {named}{more}.",
        "See that each is meant to be; a lead makes it internal in its settings.",
    )


def _sign_ins(at: _Looked) -> Iterator[Point]:
    days = at.settings.session_days
    if days > LONG_SESSION_DAYS:
        yield Point(
            Grade.WARN,
            "Length of sign-ins",
            f"A sign-in that nobody uses ends only after {days} days.",
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
            "Old sign-ins",
            f"{counted(old, 'sign-in was', 'sign-ins were')} not used for {OLD_SIGN_IN.days} days.",
            "End them on the page of each person, or ask people to sign out.",
        )
    else:
        yield _good("Old sign-ins", f"Every sign-in was used in the last {OLD_SIGN_IN.days} days.")


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
            "Take back those that nobody waits for.",
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
        unused = f", {idle} of them not used for {OLD_TOKEN.days} days" if idle else ""
        yield Point(
            Grade.WARN,
            "API tokens",
            f"{counted(endless, 'API token works', 'API tokens work')} until revoked{unused}.",
            "Ask their people to revoke in their account what they do not use.",
        )
    else:
        yield _good("API tokens", "No API token works without an end.")


def _deliveries(at: _Looked) -> Iterator[Point]:
    lost = at.session.scalar(
        select(func.count(Delivery.id)).where(Delivery.gave_up_at.is_not(None))
    )
    if lost:
        yield Point(
            Grade.DANGER,
            "Deliveries",
            f"{counted(lost, 'event was', 'events were')} never heard by all who should have, such "
            "as search or mail.",
            "The log of the worker says why; `wiki check` finds and repairs what follows from it.",
        )
    else:
        yield _good("Deliveries", "Every event was heard by all who should, or is on its way.")
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
            "No worker runs on this machine"
            + (f", and {counted(late, 'delivery waits', 'deliveries wait')}." if late else "."),
            "`wiki serve` brings one along; `wiki worker` is one by itself.",
        )
    elif late:
        yield Point(
            Grade.WARN,
            "Worker",
            f"The worker runs, but {counted(late, 'delivery has', 'deliveries have')} waited for "
            f"more than {LATE.seconds // 60} minutes.",
            "See the log of the worker.",
        )
    else:
        yield _good("Worker", "The worker runs, and nothing waits for it.")


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
            "There is no search index that can be used.",
            "The worker builds one by itself; `wiki reindex` does it now.",
        )
        return
    if behind.gone:
        yield Point(
            Grade.DANGER,
            "Search index",
            f"The index still has {counted(len(behind.gone), 'page')} that "
            f"{'is' if len(behind.gone) == 1 else 'are'} not there any more.",
            "`wiki reindex`",
        )
    elif behind.stale:
        yield Point(
            Grade.WARN,
            "Search index",
            f"{counted(len(behind.stale), 'page is', 'pages are')} not in the index as written.",
            "The worker takes them in; if that lasts, `wiki reindex`.",
        )
    else:
        yield _good("Search index", "The index has every page as it is now.")


def _backups(at: _Looked) -> Iterator[Point]:
    yield Point(
        Grade.WARN,
        "Backups",
        "The wiki does not know whether it is backed up.",
        "Copy database and data folder regularly to another machine, and try bringing one back.",
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
