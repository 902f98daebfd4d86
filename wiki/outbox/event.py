"""The base class of events, the policy that each of them declares, and their registry by name.

A room declares its events in its ``events.py``. Importing that module registers them; importing
``wiki.rooms`` imports all of them.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, asdict, dataclass
from enum import StrEnum
from typing import Any, ClassVar

from wiki.outbox.sentences import Wording


class Category(StrEnum):
    """The category of an event in the audit log."""

    SIGN_IN = "sign-in"
    ACCOUNT = "account"
    ACCESS = "access"
    CONTENT = "content"
    TRANSFER = "transfer"
    SETTINGS = "settings"
    UPKEEP = "upkeep"


@dataclass(frozen=True)
class Policy:
    """The rules for storing an event and for showing it.

    :param expires: it may be deleted when it is old. Events that a page's history, a feed or a
        proof needs do not expire, nor do chained events of a page.
    :param audited: the audit log shows it.
    :param chained: it is bound into the hash chain, for which publishers take turns. Ids of other
        events may become visible out of order, so neither the audit log nor a feed has them.
    :param feed: its type in the API's feed of changes; empty if it is not in it.
    :param recent: its verb in the lists of recent changes of pages; empty if it is not in them.
        An ``action`` in its payload takes precedence.
    :param automatic: the wiki itself causes it, unless a person does; otherwise it comes from the
        machine's shell then.
    :param tasks: the fields that are tasks and no facts; the hash chain leaves them out.
    """

    category: Category
    _: KW_ONLY
    expires: bool
    audited: bool = True
    chained: bool = True
    feed: str = ""
    recent: str = ""
    automatic: bool = False
    tasks: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        shown = self.audited or self.feed or self.recent
        if not self.chained and (shown or not self.expires):
            raise ValueError("An event outside of the hash chain expires and appears nowhere.")
        if self.expires and (self.feed or self.recent):
            raise ValueError("An event in a feed does not expire.")

    @property
    def traced(self) -> bool:
        """True if the address that the event came from is stored."""
        return self.audited and self.category is not Category.CONTENT


EVENTS: dict[str, type[Event]] = {}
"""The classes of events by the name that they are stored under."""


@dataclass(frozen=True)
class Event:
    """A fact in the log of events, which refers to rows by id, so that handlers reread them.

    Subclasses declare ``policy``; ``sentence``, which is what the audit log says about the event
    after the name of the actor; and, if they are audited, ``title``, their name in its filter.
    Their fields are JSON values. ``space_id`` and ``page_id`` are indexed; the audit log finds
    people, groups and spaces by the names of the fields with their ids (see ``audit/queries.py:
    known_of``).

    :raises TypeError: at the declaration of a class without them, or with the name of another one.
    """

    policy: ClassVar[Policy]
    sentence: ClassVar[Wording]
    title: ClassVar[str] = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in ("policy", "sentence"):
            if name not in vars(cls):
                raise TypeError(f"The event {cls.__name__} declares no {name}.")
        if cls.__name__ in EVENTS:
            raise TypeError(f"Two events have the name {cls.__name__}.")
        if cls.policy.audited and not cls.title:
            raise TypeError(f"The audited event {cls.__name__} declares no title.")
        EVENTS[cls.__name__] = cls

    def payload(self) -> dict[str, Any]:
        """Return the fields as a JSON object."""
        return asdict(self)


# Events that this version does not know are kept, and the audit log shows them.
_UNKNOWN = Policy(Category.UPKEEP, expires=False)


def policy_of(name: str) -> Policy:
    """Return the policy of an event by name."""
    known = EVENTS.get(name)
    return known.policy if known else _UNKNOWN


def title_of(name: str) -> str:
    """Return the title of an event by name, in the reader's language; for an event without one, the
    words of its name: ``Page saved`` for PageSaved."""
    known = EVENTS.get(name)
    if known and known.title:
        return str(known.title)
    words = "".join(f" {one.lower()}" if one.isupper() else one for one in name).strip()
    return words.capitalize()


def feed_types() -> dict[str, str]:
    """Return the types of the events in the API's feed of changes, by name of the event."""
    return {name: event.policy.feed for name, event in EVENTS.items() if event.policy.feed}


def recent_verbs() -> dict[str, str]:
    """Return the verbs of the events in the lists of recent changes, by name of the event."""
    return {name: event.policy.recent for name, event in EVENTS.items() if event.policy.recent}


def names_in(category: Category) -> list[str]:
    """Return the names of the events of a category."""
    return [name for name, event in EVENTS.items() if event.policy.category is category]
