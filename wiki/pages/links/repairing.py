"""Repairs of links in the texts of many pages: the slow part, done before anything is locked."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import astuple, dataclass, field
from functools import cached_property

from sqlalchemy.orm import Session

from wiki.pages.models import Page, Revision
from wiki.pages.texts.stored import get_text
from wiki.text.markdown.context import RenderContext
from wiki.text.rewrite.repair import Moves, Repair
from wiki.text.sandbox.parent import CHILDREN, repair_safely

Link = tuple[str, str, str, str]
"""Kind, slug of the space, key of the path, and fragment."""

MOST = 3000
"""Maximum number of pages in which links are repaired at once; in the others, links work through
redirects."""

SECONDS = 1.0
"""Maximum time for one page in seconds; if it takes longer, its links are left as they are."""

ALTOGETHER = 60.0
"""Maximum time for all pages in seconds; the remaining ones are left as they are."""

_AHEAD = 64
"""Maximum number of texts that are read ahead of the one that is being repaired."""


@dataclass(frozen=True)
class Task:
    """A repair of a page's newest text: its place before and after, and the moves of the places
    that it links to."""

    page: Page
    revision: Revision
    before: RenderContext
    after: RenderContext
    moves: Moves

    @cached_property
    def key(self) -> str:
        """A hash of everything that the outcome depends on."""
        places = sorted((*place, *new) for place, new in self.moves.places.items())
        sections = sorted((*section, new) for section, new in self.moves.sections.items())
        decides = (
            *(self.revision.content_hash, astuple(self.before), astuple(self.after)),
            *(places, sections, sorted(self.moves.meant.items()), sorted(self.moves.holds)),
        )
        return hashlib.sha256(repr(decides).encode()).hexdigest()


@dataclass
class Repairs:
    """The outcomes of repairs by the keys of their tasks; None for a text that takes too long.

    A screen computes them and passes them to the action, which then computes only new ones.
    """

    done: dict[str, Repair | None] = field(default_factory=dict)

    def of(self, task: Task) -> Repair | None:
        """Return the outcome of a task that was processed."""
        return self.done[task.key]

    def work(self, session: Session, tasks: Sequence[Task]) -> None:
        """Process the tasks that have no outcome yet."""
        ends_at = time.monotonic() + ALTOGETHER
        working: deque[tuple[str, Future[Repair | None]]] = deque()
        with ThreadPoolExecutor(CHILDREN) as pool:
            for task in tasks:
                if task.key in self.done:
                    continue
                self.done[task.key] = None
                if time.monotonic() > ends_at:
                    continue
                text = get_text(session, task.revision.content_hash)
                working.append((task.key, pool.submit(_repair, task, text)))
                if len(working) > _AHEAD:
                    self._take(*working.popleft())
            for key, made in working:
                self._take(key, made)

    def _take(self, key: str, made: Future[Repair | None]) -> None:
        self.done[key] = made.result()


def _repair(task: Task, text: str) -> Repair | None:
    return repair_safely(text, task.before, task.after, task.moves, seconds=SECONDS)


def only(moves: Moves, links: Iterable[Link]) -> Moves:
    """Return those of the moves that affect these links."""
    places, sections = {}, {}
    for kind, slug, key, fragment in links:
        place = ("page" if kind == "anchor" else kind, slug, key)
        if place in moves.places:
            places[place] = moves.places[place]
        if (slug, key, fragment) in moves.sections:
            sections[slug, key, fragment] = moves.sections[slug, key, fragment]
    return Moves(places, sections)
