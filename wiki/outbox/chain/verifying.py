"""Verification that events were not changed, removed, inserted or cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from wiki.db import Database
from wiki.outbox.chain import links as chain
from wiki.outbox.chain.links import LASTING, PASSING, End, Proof, Seal
from wiki.outbox.event import policy_of
from wiki.outbox.events import EventsScrubbed
from wiki.outbox.models import ChainEnd, EventRow
from wiki.people.imported.events import PlaceholderClaimed
from wiki.web.origin import shorten
from wiki.web.screens.filters import exact

AT_ONCE = 2000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Verdict:
    """The result of a check of the chains. ``fault`` is a sentence about the first fault, empty if
    there is none. ``ends`` are the last links, which can be noted elsewhere."""

    count: int
    until_id: int
    fault: str
    ends: tuple[str, str]


@dataclass
class _Walk:
    """The position in one chain."""

    end: End
    last_id: int = 0
    link: bytes = b""
    count: int = 0
    # The link before the present one, and an event that does not follow the present one.
    before: bytes = b""
    odd: Row[Any] | None = None
    # The event after which ids are missing, since the last event of this chain.
    gap: int | None = None


@dataclass
class _Scrubbed:
    """Events of a page whose payloads were scrubbed."""

    first_id: int
    now: Proof = field(default_factory=Proof)
    count: int = 0
    proven: int = 0


def verify(database: Database, progress: Progress = lambda _done, _all: None) -> Verdict:
    """Follow both chains from their anchors to their ends."""
    with database.read() as session:
        if not database.is_sqlite:  # one snapshot of ends and events
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        return _Check(session, Seal(database.key), progress).run()


class _Check:
    def __init__(self, session: Session, seal: Seal, progress: Progress) -> None:
        self.session = session
        self.seal = seal
        self.progress = progress
        found = session.execute(select(*(getattr(ChainEnd, name) for name in _OF_END))).all()
        self.ends = {row.name: End(*row) for row in found}
        self.walks = {
            name: _Walk(
                end := self.ends.get(name, End(name)), end.anchor_id, end.anchor, end.anchor_count
            )
            for name in (LASTING, PASSING)
        }
        self.merged = self._merges()
        self.scrubbed: dict[int, _Scrubbed] = {}
        self.previous_id = 0

    def run(self) -> Verdict:
        """Return the verdict, with the first fault if there is one."""
        rows = self.session.execute(
            select(*_COLUMNS).order_by(EventRow.id).execution_options(yield_per=AT_ONCE)
        )
        total = self.session.scalar(select(func.count()).select_from(EventRow)) or 0
        fault = ""
        for done, row in enumerate(rows):
            fault = self._follow(row)
            if fault:
                rows.close()
                fault = self._earlier(row.id) or fault
                break
            if done % AT_ONCE == 0:
                self.progress(done, max(total, 1))
        fault = fault or self._at_the_end()
        self.progress(1, 1)
        lasting, passing = (self.walks[name] for name in (LASTING, PASSING))
        return Verdict(
            lasting.count + passing.count,
            max(lasting.last_id, passing.last_id),
            fault,
            (lasting.link.hex(), passing.link.hex()),
        )

    def _follow(self, row: Row[Any]) -> str:
        if row.id > self.previous_id + 1:
            for one in self.walks.values():
                if one.gap is None and one.odd is None:
                    one.gap = self.previous_id
        self.previous_id = row.id
        if row.link is None and not policy_of(row.name).chained:
            return ""
        walk = self.walks[chain.name_of(row.passing)]
        if walk.odd is not None:
            return self._judge(walk, walk.odd, row)
        if row.link is None or not self._fits(walk.link, row):
            if row.link is None:
                return f"{_words(row)} was inserted: the wiki did not write it."
            walk.odd = row
            return ""
        walk.before, walk.link, walk.last_id = walk.link, row.link, row.id
        walk.count += 1
        walk.gap = None
        return self._look_at(walk, row)

    def _earlier(self, id: int) -> str:
        """Return the fault of the other chain if it comes before this event."""
        for walk in self.walks.values():
            if walk.odd is not None and walk.odd.id < id:
                return self._judge(walk, walk.odd, None)
        return ""

    def _judge(self, walk: _Walk, odd: Row[Any], following: Row[Any] | None) -> str:
        """Return the fault of an event that does not follow the one before it."""
        if walk.before and self._fits(walk.before, odd):
            return f"Event {walk.last_id} was inserted: {_words(odd, False)} followed another one."
        if following is not None and self._fits(walk.link, following):
            return f"{_words(odd)} was inserted: the wiki did not write it."
        if walk.gap is not None:
            begin = f"after event {walk.gap}" if walk.gap else "before it"
            return f"{_words(odd)} was changed, or events {begin} were removed."
        return f"{_words(odd)} was changed."

    def _look_at(self, walk: _Walk, row: Row[Any]) -> str:
        """Check the removed parts of an event, and evaluate proofs of scrubbed payloads."""
        if row.address_hash is not None and not _address_fits(row, walk.end):
            return f"{_words(row)} was changed: it names another address than it did."
        if row.said is not None:
            if row.page_id is None:
                return f"{_words(row)} was changed: it says less than it did."
            page = self.scrubbed.setdefault(row.page_id, _Scrubbed(row.id))
            page.now.add(row.id, row.payload)
            page.count += 1
        if row.name == EventsScrubbed.__name__:
            page = self.scrubbed.get(row.page_id or 0) or _Scrubbed(row.id)
            if page.now.words() == row.payload.get("proof"):
                page.proven = page.count
        return ""

    def _at_the_end(self) -> str:
        for name in (LASTING, PASSING):
            walk = self.walks[name]
            if walk.odd is not None:
                return self._judge(walk, walk.odd, None)
            if name not in self.ends:
                return "The record of where the chain of events ends was removed."
            end = walk.end
            if (walk.count, walk.last_id, walk.link) != (end.count, end.last_id, end.last):
                return (
                    f"The newest events were cut off after event {walk.last_id}: "
                    f"event {walk.end.last_id} was the last one."
                )
            if not self.seal.fits(walk.end):
                return (
                    "The end of the chain of events is not signed with this wiki’s key: events may "
                    "have been cut off after event "
                    f"{walk.last_id}. If the key was changed, `wiki audit seal` signs it anew."
                )
        unproven = [one.first_id for one in self.scrubbed.values() if one.proven != one.count]
        if unproven:
            return f"Event {min(unproven)} was changed: it says less than it did."
        return ""

    def _fits(self, before: bytes, row: Row[Any]) -> bool:
        """Return whether an event follows a link, with its present actor or with one whose work was
        merged into the present actor later."""
        said = row.said or chain.said_hash(row.salt or b"", row.name, row.payload)
        if row.link == _link(before, row, row.actor_id, said):
            return True
        return any(
            row.link == _link(before, row, doer, said)
            for since, doer in self.merged.get(row.actor_id, ())
            if since > row.id
        )

    def _merges(self) -> dict[int | None, list[tuple[int, int]]]:
        """Return the placeholders whose work each person took over, with the id of the event."""
        found: dict[int | None, list[tuple[int, int]]] = {}
        for id, payload in self.session.execute(
            select(EventRow.id, EventRow.payload)
            .where(EventRow.name == PlaceholderClaimed.__name__)
            .order_by(EventRow.id)
        ):
            into, placeholder = payload.get("person_id"), payload.get("placeholder_id")
            before = [(id, one) for _, one in found.get(placeholder, ())]
            found.setdefault(into, []).extend([(id, placeholder), *before])
        return found


def _link(before: bytes, row: Row[Any], doer: int | None, said: bytes) -> bytes:
    facts = chain.facts_of(row)._replace(actor_id=doer)
    return chain.link(before, facts, said, row.address, row.address_hash)


def _address_fits(row: Row[Any], end: End) -> bool:
    if row.address is None:
        return False
    if row.address_salt is None:
        shortened = shorten(row.address) == row.address
        return bool(row.id <= end.shortened_id and shortened)
    return bool(chain.address_hash(row.address_salt, row.address) == row.address_hash)


def _words(row: Row[Any], begins: bool = True) -> str:
    return f"{'Event' if begins else 'event'} {row.id} ({row.name}, {exact(row.at)})"


_OF_END = tuple(End.__dataclass_fields__)
_COLUMNS = (
    EventRow.id,
    EventRow.name,
    EventRow.at,
    EventRow.actor_id,
    EventRow.space_id,
    EventRow.page_id,
    EventRow.payload,
    EventRow.audited,
    EventRow.passing,
    EventRow.address,
    EventRow.address_salt,
    EventRow.address_hash,
    EventRow.salt,
    EventRow.said,
    EventRow.link,
)
