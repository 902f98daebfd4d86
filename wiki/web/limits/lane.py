"""Limits on concurrent slow work, so that there is always a thread left to show pages.

Slow work runs in another process (``wiki/text/sandbox/parent.py``), and the requesting thread waits
for it. Only a few requests of a web process may wait at once, and one person or address may hold
only some of these places; other requests are refused with a time to retry.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from flask import Flask, current_app

from wiki.errors import Busy
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.web.limits.rate_limit import requester
from wiki.web.request import actor

log = logging.getLogger(__name__)

PLACES = 4
"""Number of requests in the lane for comparisons, one of which is processed at a time: half of the
threads of a process."""

SHARE = 2
"""Number of these for one person, or for one address without an account."""

STRANGERS = 3
"""Number of these for all visitors who are not signed in, so that a place is left for members."""

AGAIN = 3
"""Seconds after which a refused request may be retried."""


class Lane:
    """The requests that use a lane in this process.

    :param what: the kind of work, for the message when the lane is full.
    :param places: maximum number of requests.
    :param share: maximum for one person, or for one address without an account.
    :param strangers: maximum for all visitors who are not signed in.
    :param turns: whether the requests are worked on one after another.
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
        """Hold a place in the lane, and run the block when it is this request's turn.

        :param who: the person or address; empty for clients that cannot be told apart, to which the
            share does not apply.
        :raises Busy: when there is no place left.
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
                    _(
                        "The wiki is busy with other %(what)s. Try again in %(number)s seconds.",
                        what=self.what,
                        number=AGAIN,
                    ),
                    retry_after=AGAIN,
                )
            self._inside[who] += 1
            self._strangers += stranger

    def _leave(self, who: str, *, stranger: bool) -> None:
        with self._held:
            self._inside[who] -= 1
            self._strangers -= stranger
            self._inside += Counter()  # drops entries with a count of zero


def comparisons() -> Lane:
    """Return the lane for large comparisons."""
    return Lane(
        lazy_gettext("large comparisons"),
        places=PLACES,
        share=SHARE,
        strangers=STRANGERS,
        turns=True,
    )


def moves() -> Lane:
    """Return the lane for moves and renamed sections, with the repairs of links."""
    return Lane(lazy_gettext("page moves"), places=3, share=1, strangers=0)


def searches() -> Lane:
    """Return the lane for searches, which run one at a time in a process. A person who is typing
    has several in progress."""
    return Lane(lazy_gettext("searches"), places=PLACES, share=3, strangers=STRANGERS, turns=True)


@contextmanager
def in_lane(name: str = "comparisons") -> Iterator[None]:
    """Wait in a lane on behalf of the current request, and run the block when it is its turn.

    :param name: ``comparisons``, ``moves`` or ``searches``.
    :raises Busy: when there is no place at the moment.
    """
    lane: Lane = current_app.extensions["lanes"][name]
    with lane.place(requester(), stranger=actor().person_id is None):
        try:
            yield
        except OSError:  # the other process cannot be started, or is stuck
            if name != "comparisons":
                raise
            log.exception("the lane for %s does not work", lane.what)
            sentence = _(
                "The wiki can’t do this right now. Try again in %(number)s seconds.", number=AGAIN
            )
            raise Busy(sentence, retry_after=AGAIN) from None


def connect(app: Flask) -> None:
    """Give the app empty lanes."""
    app.extensions["lanes"] = {
        "comparisons": comparisons(),
        "moves": moves(),
        "searches": searches(),
    }
