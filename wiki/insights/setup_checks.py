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

from wiki.insights.points import Check, Grade, Inspected, Point, good


def check_address(at: Inspected) -> Iterator[Point]:
    """Check the address at which people reach the wiki."""
    base, name = urlsplit(at.settings.base_url), "Address"
    if at.settings.secure:
        yield good(name, "The wiki uses HTTPS, and cookies are sent only over HTTPS.")
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


def check_proxies(at: Inspected) -> Iterator[Point]:
    """Check the number of trusted proxies."""
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
        yield good(name, "Visitors’ IP addresses are determined as configured.")


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def check_key(at: Inspected) -> Iterator[Point]:
    """Check who can read the key that signs cookies."""
    name, path = "Secret key", at.settings.data_dir / "secret.key"
    if at.settings.secret_key:
        yield good(name, "The key that signs cookies comes from the environment.")
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
        yield good(name, "Only its owner can read the key that signs cookies.")


def check_data(at: Inspected) -> Iterator[Point]:
    """Check the permissions of the data folder, and the room on its disk."""
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
        yield good(name, "Only its owner can read the data folder.")
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
        yield good("Index and files", "The wiki can read and write its index and files.")
    space = shutil.disk_usage(folder)
    if space.free < space.total * 0.05:
        yield Point(
            Grade.WARN,
            "Disk space",
            f"Only {space.free // 2**20:,} MiB are free on the data folder’s disk.",
            "Free some space. Once the disk is full, nothing can be saved.",
        )
    else:
        yield good("Disk space", f"{space.free // 2**30:,} GiB are free on the data folder’s disk.")


def check_mail(at: Inspected) -> Iterator[Point]:
    """Check how mails are sent."""
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
        yield good(name, "Emails are sent through a mail server.")


def check_debug(at: Inspected) -> Iterator[Point]:
    """Check that the wiki does not run in development."""
    if at.debug:
        yield Point(
            Grade.DANGER,
            "Debugging",
            "The wiki runs in development mode. Errors can reveal internal data.",
            "Run it with `wiki serve`, without FLASK_DEBUG.",
        )
    else:
        yield good("Debugging", "Errors don’t reveal internal data.")


def check_limits(at: Inspected) -> Iterator[Point]:
    """Check that requests are limited."""
    if not at.settings.pace:
        yield Point(
            Grade.WARN,
            "Limits",
            "There is no rate limit, so one person can slow down the wiki for everyone.",
            "Remove WIKI_PACE or set it above 0.",
        )
    else:
        yield good("Limits", "Requests are rate-limited.")


CHECKS: tuple[Check, ...] = (
    check_address,
    check_proxies,
    check_key,
    check_data,
    check_mail,
    check_debug,
    check_limits,
)
