"""Signing of the chains of events anew, after a change of the wiki's key or a loss of events."""

from __future__ import annotations

from dataclasses import replace
from os import urandom
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from wiki.errors import require_allowed
from wiki.outbox.actions import ends_of, publish, take_turn, write_end
from wiki.outbox.chain import links as chain
from wiki.outbox.chain.links import SALT_BYTES, End, Seal, name_of
from wiki.outbox.event import policy_of
from wiki.outbox.events import ChainSealed
from wiki.outbox.models import EventRow
from wiki.rules.access import Actor, may_administer
from wiki.web.origin import shorten

AT_ONCE = 2000


def seal_anew(session: Session, actor: Actor, fault: str) -> int:
    """Accept the present events as they are, bind them in new chains and sign the ends. An event
    records this together with the fault. Return the number of events.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_allowed(may_administer(actor))
    take_turn(session)
    ends = {
        name: replace(end, last_id=end.anchor_id, last=end.anchor, count=end.anchor_count)
        for name, end in ends_of(session).items()
    }
    connection, after = session.connection(), -1
    while rows := connection.execute(_ROWS, {"after": after, "most": AT_ONCE}).all():
        chained = [row for row in rows if row.link is not None or policy_of(row.name).chained]
        if bound := [_bound(row, ends) for row in chained]:
            connection.execute(_BOUND, bound)
        after = rows[-1].id
    seal = Seal(session.info.get("key"))
    for end in ends.values():
        write_end(session, replace(end, signature=seal.sign(end)))
    count = sum(end.count for end in ends.values())
    publish(session, actor, ChainSealed(count, fault))
    return count


def _bound(row: Any, ends: dict[str, End]) -> dict[str, Any]:
    salt = row.salt or urandom(SALT_BYTES)
    address, address_hash = row.address, None
    end = ends[name_of(row.passing)]
    if address is not None and row.address_salt is not None:
        address_hash = chain.address_hash(row.address_salt, address)
    elif address is not None:
        address, address_hash = shorten(address), row.address_hash
        end = replace(end, shortened_id=max(end.shortened_id, row.id))
    said = chain.said_hash(salt, row.name, row.payload)
    link = chain.link(end.last, chain.facts_of(row), said, address, address_hash)
    ends[end.name] = replace(end, last_id=row.id, last=link, count=end.count + 1)
    return {
        "of": row.id,
        "salt": salt,
        "said": None,
        "address": address,
        "address_hash": address_hash,
        "link": link,
    }


_TABLE = EventRow.__table__
_ROWS = (
    select(_TABLE)
    .where(_TABLE.c.id > bindparam("after"))
    .order_by(_TABLE.c.id)
    .limit(bindparam("most"))
)
_BOUND = (
    update(EventRow)
    .where(EventRow.id == bindparam("of"))
    .values({one: bindparam(one) for one in ("salt", "said", "address", "address_hash", "link")})
)
