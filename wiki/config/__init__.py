"""Settings, typed."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wiki.i18n import lazy_gettext
from wiki.rules.labels import Label

PREFIX = "WIKI_"
WHOOSH, POSTGRESQL = "whoosh", "postgresql"
"""The values of WIKI_SEARCH_ENGINE."""


class ConfigError(Exception):
    """A setting is unknown or malformed; the message is one sentence naming it."""


def _setting(help: str, default: Any, *, zero: bool = False) -> Any:
    # The catalogues have the help too: `docs/translations.py` extracts it from calls.
    return field(default=default, metadata={"help": lazy_gettext(help), "zero": zero})


@dataclass(frozen=True)
class Settings:
    """The settings of a wiki. Each field is the environment variable ``WIKI_<NAME>``."""

    data_dir: Path = _setting(
        "Folder of the database, the search index, files, emails and the generated secret key.",
        Path("data"),
    )
    database_url: str = _setting(
        "Database address: empty for SQLite in the data folder, or `postgresql+psycopg://…`.",
        "",
    )
    search_engine: str = _setting(
        "Search engine: `whoosh`, whose index is in the data folder, or `postgresql`, whose index "
        "is in the database, which must be PostgreSQL then.",
        WHOOSH,
    )
    base_url: str = _setting(
        "The address people use, for links in emails and feeds, such as `https://wiki.example.org`.",
        "http://127.0.0.1:8000",
    )
    site_name: str = _setting("Name shown in the header and in emails.", "Trellis")
    language: str = _setting(
        "Language of readers whose browser asks for none of the wiki's languages, and of mails to "
        "people who have chosen none: `en`, `de` or `fr`.",
        "en",
    )
    time_zone: str = _setting(
        "Time zone of visitors and accounts without one, where scripts don't know better, such as "
        "`Europe/Berlin`.",
        "UTC",
    )
    registration: str = _setting(
        "Who can create an account: `invitation` (people whom admins or leads invite), `domains` "
        "(also people with an address in `WIKI_REGISTRATION_DOMAINS`) or `closed` (only people "
        "whom admins invite).",
        "invitation",
    )
    registration_domains: str = _setting(
        "Email domains, separated by commas, whose people can create an account themselves.", ""
    )
    space_label: str = _setting(
        "Lowest label of pages in new spaces that are not public: `internal`, `confidential` or "
        "`restricted`.",
        "internal",
    )
    secret_key: str = _setting(
        "Key that signs cookies, at least 32 characters; generated in the data folder when empty.",
        "",
    )
    smtp_url: str = _setting(
        "Mail server, `smtp://user:password@host:587` (or `smtps://`); "
        "if empty, emails are written as files to `mail/` in the data folder.",
        "",
    )
    mail_from: str = _setting("Sender of emails.", "wiki@localhost")
    imap_url: str = _setting(
        "Mailbox at which replies to notices arrive, `imaps://user:password@host/INBOX`; if empty, "
        "people can't reply by email. It must get what is sent to `WIKI_MAIL_FROM` with anything "
        "after a plus sign, such as `wiki+r-1@example.org`.",
        "",
    )
    session_days: int = _setting("Days after which an unused session expires.", 30)
    trusted_proxies: int = _setting(
        "Number of proxies in front of the wiki that add to `X-Forwarded-For`; 0 ignores that "
        "header, because anyone can send it.",
        0,
        zero=True,
    )
    max_page_kb: int = _setting("Maximum size of a page's text, in KiB.", 2048)
    max_file_mb: int = _setting("Maximum size of an attached file, in MiB.", 64)
    max_page_files: int = _setting(
        "Maximum number of files on a page, not counting replaced or removed ones; 0 for no limit.",
        5000,
        zero=True,
    )
    max_page_files_mb: int = _setting(
        "Maximum size of the files of a page in MiB, not counting replaced or removed ones; 0 for "
        "no limit.",
        4096,
        zero=True,
    )
    max_space_files_mb: int = _setting(
        "Maximum size of the files of a space on disk in MiB, including earlier versions; "
        "identical files count once; 0 for no limit.",
        0,
        zero=True,
    )
    max_import_mb: int = _setting("Maximum size of a zip imported in the browser, in MiB.", 512)
    second_person_from: int = _setting(
        "Number of people to whom one person alone can open confidential pages. Opening them to "
        "more people, or anything not labelled public to everyone, needs a second person.",
        20,
        zero=True,
    )
    share_up_to: str = _setting(
        "Highest label of pages that people without an account can read by share link: `public` or "
        "`internal`; `off` to turn share links off.",
        "internal",
    )
    share_days: int = _setting(
        "Days until a share link expires, unless its creator chooses otherwise.", 14
    )
    share_max_days: int = _setting("Maximum number of days until a share link expires.", 90)
    webhook_up_to: str = _setting(
        "Highest label of pages that webhooks of spaces tell other services of: `public`, "
        "`internal` or `confidential` (without texts); `off` to turn webhooks off.",
        "internal",
    )
    webhook_private: str = _setting(
        "`yes` if webhooks can call private addresses, this machine and addresses without TLS. "
        "Leads of spaces can then send requests into your network.",
        "no",
    )
    cache_mb: int = _setting(
        "Memory for finished pages that are shown again, in MiB, shared by all web processes.", 64
    )
    render_seconds: float = _setting(
        "Seconds of CPU time that rendering a page can take before its plain source is shown "
        "instead.",
        1.3,
    )
    render_retry_seconds: float = _setting(
        "Maximum seconds of CPU time that the worker then spends on rendering such a page, "
        "before it gives up and the source stays.",
        20.0,
    )
    oidc_issuer: str = _setting(
        "OpenID provider with which people can also sign in, such as `https://id.example.org`: its "
        "issuer address, exactly as the provider gives it; empty for passwords only.",
        "",
    )
    oidc_client_id: str = _setting("Client ID of the wiki at the provider.", "")
    oidc_client_secret: str = _setting("Client secret of the wiki at the provider.", "")
    oidc_name: str = _setting(
        "Name of the provider, shown on the button “Continue with …”.", "single sign-on"
    )
    oidc_scopes: str = _setting(
        "Scopes requested from the provider; `email` and `profile` are optional.",
        "openid email profile",
    )
    oidc_domains: str = _setting(
        "Email domains, separated by commas, whose people can create an account when they first "
        "sign in with the provider; empty for no one.",
        "",
    )
    oidc_role: str = _setting("Role of such accounts: `member` or `guest`.", "member")

    @property
    def open_domains(self) -> tuple[str, ...]:
        """The domains whose people can create an account themselves; none unless registration is
        open to domains."""
        if self.registration != "domains":
            return ()
        return domains_in(self.registration_domains)

    @property
    def provider(self) -> str:
        """The name of the OpenID provider for users; empty if there is none."""
        return self.oidc_name if self.oidc_issuer else ""

    @property
    def oidc_email_domains(self) -> frozenset[str]:
        """The domains in ``oidc_domains``."""
        return frozenset(domains_in(self.oidc_domains))

    pace: float = _setting(
        "Multiplier for the number of searches, comparisons, previews and saves that a person can "
        "make in a short time, which is far more than anyone makes by hand; 0 for no limit.",
        1.0,
        zero=True,
    )

    audit_days: int = _setting(
        "Days to keep audit events that no page's history and no proof needs; "
        "0 keeps them forever.",
        0,
        zero=True,
    )
    address_days: int = _setting(
        "Days after which IP addresses in the audit log are shortened to their network; "
        "0 keeps them forever.",
        90,
        zero=True,
    )

    access_log_from: str = _setting(
        "Lowest label of pages whose reads are recorded: `public`, `internal`, "
        "`confidential`, `restricted`, or `off` to record none.",
        "confidential",
    )
    access_log_days: int = _setting(
        "Days to keep the record of reads; 0 keeps it forever.", 365, zero=True
    )

    @property
    def access_log_label(self) -> Label | None:
        """The lowest label whose reads are logged; None if reads are not logged."""
        return None if self.access_log_from == "off" else Label.named(self.access_log_from)

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database."""
        return self.database_url or f"sqlite:///{self.data_dir / 'wiki.db'}"

    @property
    def secure(self) -> bool:
        """True if the wiki is reached only over HTTPS, so that cookies can be marked as secure."""
        return self.base_url.startswith("https://")

    def key(self) -> str:
        """Return the signing key. If the setting is empty, the key is generated and stored in the
        data folder, readable only by its owner."""
        if self.secret_key:
            return self.secret_key
        path = self.data_dir / "secret.key"
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            # Written to a temporary file and linked, so that no process reads a partial key.
            handle, aside = tempfile.mkstemp(dir=self.data_dir)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
            with suppress(FileExistsError):
                os.link(aside, path)
            Path(aside).unlink()
        return path.read_text().strip()


SPACE_LABELS = ("internal", "confidential", "restricted")
REGISTRATIONS = ("closed", "invitation", "domains")
DOMAIN = re.compile(r"(?:[a-z0-9-]+\.)+[a-z0-9-]+")


def domains_in(text: str) -> tuple[str, ...]:
    """Return the domains in a text that separates them by commas or blanks, in lower case."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,]+", text.lower()))))


def is_safe_to_ask(address: str) -> bool:
    """Return whether data sent to an address is safe from eavesdropping and tampering: it uses
    https, or is on this machine."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or port == 0:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


_LOOPBACK = ("127.0.0.1", "::1", "localhost")
