"""Settings as read from the environment, and rejected with a sentence if they are wrong."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from wiki.config import (
    DOMAIN,
    POSTGRESQL,
    PREFIX,
    REGISTRATIONS,
    SPACE_LABELS,
    WHOOSH,
    ConfigError,
    Settings,
    domains_in,
    is_safe_to_ask,
)
from wiki.i18n import LANGUAGES, zone_named
from wiki.rules.labels import Label

# Read by the test suite and the benchmarks, never by the running wiki.
NOT_SETTINGS = ("WIKI_CORPUS", "WIKI_TEST_")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environ`` (by default that of the process).

    :raises ConfigError: for an unknown name or an invalid value.
    """
    environ = os.environ if environ is None else environ
    known = {f"{PREFIX}{f.name.upper()}": f for f in fields(Settings)}
    given: dict[str, Any] = {}
    for name, value in environ.items():
        if not name.startswith(PREFIX) or name.startswith(NOT_SETTINGS):
            continue
        if name not in known:
            raise ConfigError(f"{name} isn't a setting of this wiki. See docs/administrators.")
        setting = known[name]
        given[setting.name] = _parse(
            name, value, type(setting.default), zero=setting.metadata["zero"]
        )
    settings = Settings(**given)
    _check(settings)
    return settings


def _parse(name: str, value: str, kind: type, *, zero: bool) -> Any:
    value = value.strip()
    if kind in (int, float):
        try:
            number = kind(value)
        except ValueError:
            number = -1
        if not (0 < number < 1_000_000 or (zero and number == 0)):
            what = "a whole number" if kind is int else "a number"
            what += "" if zero else " above 0"
            raise ConfigError(f"{name} must be {what}, not “{value}”.")
        return number
    if issubclass(kind, Path):
        if not value:
            raise ConfigError(f"{name} must name a folder.")
        return Path(value)
    return value


def _check_oidc(settings: Settings) -> None:
    issuer, plain = settings.oidc_issuer, Settings()
    if not issuer:
        for name in ("client_id", "client_secret", "name", "scopes", "domains", "role"):
            if getattr(settings, f"oidc_{name}") != getattr(plain, f"oidc_{name}"):
                raise ConfigError(
                    f"WIKI_OIDC_{name.upper()} has no effect without WIKI_OIDC_ISSUER."
                )
        return
    if not is_safe_to_ask(issuer) or urlsplit(issuer).query or urlsplit(issuer).fragment:
        raise ConfigError(
            "WIKI_OIDC_ISSUER must look like https://id.example.org, without a query, "
            f"not “{issuer}”."
        )
    if len(issuer) > 500:
        raise ConfigError("WIKI_OIDC_ISSUER must have at most 500 characters.")
    if not is_safe_to_ask(settings.base_url):
        raise ConfigError(
            "WIKI_OIDC_ISSUER needs a WIKI_BASE_URL with https://: the provider sends people "
            f"back there, not to “{settings.base_url}”."
        )
    for name in ("client_id", "client_secret"):
        value = getattr(settings, f"oidc_{name}")
        if not re.fullmatch(r"[\x21-\x7e]{1,1000}", value):
            raise ConfigError(
                f"WIKI_OIDC_{name.upper()} must be the value that the provider gave for this wiki, "
                "without spaces."
            )
    if not settings.oidc_name.isprintable() or not 0 < len(settings.oidc_name) <= 40:
        raise ConfigError("WIKI_OIDC_NAME must be a name of at most 40 characters.")
    if "openid" not in settings.oidc_scopes.split() or not re.fullmatch(
        r"[\x21\x23-\x5b\x5d-\x7e ]+", settings.oidc_scopes
    ):
        raise ConfigError("WIKI_OIDC_SCOPES must be words, one of which is openid.")
    for domain in settings.oidc_email_domains:
        if not DOMAIN.fullmatch(domain):
            raise ConfigError(
                f"WIKI_OIDC_DOMAINS must be domains such as example.org, not “{domain}”."
            )
    if settings.oidc_role not in ("member", "guest"):
        raise ConfigError(
            f"WIKI_OIDC_ROLE must be “member” or “guest”, not “{settings.oidc_role}”."
        )
    if settings.oidc_role != plain.oidc_role and not settings.oidc_email_domains:
        raise ConfigError(
            "WIKI_OIDC_ROLE has no effect without WIKI_OIDC_DOMAINS: no one can create an account."
        )
    if settings.oidc_email_domains and "email" not in settings.oidc_scopes.split():
        raise ConfigError(
            "WIKI_OIDC_DOMAINS needs “email” in WIKI_OIDC_SCOPES, which provides the address."
        )


def _check_registration(settings: Settings) -> None:
    if settings.registration not in REGISTRATIONS:
        raise ConfigError(
            f"WIKI_REGISTRATION must be closed, invitation or domains, not "
            f"“{settings.registration}”."
        )
    for domain in domains_in(settings.registration_domains):
        if not DOMAIN.fullmatch(domain):
            raise ConfigError(
                f"WIKI_REGISTRATION_DOMAINS must be domains such as example.org, not “{domain}”."
            )
    if settings.registration == "domains" and not domains_in(settings.registration_domains):
        raise ConfigError(
            "WIKI_REGISTRATION=domains needs WIKI_REGISTRATION_DOMAINS: no one can create an "
            "account otherwise."
        )


def _check_addresses(settings: Settings) -> None:
    base = urlsplit(settings.base_url)
    if base.scheme not in ("http", "https") or not base.netloc or base.path.strip("/"):
        raise ConfigError(
            "WIKI_BASE_URL must look like https://wiki.example.org, without a path, "
            f"not “{settings.base_url}”."
        )
    if settings.database_url and not settings.database_url.startswith(
        ("sqlite:///", "postgresql+psycopg://")
    ):
        raise ConfigError(
            "WIKI_DATABASE_URL must begin with postgresql+psycopg:// or sqlite:/// (its value is "
            "not shown here because it may hold a password)."
        )
    if "@" not in settings.mail_from or not settings.mail_from.isprintable():
        raise ConfigError("WIKI_MAIL_FROM must be an address such as wiki@example.org.")
    if settings.smtp_url and urlsplit(settings.smtp_url).scheme not in ("smtp", "smtps"):
        raise ConfigError("WIKI_SMTP_URL must begin with smtp:// or smtps://.")
    if settings.imap_url and urlsplit(settings.imap_url).scheme not in ("imap", "imaps"):
        raise ConfigError("WIKI_IMAP_URL must begin with imap:// or imaps://.")


def _check_search(settings: Settings) -> None:
    if settings.search_engine not in (WHOOSH, POSTGRESQL):
        raise ConfigError(
            f"WIKI_SEARCH_ENGINE must be whoosh or postgresql, not “{settings.search_engine}”."
        )
    if settings.search_engine == POSTGRESQL and not settings.database_url.startswith("postgresql"):
        raise ConfigError(
            "WIKI_SEARCH_ENGINE=postgresql needs a PostgreSQL database in WIKI_DATABASE_URL."
        )


def _check(settings: Settings) -> None:
    _check_addresses(settings)
    _check_search(settings)
    if settings.access_log_from not in ("off", *(label.word for label in Label)):
        raise ConfigError(
            "WIKI_ACCESS_LOG_FROM must be public, internal, confidential, restricted or off, "
            f"not “{settings.access_log_from}”."
        )
    if settings.language not in LANGUAGES:
        raise ConfigError(
            f"WIKI_LANGUAGE must be one of {', '.join(LANGUAGES)}, not “{settings.language}”."
        )
    if zone_named(settings.time_zone) is None:
        raise ConfigError(
            f"WIKI_TIME_ZONE must be a name such as Europe/Berlin, not “{settings.time_zone}”."
        )
    if settings.space_label not in SPACE_LABELS:
        raise ConfigError(
            "WIKI_SPACE_LABEL must be internal, confidential or restricted, "
            f"not “{settings.space_label}”."
        )
    _check_registration(settings)
    if settings.secret_key and len(settings.secret_key) < 32:
        raise ConfigError("WIKI_SECRET_KEY must have at least 32 characters.")
    if settings.share_up_to not in ("off", "public", "internal"):
        raise ConfigError(
            "WIKI_SHARE_UP_TO must be “off”, “public” or “internal” (narrower pages are never "
            f"shared by link), not “{settings.share_up_to}”."
        )
    if settings.webhook_up_to not in ("off", "public", "internal", "confidential"):
        raise ConfigError(
            "WIKI_WEBHOOK_UP_TO must be “off”, “public”, “internal” or “confidential”, not "
            f"“{settings.webhook_up_to}”."
        )
    if settings.webhook_private not in ("yes", "no"):
        raise ConfigError(
            f"WIKI_WEBHOOK_PRIVATE must be “yes” or “no”, not “{settings.webhook_private}”."
        )
    if settings.share_days > settings.share_max_days:
        raise ConfigError("WIKI_SHARE_DAYS must not be above WIKI_SHARE_MAX_DAYS.")
    _check_oidc(settings)
