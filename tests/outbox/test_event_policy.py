"""Every event has its place in the audit, and what others need never expires."""

from wiki.api.changes import TYPES
from wiki.history.recent import _DEEDS
from wiki.outbox import events
from wiki.outbox.event_policy import SORTS, Category, names_in, sort_of
from wiki.outbox.events import Event
from wiki.outbox.models import EventRow
from wiki.transfer.git.commits import FOLLOWED

CLASSES = {one for one in vars(events).values() if isinstance(one, type) and issubclass(one, Event)}


def test_every_event_has_a_place() -> None:
    assert {one.__name__ for one in CLASSES - {Event}} == set(SORTS)


def test_an_event_that_feeds_and_exports_need_never_expires() -> None:
    for name in (*TYPES, *FOLLOWED, *_DEEDS):
        assert not sort_of(name).passing, name


def test_an_event_that_proves_something_never_expires() -> None:
    for name in ("PlaceholderClaimed", "Opened", "EventsScrubbed", "EventsExpired", "ChainSealed"):
        assert not sort_of(name).passing, name


def test_an_event_that_nobody_knows_is_kept_and_shown() -> None:
    sort = sort_of("FromTheFuture")
    assert (sort.audited, sort.passing) == (True, False)


def test_only_what_is_shown_and_is_no_content_says_from_where() -> None:
    assert sort_of("SignedIn").traced
    assert sort_of("PageRestricted").traced
    assert not sort_of("PageSaved").traced
    assert not sort_of("PageDeleted").traced
    assert not sort_of("MailRequested").traced


def test_every_category_has_events() -> None:
    assert all(names_in(category) for category in Category)
    assert max(map(len, SORTS)) <= EventRow.name.type.length  # type: ignore[attr-defined]
