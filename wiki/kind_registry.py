"""The registered kinds of pages, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.i18n import listed
from wiki.kind import DEFAULT, KEY, Kind

_KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> None:
    """Add kinds to those that the wiki knows. A kind replaces one of the same name."""
    _KINDS.update({kind.name: kind for kind in kinds})


def forget(kind: Kind) -> None:
    """Remove a kind. Its pages stay what they are, and show its fields as plain entries."""
    _KINDS.pop(kind.name, None)


def registered_kinds() -> tuple[Kind, ...]:
    """Return the kinds, in the order of the list in ``wiki/kinds``."""
    return tuple(_KINDS.values())


def kind_names() -> list[str]:
    """Return the names of the kinds, in the same order."""
    return list(_KINDS)


def kind_named(name: str) -> Kind:
    """Return the kind of that name; one without fields if it is not registered."""
    return _KINDS.get(name) or Kind(name, name.capitalize(), "file-text")


def kind_of(fields: Mapping[str, Any]) -> Kind:
    """Return the kind that the front matter of a page names."""
    name = fields.get(KEY)
    return kind_named(name if isinstance(name, str) and name in _KINDS else DEFAULT)


def require_kind(name: str) -> Kind:
    """Return the registered kind of that name.

    :raises Invalid: when there is none.
    """
    if name not in _KINDS:
        names = listed([_("“%(text)s”", text=one) for one in _KINDS])
        raise Invalid(
            _("This kind of page doesn’t exist. Available kinds: %(names)s", names=names), field=KEY
        )
    return _KINDS[name]
