"""What admins set for the whole site in the browser: typed, one row each. Nothing secret goes here,
because each change is an event that says what it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Forbidden
from wiki.outbox.actions import announce
from wiki.outbox.events import SiteSettingChanged
from wiki.people.models import SiteSetting
from wiki.rules.access import Actor, may_administer

Value = TypeVar("Value")


@dataclass(frozen=True)
class Setting(Generic[Value]):
    """One thing to set: its key, what holds until somebody sets it, and how JSON becomes a value of
    its type (ValueError when it cannot)."""

    key: str
    default: Value
    parse: Callable[[Any], Value]


def read_setting(session: Session, setting: Setting[Value]) -> Value:
    """What holds now; the default also where a stored value makes no sense (any more)."""
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
    """Set something; returns whether it was otherwise before.

    :raises Forbidden: unless the actor administers.
    """
    decision = may_administer(actor)
    if not decision:
        raise Forbidden(decision.reason)
    if read_setting(session, setting) == value:
        return False
    new = {"value": value, "changed_at": now(), "changed_by_id": actor.person_id}
    dialect = session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    session.execute(
        insert(SiteSetting)
        .values(key=setting.key, **new)
        .on_conflict_do_update(index_elements=["key"], set_=new)
    )
    announce(session, actor, SiteSettingChanged(setting.key, value))
    return True
