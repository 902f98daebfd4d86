"""Repairing links in the texts of many pages: the slow part, done before anything is locked."""

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
from wiki.pages.texts import get_text
from wiki.text.markdown.destinations import RenderContext
from wiki.text.rewrite.repair import Moves, Repair
from wiki.text.sandbox.parent import CHILDREN, repair_safely

Link = tuple[str, str, str, str]
"""Kind, slug of the space, key of the path, and fragment."""

MOST = 3000
"""Pages in which links are repaired at once; in more, they hold through redirects."""

SECONDS = 1.0
"""What one page may take; where it takes longer, its links stay as they are."""

ALTOGETHER = 60.0
"""What all of them may take before the rest is left."""

_AHEAD = 64
"""Texts that are read before the one that is being repaired."""


@dataclass(frozen=True)
class Task:
    """A page's newest text to be repaired: from where it stands to where it will, for what has
    moved among the places that it links to."""

    page: Page
    revision: Revision
    before: RenderContext
    after: RenderContext
    moves: Moves

    @cached_property
    def key(self) -> str:
        """A hash of all that decides the outcome."""
        places = sorted((*place, *new) for place, new in self.moves.places.items())
        sections = sorted((*section, new) for section, new in self.moves.sections.items())
        decides = (
            *(self.revision.content_hash, astuple(self.before), astuple(self.after)),
            *(places, sections, sorted(self.moves.meant.items()), sorted(self.moves.holds)),
        )
        return hashlib.sha256(repr(decides).encode()).hexdigest()


@dataclass
class Repairs:
    """The outcomes so far by the keys of their tasks; None for a text that takes too long.

    Made while looking, and handed to the action, which then has to do only what is new.
    """

    done: dict[str, Repair | None] = field(default_factory=dict)

    def of(self, task: Task) -> Repair | None:
        """The outcome of a task that was worked through."""
        return self.done[task.key]

    def work(self, session: Session, tasks: Sequence[Task]) -> None:
        """Do those that are not done yet."""
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
    """Of what has moved, what these links lead to."""
    places, sections = {}, {}
    for kind, slug, key, fragment in links:
        place = ("page" if kind == "anchor" else kind, slug, key)
        if place in moves.places:
            places[place] = moves.places[place]
        if (slug, key, fragment) in moves.sections:
            sections[slug, key, fragment] = moves.sections[slug, key, fragment]
    return Moves(places, sections)
