"""The history of a space as commits: one for each revision, deletion, restoration and file, in the
order of events.

Only what the actor may read is committed. The same history always makes the same commits, whether
it is exported in one run or in several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from wiki.attachments.events import FileAdded, FileRemoved
from wiki.attachments.models import Attachment
from wiki.attachments.storage import DamagedFile, Storage
from wiki.outbox.models import EventRow
from wiki.pages.events import PageDeleted, PageMoved
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.pages.queries import readable_by
from wiki.pages.texts.stored import get_texts
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.paths import ancestors_of, join
from wiki.transfer.exporting import file_text
from wiki.transfer.git import trailers
from wiki.transfer.git.fast_import import Signature, Stream
from wiki.transfer.git.page_states import OF_FILES, REVISED, PageStates, State, number_of
from wiki.transfer.git.signatures import Signatures
from wiki.transfer.git.space_events import AT_THE_END, PURGED, REDACTED, SpaceEvents
from wiki.transfer.git.tree import Tree
from wiki.transfer.kept_order import ORDER_FILE, written_order
from wiki.transfer.kept_space import SPACE_FILE, written_space
from wiki.transfer.layout import file_of, page_of

AT_ONCE = 200
"""Number of events read from the database at once."""
TEXTS_AT_ONCE = 40
"""Number of texts held in memory at once."""
_KEPT = {
    ORDER_FILE: ("order", "Order the pages"),
    SPACE_FILE: ("space", "Change the name or look of the space"),
}
"""The action and the message of a commit of each file that is kept beside the pages."""


@dataclass
class _Slice:
    """A batch of events, and the rows that they refer to."""

    events: Sequence[EventRow]
    revisions: dict[tuple[int, int], Revision] = field(default_factory=dict)
    readable: set[int] = field(default_factory=set)


class SpaceHistory:
    """The history of a space while it is written to a repository, limited to what an actor may
    read.

    ``tree`` is the set of files in the repository. ``events`` and ``commits`` count what was
    written.

    :param domain: of the addresses that stand for accounts (``users_domain``).
    """

    def __init__(
        self,
        session: Session,
        actor: Actor,
        space: Space,
        storage: Storage,
        *,
        domain: str,
    ) -> None:
        self.session = session
        self.actor = actor
        self.space = space
        self.storage = storage
        self.happened = SpaceEvents(session, space)
        self.tree = Tree(())
        self.events = 0
        self.commits = 0
        self.problems: list[str] = []
        self._states = PageStates(session)
        self._signatures = Signatures(session, domain)
        self._written: dict[int, str] = {}

    def run(self, stream: Stream, after: int, until: int) -> Iterator[int]:
        """Commit the events of the space after one event id and until another. Yield, after each
        slice, the id of the last event that was written to the stream."""
        left = self.happened.moved_out(after, until)
        while True:
            events = self.happened.some(after, until, AT_ONCE)
            last = events[-1].id if len(events) == AT_ONCE else until
            moved = [one for one in left if one.id <= last]
            left = left[len(moved) :]
            some = self._load(sorted([*events, *moved], key=lambda row: row.id))
            texts: dict[str, str] = {}
            for position, event in enumerate(some.events):
                if position % TEXTS_AT_ONCE == 0:
                    texts = self._texts(some, position)
                self._commit(stream, some, event, texts)
            self.session.expunge_all()
            self._states.clear()
            self.events += len(some.events)
            after = last
            yield after
            if after >= until:
                return

    def kept_files(self) -> dict[str, str]:
        """Return the texts of the files with the order of the pages and with the name and look of
        the space; empty for a file that has nothing to say."""
        order = written_order(self.session, self.actor, self.space)
        return {ORDER_FILE: order, SPACE_FILE: written_space(self.space)}

    def commit_kept(self, stream: Stream, name: str, text: str, until: int) -> None:
        """Commit one of these files with the newest event, as part of which it changed."""
        event = self.happened.last(until)
        if event is None:
            return
        self._signatures.load({event.actor_id})
        page = "" if event.page_id is None else str(event.page_id)
        action, made_up = _KEPT[name]
        self._begin(
            stream,
            event,
            made_up=made_up,
            details={trailers.ACTION: action, trailers.PAGE: page},
        )
        if text:
            self.tree.add(name)
            stream.write(name, text.encode())
        elif self.tree.remove(name):
            stream.remove(name)

    def _load(self, events: Sequence[EventRow]) -> _Slice:
        """Load the revisions of the events, those before them, and the ids of readable pages."""
        some = _Slice(events)
        ids = {event.page_id for event in events if event.page_id is not None}
        wanted: dict[int, set[int]] = {}
        for event in events:
            if event.name in REVISED and event.page_id is not None:
                number = number_of(event)
                wanted.setdefault(event.page_id, set()).update((number, number - 1))
        if wanted:
            # One condition for each page: for a list of pairs SQLite would scan all revisions.
            those = [
                and_(Revision.page_id == page_id, Revision.number.in_(numbers))
                for page_id, numbers in wanted.items()
            ]
            for revision in self.session.scalars(select(Revision).where(or_(*those))):
                some.revisions[revision.page_id, revision.number] = revision
        if ids:
            readable = select(Page.id).where(Page.id.in_(ids), readable_by(self.actor))
            some.readable = set(self.session.scalars(readable))
        self._signatures.load({one.author_id for one in some.revisions.values()})
        self._signatures.load({event.actor_id for event in events})
        return some

    def _texts(self, some: _Slice, start: int) -> dict[str, str]:
        hashes = set()
        for event in some.events[start : start + TEXTS_AT_ONCE]:
            if event.name in REVISED:
                revision = some.revisions.get((event.page_id or 0, number_of(event)))
                if revision is not None:
                    hashes.add(revision.content_hash)
        return get_texts(self.session, hashes) if hashes else {}

    def _commit(self, stream: Stream, some: _Slice, event: EventRow, texts: dict[str, str]) -> None:
        if event.name == PURGED:
            self._purge(stream, event)
        elif event.name == REDACTED:
            self._redaction(stream, some, event)
        elif event.name in OF_FILES:
            self._file(stream, some, event)
        elif event.name in REVISED:
            self._revision(stream, some, event, texts)
        elif event.name == PageDeleted.__name__:
            self._deletion(stream, event)
        elif event.name not in AT_THE_END:
            self._restoration(stream, some, event)

    def _revision(
        self, stream: Stream, some: _Slice, event: EventRow, texts: dict[str, str]
    ) -> None:
        page_id, number = event.page_id or 0, number_of(event)
        revision = some.revisions.get((page_id, number))
        previous = some.revisions.get((page_id, number - 1))
        before = self._states.before_revision(event, previous)
        if event.space_id != self.space.id or page_id not in some.readable or revision is None:
            # Moved to another space, not readable, or purged.
            if before is not None and before.live and event.name == PageMoved.__name__:
                self._take_out(stream, event, before)
            if revision is not None:
                self._states.set(page_id, revision, live=True)
            return
        self._states.set(page_id, revision, live=True)
        here = before is not None and before.live and before.revision.space_id == self.space.id
        old = file_of(before.revision.path, before.revision.folder) if before and here else ""
        new = file_of(revision.path, revision.folder)
        moves = old not in ("", new) and old in self.tree.files
        is_purged = getattr(revision, "purged_at", None) is not None
        body = None if is_purged else texts.get(revision.content_hash)
        if body is None and not is_purged:
            self.problems.append(
                f"The text of revision {number} of {revision.path or 'the home page'} is left "
                "out: it is gone or damaged."
            )
        if body is None and not moves:
            return
        self._begin(
            stream,
            event,
            made_up=f"{_deed(revision.action)} {revision.path or self.space.title}",
            details={
                trailers.ACTION: revision.action,
                trailers.PAGE: str(page_id),
                trailers.REVISION: str(number),
                trailers.BASE: str(revision.base or ""),
            },
            revision=revision,
        )
        if body is None:
            self._rename(stream, old, new)
        else:
            if moves:
                self.tree.remove(old)
                stream.remove(old)
            self._write(stream, revision, body)
        if before is not None and here and before.revision.path != revision.path:
            for file in self._states.files_of(event):
                place = join(before.revision.path, file.name)
                self._rename(stream, place, join(revision.path, file.name))
        elif event.name == PageMoved.__name__ and not here:
            self._add_files(stream, event, revision.path)

    def _deletion(self, stream: Stream, event: EventRow) -> None:
        before = self._states.before(event)
        if before is not None:
            self._states.set(event.page_id or 0, before.revision, live=False)
            if before.revision.space_id == self.space.id:
                self._take_out(stream, event, before)

    def _take_out(self, stream: Stream, event: EventRow, before: State) -> None:
        """Commit the removal of a page, if it is in the repository."""
        old = file_of(before.revision.path, before.revision.folder)
        files = self._states.files_of(event)
        places = [old, *(join(before.revision.path, one.name) for one in files)]
        if old not in self.tree.files:
            return
        self._begin(
            stream,
            event,
            made_up=f"Delete {before.revision.path or self.space.title}",
            details={trailers.ACTION: "delete", trailers.PAGE: str(event.page_id)},
        )
        for place in places:
            if self.tree.remove(place):
                stream.remove(place)

    def _purge(self, stream: Stream, event: EventRow) -> None:
        """Commit the removal of a page that was purged, and of its files: those below it that do
        not belong to a page nearer to them."""
        path = str(event.payload.get("path", ""))
        own = {file_of(path, False), file_of(path, True)} & self.tree.files
        if not own:
            return
        pages = {page_of(place)[0] for place in self.tree.files if place.casefold().endswith(".md")}
        for place in list(self.tree.files):
            if f"{place}/".startswith(f"{path}/" if path else "") and place not in own:
                above = next((one for one in reversed(ancestors_of(place)) if one in pages), None)
                if above == path and not place.casefold().endswith(".md"):
                    own.add(place)
        self._begin(
            stream,
            event,
            made_up=f"Purge {path or self.space.title}",
            details={trailers.ACTION: "delete", trailers.PAGE: str(event.page_id)},
        )
        for place in sorted(own):
            self.tree.remove(place)
            stream.remove(place)

    def _redaction(self, stream: Stream, some: _Slice, event: EventRow) -> None:
        """Commit the redacted text of a page, if the repository has an unredacted one."""
        page_id, state = event.page_id or 0, self._states.before(event)
        if state is None or not state.live or state.revision.space_id != self.space.id:
            return
        revision = state.revision
        place = file_of(revision.path, revision.folder)
        is_known = self._written.get(page_id) == revision.content_hash
        if is_known or page_id not in some.readable or place not in self.tree.files:
            return
        body = get_texts(self.session, [revision.content_hash]).get(revision.content_hash)
        if body is None:
            return
        self._begin(
            stream,
            event,
            made_up=f"Redact {revision.path or self.space.title}",
            details={trailers.ACTION: "redact", trailers.PAGE: str(page_id)},
        )
        self._write(stream, revision, body)

    def _restoration(self, stream: Stream, some: _Slice, event: EventRow) -> None:
        page_id = event.page_id or 0
        before = self._states.before(event)
        if before is None:
            return
        revision = self._states.restored(before.revision, str(event.payload.get("path", "")))
        self._states.set(page_id, revision, live=True)
        if page_id not in some.readable or revision.space_id != self.space.id:
            return
        body = get_texts(self.session, [revision.content_hash]).get(revision.content_hash)
        if body is None:
            return  # reported when the revision was committed
        details = {trailers.ACTION: "restore", trailers.PAGE: str(page_id)}
        if revision.number != before.revision.number:
            details[trailers.REVISION] = str(revision.number)
        self._begin(
            stream,
            event,
            made_up=f"Restore {revision.path or self.space.title}",
            details=details,
        )
        self._write(stream, revision, body)
        self._add_files(stream, event, revision.path)

    def _file(self, stream: Stream, some: _Slice, event: EventRow) -> None:
        name, path = str(event.payload.get("name", "")), ""
        if not name:
            return
        details = {trailers.ACTION: "attach" if event.name == FileAdded.__name__ else "detach"}
        if event.page_id is not None:
            state = self._states.before(event)
            if state is None or not state.live or state.revision.space_id != self.space.id:
                return
            path = state.revision.path
            details[trailers.PAGE] = str(event.page_id)
        place = join(path, name)
        if event.name == FileRemoved.__name__:
            if place in self.tree.files:
                self._begin(stream, event, made_up=f"Remove {place}", details=details)
                self.tree.remove(place)
                stream.remove(place)
            return
        if event.page_id is not None and event.page_id not in some.readable:
            return
        file = self.session.get(Attachment, int(event.payload.get("attachment_id", 0)))
        if file is not None and self._is_free(place):
            self._begin(stream, event, made_up=f"Add {place}", details=details)
            self._copy(stream, place, file)

    def _rename(self, stream: Stream, old: str, new: str) -> None:
        if old in self.tree.files and self._is_free(new):
            self.tree.remove(old)
            self.tree.add(new)
            stream.rename(old, new)

    def _add_files(self, stream: Stream, event: EventRow, path: str) -> None:
        for file in self._states.files_of(event):
            place = join(path, file.name)
            if self._is_free(place):
                self._copy(stream, place, file)

    def _write(self, stream: Stream, revision: Revision, body: str) -> None:
        text = Text(
            title=revision.title,
            body=body,
            tags=tuple(revision.tags),
            description=revision.description,
            fields=dict(revision.fields),
            front_matter=revision.front_matter,
        )
        place = file_of(revision.path, revision.folder)
        if self._is_free(place):
            self.tree.add(place)
            self._written[revision.page_id] = revision.content_hash
            stream.write(place, file_text(text, revision.path).encode())

    def _copy(self, stream: Stream, place: str, file: Attachment) -> None:
        try:
            with self.storage.open(file.sha256, file.size) as data:
                stream.copy(place, data, file.size)
        except DamagedFile as error:
            self.problems.append(f"{place} is left out: {error}")
        else:
            self.tree.add(place)

    def _is_free(self, place: str) -> bool:
        clash = self.tree.clash(place)
        if clash:
            self.problems.append(f"{place} is left out: {clash}.")
        return not clash

    def _begin(
        self,
        stream: Stream,
        event: EventRow,
        *,
        made_up: str,
        details: dict[str, str],
        revision: Revision | None = None,
    ) -> None:
        """Start the commit of an event: its author, time, message and trailers. Those of its
        revision take precedence."""
        who = self._signatures.of(event.actor_id if revision is None else revision.author_id)
        message = revision.message if revision else ""
        said = {name: value for name, value in details.items() if value}
        signed = Signature(who.name, who.address).line(event.at)
        if not signed.startswith(f"{who.name} <".encode("utf-8", "replace")):
            said[trailers.AUTHOR] = who.name
        if not message:
            said[trailers.MESSAGE] = "none"
        said[trailers.EVENT] = str(event.id)
        whole = trailers.with_trailers(message or made_up, said)
        stream.commit(who, revision.created_at if revision else event.at, whole)
        self.commits += 1


def _deed(action: str) -> str:
    return {
        "create": "Write",
        "merge": "Edit",
        "revert": "Restore an older text of",
        "undo": "Undo a change of",
        "move": "Move",
        "import": "Import",
    }.get(action, "Edit")
