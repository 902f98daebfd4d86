"""The present settings of this wiki, without secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

from wiki.config import PREFIX, Settings
from wiki.errors import require_allowed
from wiki.i18n import pgettext
from wiki.rules.access import Actor, may_administer

_SECRETS = frozenset({"secret_key", "oidc_client_secret"})
# The part of an address before the host, and the query: both may contain a password.
_CREDENTIALS = re.compile(r"(?<=//).*(?=@)", re.DOTALL)
_QUERY = re.compile(r"(?<=\?).*", re.DOTALL)


@dataclass(frozen=True)
class Setting:
    """One setting: its variable, value, default and description."""

    name: str
    value: str
    default: str
    is_set: bool
    help: str


def list_settings(settings: Settings, actor: Actor) -> Sequence[Setting]:
    """Return all settings, in the order of the documentation, described in the reader's language.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_allowed(may_administer(actor))
    return [
        Setting(
            f"{PREFIX}{one.name.upper()}",
            _shown(one.name, getattr(settings, one.name)),
            str(one.default),
            getattr(settings, one.name) != one.default,
            str(one.metadata["help"]),
        )
        for one in fields(Settings)
    ]


def _shown(name: str, value: object) -> str:
    if name in _SECRETS:
        return pgettext("value of a secret", "set") if value else ""
    if name.endswith("_url"):
        return _QUERY.sub("…", _CREDENTIALS.sub("…", str(value)))
    return str(value)
