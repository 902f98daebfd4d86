"""Checks of the machine and the settings: address, key, data folder, mail."""

from __future__ import annotations

import ipaddress
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from wiki.i18n import gettext as _
from wiki.insights.points import Check, Grade, Inspected, Point, good


def check_address(at: Inspected) -> Iterator[Point]:
    """Check the address at which people reach the wiki."""
    base, name = urlsplit(at.settings.base_url), _("Address")
    if at.settings.secure:
        yield good(name, _("The wiki uses HTTPS, and cookies are sent only over HTTPS."))
        return
    with suppress(ValueError):
        if base.hostname == "localhost" or ipaddress.ip_address(base.hostname or "").is_loopback:
            yield Point(
                Grade.WARN,
                name,
                _(
                    "WIKI_BASE_URL is %(url)s, which works only on this machine. Links in emails "
                    "point there.",
                    url=at.settings.base_url,
                ),
                _("Set WIKI_BASE_URL to the https:// address people use."),
            )
            return
    yield Point(
        Grade.DANGER,
        name,
        _("The wiki uses plain HTTP: others on the network can read passwords and pages."),
        _("Put a proxy with a certificate in front and set WIKI_BASE_URL to its https:// address."),
    )


def check_proxies(at: Inspected) -> Iterator[Point]:
    """Check the number of trusted proxies."""
    name = _("Proxies")
    if at.settings.secure and not at.settings.trusted_proxies:
        yield Point(
            Grade.WARN,
            name,
            _(
                "The wiki uses HTTPS but trusts no proxy, so all sign-ins seem to come from one "
                "address."
            ),
            _("Set WIKI_TRUSTED_PROXIES to the number of proxies in front, usually 1."),
        )
    else:
        yield good(name, _("Visitors’ IP addresses are determined as configured."))


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def check_key(at: Inspected) -> Iterator[Point]:
    """Check who can read the key that signs cookies."""
    name, path = _("Secret key"), at.settings.data_dir / "secret.key"
    if at.settings.secret_key:
        yield good(name, _("The key that signs cookies comes from the environment."))
    elif not path.exists():
        yield Point(
            Grade.WARN,
            name,
            _("There is no key yet."),
            _("It’s created when the wiki is first started."),
        )
    elif _mode(path) & 0o077:
        yield Point(
            Grade.DANGER,
            name,
            _("Other accounts on this machine can read the key that signs cookies."),
            _(
                "Run `chmod 600 %(path)s`. If someone may have read it, delete the file to get a "
                "new key.",
                path=path,
            ),
        )
    else:
        yield good(name, _("Only its owner can read the key that signs cookies."))


def check_data(at: Inspected) -> Iterator[Point]:
    """Check the permissions of the data folder and of what is in it."""
    name, folder = _("Data folder"), at.settings.data_dir
    if not folder.is_dir():
        yield Point(
            Grade.DANGER,
            name,
            _("%(path)s isn’t a folder.", path=folder),
            _("Set WIKI_DATA_DIR to the data folder."),
        )
        return
    if not os.access(folder, os.W_OK | os.X_OK):
        yield Point(
            Grade.DANGER,
            name,
            _("The wiki can’t write to its data folder."),
            _("Change the owner of %(path)s to the account that runs the wiki.", path=folder),
        )
    elif _mode(folder) & 0o007:
        yield Point(
            Grade.DANGER,
            name,
            _("Every account on this machine can read the data folder: pages, files and emails."),
            _("Run `chmod 700 %(path)s`.", path=folder),
        )
    elif _mode(folder) & 0o070:
        yield Point(
            Grade.WARN,
            name,
            _("A group of accounts on this machine can read the data folder."),
            _("Run `chmod 700 %(path)s`, unless this is intended.", path=folder),
        )
    else:
        yield good(name, _("Only its owner can read the data folder."))
    shut = [
        place
        for place in ("files", "index", "mail", "uploads")
        if (folder / place).exists() and not os.access(folder / place, os.R_OK | os.W_OK | os.X_OK)
    ]
    if shut:
        yield Point(
            Grade.DANGER,
            _("Index and files"),
            _("The wiki can’t access %(names)s in its data folder.", names=", ".join(shut)),
            _("Change their owner to the account that runs the wiki."),
        )
    else:
        yield good(_("Index and files"), _("The wiki can read and write its index and files."))
    yield _room_on(folder)


def _room_on(folder: Path) -> Point:
    """Return how much room there is on the disk of a folder."""
    space = shutil.disk_usage(folder)
    if space.free < space.total * 0.05:
        return Point(
            Grade.WARN,
            _("Disk space"),
            _(
                "Only %(number)s MiB are free on the data folder’s disk.",
                number=f"{space.free // 2**20:,}",
            ),
            _("Free some space. Once the disk is full, nothing can be saved."),
        )
    number = f"{space.free // 2**30:,}"
    return good(
        _("Disk space"),
        _("%(number)s GiB are free on the data folder’s disk.", number=number),
    )


def check_mail(at: Inspected) -> Iterator[Point]:
    """Check how mails are sent."""
    name = _("Email")
    if not at.settings.smtp_url:
        yield Point(
            Grade.WARN,
            name,
            _("No mail server is set. Invitations and password links are saved as files instead."),
            _("Set WIKI_SMTP_URL, and WIKI_MAIL_FROM to one of your addresses."),
        )
    elif at.settings.mail_from.endswith("@localhost"):
        yield Point(
            Grade.WARN,
            name,
            _(
                "Emails are sent from %(address)s, which many servers refuse.",
                address=at.settings.mail_from,
            ),
            _("Set WIKI_MAIL_FROM to one of your addresses."),
        )
    else:
        yield good(name, _("Emails are sent through a mail server."))


def check_debug(at: Inspected) -> Iterator[Point]:
    """Check that the wiki does not run in development."""
    if at.debug:
        yield Point(
            Grade.DANGER,
            _("Debugging"),
            _("The wiki runs in development mode. Errors can reveal internal data."),
            _("Run it with `wiki serve`, without FLASK_DEBUG."),
        )
    else:
        yield good(_("Debugging"), _("Errors don’t reveal internal data."))


def check_limits(at: Inspected) -> Iterator[Point]:
    """Check that requests are limited."""
    if not at.settings.pace:
        yield Point(
            Grade.WARN,
            _("Limits"),
            _("There is no rate limit, so one person can slow down the wiki for everyone."),
            _("Remove WIKI_PACE or set it above 0."),
        )
    else:
        yield good(_("Limits"), _("Requests are rate-limited."))


CHECKS: tuple[Check, ...] = (
    check_address,
    check_proxies,
    check_key,
    check_data,
    check_mail,
    check_debug,
    check_limits,
)
