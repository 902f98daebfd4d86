"""Lanes for work that takes long, so that whoever is shown a page always gets a thread.

Such work waits for another process (``wiki/text/sandbox.py``), and the thread that asked waits with
it. Only a few requests of a web process may do so at once, and of these one person or address only
a share; the others are told to come back rather than kept.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from flask import Flask, current_app

from wiki.errors import Busy
from wiki.web.pace import whom
from wiki.web.request import actor

log = logging.getLogger(__name__)

PLACES = 4
"""Requests in the lane for comparisons at once, of which one is worked on: half of the threads of a
process."""

SHARE = 2
"""Those of one person, or of one address without an account."""

STRANGERS = 3
"""Those of all who are not signed in: there is a place for somebody who is."""

AGAIN = 3
"""Seconds after which to come back."""


class Lane:
    """Who is in a lane of this process.

    :param what: what is done in it, for people who find it full.
    :param places: how many requests may be in it.
    :param share: how many of one person, or of one address without an account.
    :param strangers: how many of all who are not signed in.
    :param turns: whether one is worked on after another.
    """

    def __init__(
        self, what: str, *, places: int, share: int, strangers: int, turns: bool = False
    ) -> None:
        self.what, self.places, self.share, self.strangers = what, places, share, strangers
        self.turns = turns
        self._held = threading.Lock()
        self._turn = threading.Lock()
        self._inside: Counter[str] = Counter()
        self._strangers = 0

    @contextmanager
    def place(self, who: str, *, stranger: bool) -> Iterator[None]:
        """Hold a place for somebody, and run the block when it is their turn.

        :param who: an empty name stands for people who cannot be told apart, and has no share.
        :raises Busy: when there is no place for them.
        """
        self._enter(who, stranger=stranger)
        try:
            with self._turn if self.turns else nullcontext():
                yield
        finally:
            self._leave(who, stranger=stranger)

    def _enter(self, who: str, *, stranger: bool) -> None:
        with self._held:
            full = self._inside.total() >= self.places
            full = full or (bool(who) and self._inside[who] >= self.share)
            full = full or (stranger and self._strangers >= self.strangers)
            if full:
                raise Busy(
                    f"The wiki is busy with other {self.what}. Please try again in {AGAIN} "
                    "seconds.",
                    retry_after=AGAIN,
                )
            self._inside[who] += 1
            self._strangers += stranger

    def _leave(self, who: str, *, stranger: bool) -> None:
        with self._held:
            self._inside[who] -= 1
            self._strangers -= stranger
            self._inside += Counter()  # forgets who has left


def comparisons() -> Lane:
    """A lane for large comparisons."""
    return Lane("large comparisons", places=PLACES, share=SHARE, strangers=STRANGERS, turns=True)


def moves() -> Lane:
    """A lane for moves and renamings with the links that are repaired for them."""
    return Lane("moves of pages", places=3, share=1, strangers=0)


@contextmanager
def in_lane(name: str = "comparisons") -> Iterator[None]:
    """Wait in a lane for whoever made this request, and run the block when it is their turn.

    :param name: ``comparisons`` or ``moves``.
    :raises Busy: when there is no place for them now.
    """
    lane: Lane = current_app.extensions["lanes"][name]
    with lane.place(whom(), stranger=actor().person_id is None):
        try:
            yield
        except OSError:  # the other process cannot be started, or is stuck
            if name != "comparisons":
                raise
            log.exception("the lane for %s does not work", lane.what)
            sentence = f"The wiki cannot do this just now. Please try again in {AGAIN} seconds."
            raise Busy(sentence, retry_after=AGAIN) from None


def init_app(app: Flask) -> None:
    """Give the app its lanes."""
    app.extensions["lanes"] = {"comparisons": comparisons(), "moves": moves()}
