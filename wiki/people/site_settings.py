"""Settings of the whole site that admins change in the browser: typed, one row each. They must not
contain secrets, because each change is an event with the new value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.db import insert_into, now
from wiki.errors import require_allowed
from wiki.outbox.actions import publish
from wiki.people.events import SiteSettingChanged
from wiki.people.models import SiteSetting
from wiki.rules.access import Actor, may_administer

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting(Generic[Value]):
    """A setting: its key, its default, and the function that converts JSON to its type (it raises
    ValueError if it cannot)."""

    key: str
    default: Value
    parse: Callable[[Any], Value]


def read_setting(session: Session, setting: Setting[Value]) -> Value:
    """Return the current value; the default if none is stored or the stored one is invalid."""
    row = session.execute(
        select(SiteSetting.value).where(SiteSetting.key == setting.key)
    ).one_or_none()
    if row is None:
        return setting.default
    try:
        return setting.parse(row[0])
    except (TypeError, ValueError):
        return setting.default


def change_setting(session: Session, actor: Actor, setting: Setting[Value], value: Value) -> bool:
    """Change a setting; return whether the value was different before.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    if read_setting(session, setting) == value:
        return False
    store_setting(session, actor, setting.key, value)
    publish(session, actor, SiteSettingChanged(setting.key, value))
    return True


def store_setting(session: Session, actor: Actor, key: str, value: Any) -> None:
    """Store a value without an event; the caller checks permission and publishes."""
    new = {"value": value, "changed_at": now(), "changed_by_id": actor.person_id}
    session.execute(
        insert_into(session, SiteSetting)
        .values(key=key, **new)
        .on_conflict_do_update(index_elements=["key"], set_=new)
    )
