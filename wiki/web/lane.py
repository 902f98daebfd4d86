"""A lane of its own for work that takes long, so that whoever shows pages always has a thread.

Such work waits for another process (``wiki/text/sandbox.py``), and the thread that asked waits with
it. Only a few requests of a web process may do so at once, and of these one person or address only
a share; the others are told to come back rather than kept.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app

from wiki.errors import Busy
from wiki.web.pace import whom
from wiki.web.request import actor

PLACES = 4
"""Requests in the lane at once, of which one is worked on: half of the threads of a process."""

SHARE = 2
"""Those of one person, or of one address without an account."""

STRANGERS = 3
"""Those of all who are not signed in: there is a place for somebody who is."""

AGAIN = 3
"""Seconds after which to come back."""


class Lane:
    """Who is in the lane of this process."""

    def __init__(self) -> None:
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
            with self._turn:
                yield
        finally:
            self._leave(who, stranger=stranger)

    def _enter(self, who: str, *, stranger: bool) -> None:
        with self._held:
            full = self._inside.total() >= PLACES
            full = full or (bool(who) and self._inside[who] >= SHARE)
            full = full or (stranger and self._strangers >= STRANGERS)
            if full:
                raise Busy(
                    "The wiki is busy with other large comparisons. Please try again in "
                    f"{AGAIN} seconds.",
                    retry_after=AGAIN,
                )
            self._inside[who] += 1
            self._strangers += stranger

    def _leave(self, who: str, *, stranger: bool) -> None:
        with self._held:
            self._inside[who] -= 1
            self._strangers -= stranger
            self._inside += Counter()  # forgets who has left


@contextmanager
def in_lane() -> Iterator[None]:
    """Wait in the lane for whoever made this request, and run the block when it is their turn.

    :raises Busy: when there is none for them now.
    """
    lane: Lane = current_app.extensions["lane"]
    with lane.place(whom(), stranger=actor().person_id is None):
        yield


def init_app(app: Flask) -> None:
    """Give the app its lane."""
    app.extensions["lane"] = Lane()
