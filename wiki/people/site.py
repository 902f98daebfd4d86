"""The site's name, logo, color, language, time zone, registration, label of new spaces and mail
server, as admins set them in the browser.

What the environment sets wins. Every process reads the choices again when the database has changed,
so that a change has effect at once. The password of the mail server is stored encrypted, is never
shown again and is in no event.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Set
from dataclasses import dataclass, fields
from functools import cache
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import Select, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from wiki.changes.reads import note, recording
from wiki.config import DOMAIN, PREFIX, REGISTRATIONS, SPACE_LABELS, Settings, domains_in
from wiki.db import Database
from wiki.errors import Invalid, require_allowed
from wiki.i18n import LANGUAGES, zone_named
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.people.accent import checked_color
from wiki.people.events import SiteSettingChanged
from wiki.people.factors.encryption import Unreadable, seal, unseal
from wiki.people.models import SiteSetting
from wiki.people.site_settings import Setting, change_setting, store_setting
from wiki.rules.access import Actor, may_administer

NAMES = (
    "site_name",
    "language",
    "time_zone",
    "mail_from",
    "registration",
    "registration_domains",
    "space_label",
    "smtp_url",
)
"""The settings that can be set in the browser too."""

_LOGO, _COLOR, _LOGO_IMAGE = "site.logo", "site.color", "site.logo_image"
_PASSWORD = "site.smtp_password"  # noqa: S105 the name of a row
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|\[[0-9A-Fa-f:]{2,45}\]")
_ADDRESS = re.compile(r"[^@\s<>]{1,64}@[^@\s<>]{1,189}")


@dataclass(frozen=True)
class SiteSettings(Settings):
    """Effective settings, with what can be set in the browser only: the hash of the logo, and the
    color, each empty if there is none."""

    logo: str = ""
    color: str = ""


@dataclass(frozen=True)
class MailServer:
    """A mail server. Whether it has a password is known, the password is not."""

    host: str = ""
    port: int = 587
    user: str = ""
    is_encrypted: bool = False
    has_password: bool = False


@dataclass(frozen=True)
class Wanted:
    """The settings that an admin sends. An empty ``password`` keeps the stored one."""

    site_name: str
    language: str
    time_zone: str
    mail_from: str
    server: MailServer
    registration: str = "invitation"
    registration_domains: str = ""
    space_label: str = "internal"
    color: str = ""
    password: str = ""
    forgets_password: bool = False


def effective(session: Session, settings: Settings) -> Settings:
    """Return the settings with the choices of the browser for all that the environment leaves at
    its default."""
    rows = {key.removeprefix("site."): value for key, value in session.execute(_chosen())}
    chosen: dict[str, Any] = {
        name: rows[name]
        for name in NAMES
        if rows.get(name) and isinstance(rows[name], str) and not is_fixed(settings, name)
    }
    if "smtp_url" in chosen and "smtp_password" in rows:
        chosen["smtp_url"] = _with_password(chosen["smtp_url"], rows["smtp_password"], settings)
    looks = {name: rows[name] for name in ("logo", "color") if isinstance(rows.get(name), str)}
    if not chosen and not any(looks.values()):
        return settings
    given = {one.name: getattr(settings, one.name) for one in fields(Settings)}
    return SiteSettings(**{**given, **chosen, **looks})


@cache
def _chosen() -> Select[str, Any]:
    keys = [*(f"site.{name}" for name in NAMES), _PASSWORD, _LOGO, _COLOR]
    return select(SiteSetting.key, SiteSetting.value).where(SiteSetting.key.in_(keys))


class Current:
    """The effective settings of a database, read again when it has changed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: tuple[int, Set[str], Settings, Settings] | None = None

    def __call__(self, settings: Settings) -> Settings:
        """Return the effective settings; those of the environment while there is no database."""
        changes = self._database.changes
        clock, kept = changes.look(), self._kept
        if kept is not None and kept[2] is settings and changes.is_current(kept[1], kept[0]):
            note(kept[1])
            return kept[3]
        try:
            with recording() as scopes, self._database.read() as session:
                found = effective(session, settings)
        except SQLAlchemyError:
            return settings
        self._kept = (clock, scopes, settings, found)
        return found


def is_fixed(settings: Settings, name: str) -> bool:
    """Return whether the environment sets this setting, so that it cannot be changed here.

    :param settings: those of the environment.
    """
    return bool(getattr(settings, name) != getattr(Settings(), name))


def fixed_by(settings: Settings) -> dict[str, str]:
    """Return the variables of the environment that set what could be set here, by setting."""
    return {name: f"{PREFIX}{name.upper()}" for name in NAMES if is_fixed(settings, name)}


def server_of(settings: Settings) -> MailServer:
    """Return the mail server of effective settings, without its password."""
    if not settings.smtp_url:
        return MailServer()
    found = urlsplit(settings.smtp_url)
    is_encrypted = found.scheme == "smtps"
    return MailServer(
        found.hostname or "",
        found.port or (465 if is_encrypted else 587),
        unquote(found.username or ""),
        is_encrypted,
        bool(found.password),
    )


def change_site(session: Session, actor: Actor, settings: Settings, wanted: Wanted) -> bool:
    """Change the settings; return whether any was different before. What the environment sets stays
    as it is.

    :param settings: those of the environment.
    :raises Forbidden: unless the actor is an admin.
    :raises Invalid: for a value that cannot be used.
    """
    require_allowed(may_administer(actor))
    values = {
        "site_name": _checked_name(wanted.site_name),
        "language": _checked_language(wanted.language),
        "time_zone": _checked_zone(wanted.time_zone),
        "mail_from": _checked_sender(wanted.mail_from),
        **_checked_registration(settings, wanted),
        "space_label": _checked_label(wanted.space_label),
        "smtp_url": _checked_server(wanted.server),
    }
    color = checked_color(wanted.color)
    if color is None:
        raise Invalid(_("Enter a color such as #1c6a4c."), field="color")
    before = server_of(effective(session, settings))
    changed = [
        change_setting(session, actor, Setting(f"site.{name}", "", str), value)
        for name, value in values.items()
        if not is_fixed(settings, name)
    ]
    changed.append(change_setting(session, actor, Setting(_COLOR, "", str), color))
    if is_fixed(settings, "smtp_url"):
        return any(changed)
    # A password is good for one account on one server; sent to another, it would be given away.
    moved = (before.host, before.user) != (wanted.server.host.lower(), wanted.server.user.strip())
    if wanted.password or wanted.forgets_password or (moved and before.has_password):
        sealed = ""
        if wanted.password:
            sealed = _sealed(wanted.password, settings)
        store_setting(session, actor, _PASSWORD, sealed)
        publish(session, actor, SiteSettingChanged(_PASSWORD, bool(sealed)))
        return True
    return any(changed)


def change_logo(session: Session, actor: Actor, data: bytes) -> bool:
    """Change the logo, or remove it with no bytes; return whether it was different before.

    :param data: the picture in WebP that the thumbnail process made.
    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    sha256 = hashlib.sha256(data).hexdigest() if data else ""
    # In a row of its own, which is not read with the settings.
    store_setting(session, actor, _LOGO_IMAGE, base64.b64encode(data).decode())
    return change_setting(session, actor, Setting(_LOGO, "", str), sha256)


def logo_of(session: Session, sha256: str) -> bytes | None:
    """Return the logo with this hash, in WebP; None if the site has another or none."""
    stored = session.scalar(select(SiteSetting.value).where(SiteSetting.key == _LOGO_IMAGE))
    data = base64.b64decode(stored) if isinstance(stored, str) else b""
    return data if data and hashlib.sha256(data).hexdigest() == sha256 else None


def _sealed(password: str, settings: Settings) -> str:
    if len(password) > 500 or not password.isprintable():
        raise Invalid(_("Use at most 500 characters for the password."), field="smtp_password")
    return base64.b64encode(seal(settings.key(), password.encode(), _PASSWORD)).decode()


def _with_password(url: str, sealed: Any, settings: Settings) -> str:
    """Return the address with the stored password; without one if it can no longer be read."""
    try:
        password = unseal(settings.key(), base64.b64decode(sealed), _PASSWORD).decode()
    except (Unreadable, TypeError, binascii.Error):
        return url
    head, at, rest = url.partition("@")
    return f"{head}:{quote(password, safe='')}{at}{rest}" if at else url


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if len(name) > 60 or not name.isprintable():
        raise Invalid(_("Use at most 60 characters for the name."), field="site_name")
    return name


def _checked_language(code: str) -> str:
    if code and code not in LANGUAGES:
        raise Invalid(_("Choose one of the languages."), field="language")
    return code


def _checked_zone(name: str) -> str:
    if name and zone_named(name) is None:
        raise Invalid(_("Choose one of the time zones."), field="time_zone")
    return name


def _checked_sender(address: str) -> str:
    address = address.strip()
    if address and not (_ADDRESS.fullmatch(address) and address.isprintable()):
        raise Invalid(_("Enter an address such as wiki@example.org."), field="mail_from")
    return address


def _checked_registration(settings: Settings, wanted: Wanted) -> dict[str, str]:
    """Return the values that say who can create an account.

    :param settings: those of the environment, which may set one of the two.
    """
    if wanted.registration not in REGISTRATIONS:
        raise Invalid(_("Choose who can create an account."), field="registration")
    domains = domains_in(wanted.registration_domains)
    if len(domains) > 50:
        raise Invalid(_("Enter at most 50 domains."), field="registration_domains")
    for domain in domains:
        if len(domain) > 250 or not DOMAIN.fullmatch(domain):
            sentence = _("Enter domains such as example.org, separated by commas.")
            raise Invalid(sentence, field="registration_domains")
    fixed = is_fixed(settings, "registration_domains")
    if wanted.registration == "domains" and not (domains or fixed):
        raise Invalid(_("Enter at least one domain."), field="registration_domains")
    return {"registration": wanted.registration, "registration_domains": ", ".join(domains)}


def _checked_label(word: str) -> str:
    if word not in SPACE_LABELS:
        raise Invalid(_("This label doesn’t exist."), field="space_label")
    return word


def _checked_server(server: MailServer) -> str:
    if not server.host.strip():
        return ""
    host = server.host.strip().lower()
    if not _HOST.fullmatch(host):
        raise Invalid(_("Enter a host name such as mail.example.org."), field="smtp_host")
    if not 0 < server.port < 65536:
        raise Invalid(_("Enter a port from 1 to 65535."), field="smtp_port")
    user = server.user.strip()
    if len(user) > 250 or not user.isprintable():
        raise Invalid(_("Use at most 250 characters for the user name."), field="smtp_user")
    who = f"{quote(user, safe='')}@" if user else ""
    return f"{'smtps' if server.is_encrypted else 'smtp'}://{who}{host}:{server.port}"
