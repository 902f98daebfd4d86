"""Subjects of feeds, as far as an actor may read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.feeds.models import FeedAddress
from wiki.pages.models import Page
from wiki.pages.queries import get_page
from wiki.rules.access import Actor
from wiki.search.query import LONGEST_QUESTION
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space, see_space_by_id
from wiki.text.tags import MAX_KEY, spelled


@dataclass(frozen=True)
class Subject:
    """A page, a tag (in a space or in all of them), a search or a space that an actor may read;
    without any of them, their home."""

    space: Space | None = None
    page: Page | None = None
    tag: str = ""
    question: str = ""

    def query(self) -> str:
        """Return the same as the query of an address, with its question mark; empty for a home."""
        values = {
            "page": str(self.page.id) if self.page else "",
            "space": self.space.slug if self.space and not self.page else "",
            "tag": self.tag,
            "q": self.question,
        }
        sent = urlencode({name: value for name, value in values.items() if value})
        return f"?{sent}" if sent else ""

    def columns(self) -> dict[str, int | str | None]:
        """Return the values of the columns of an address."""
        return {
            "space_id": self.space.id if self.space and not self.page else None,
            "page_id": self.page.id if self.page else None,
            "tag": self.tag or None,
            "question": self.question or None,
        }


def subject_asked(session: Session, actor: Actor, sent: Mapping[str, str]) -> Subject:
    """Return the subject that the query of an address names.

    :raises NotFound: when there is none that the actor may read.
    """
    page_id = sent.get("page", "")
    if page_id:
        if not (page_id.isascii() and page_id.isdigit() and len(page_id) < 16):
            raise NotFound
        return _of_page(session, actor, int(page_id))
    slug = sent.get("space", "")
    space = see_space(session, actor, slug).space if slug else None
    tag = spelled(sent.get("tag", "").replace("\0", ""))[:MAX_KEY]
    question = "" if tag or space else _printable(sent.get("q", ""))
    return Subject(space, tag=tag, question=question)


def subject_of(session: Session, actor: Actor, address: FeedAddress) -> Subject:
    """Return the subject of an address.

    :raises NotFound: when the actor may not read it any more.
    """
    if address.page_id is not None:
        return _of_page(session, actor, address.page_id)
    space = None
    if address.space_id is not None:
        space = see_space_by_id(session, actor, address.space_id).space
    return Subject(space, tag=address.tag or "", question=address.question or "")


def _of_page(session: Session, actor: Actor, page_id: int) -> Subject:
    page = get_page(session, actor, page_id)
    if page.deleted_at is not None:
        raise NotFound
    return Subject(page.space, page)


def _printable(text: str) -> str:
    kept = "".join(character if character.isprintable() else " " for character in text)
    return kept.strip()[:LONGEST_QUESTION]
