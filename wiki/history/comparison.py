"""Comparison of two revisions of a page: its text line by line, and its properties by type."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from wiki.history.properties import ValueChange, slugs_of, value_changes
from wiki.history.queries import files_between
from wiki.pages.authors import Author, authors_between
from wiki.pages.diffs import CONTEXT, Beyond, between
from wiki.pages.models import Page, Revision
from wiki.pages.revisions import get_revision
from wiki.rules.access import Actor
from wiki.text.compare.diff import Diff


@dataclass(frozen=True)
class Comparison:
    """The differences between ``old`` (None: before the page existed) and ``new``, and the authors
    of the revisions between them."""

    old: Revision | None
    new: Revision
    values: tuple[ValueChange, ...]
    text: Diff | Beyond
    authors: tuple[Author, ...]

    @property
    def beyond(self) -> Beyond | None:
        """The sizes of the texts if they are too large to be compared, else None."""
        return self.text if isinstance(self.text, Beyond) else None

    @property
    def alike(self) -> bool:
        """True if there is no visible difference."""
        return not self.values and isinstance(self.text, Diff) and not self.text.places


@dataclass(frozen=True)
class Shown:
    """The requested view of a comparison: the number of unchanged lines around each change (None:
    all), and the number of the part."""

    context: int | None = CONTEXT
    part: int = 1


def compare(
    session: Session,
    actor: Actor,
    page: Page,
    old: int,
    new: int,
    shown: Shown = Shown(),
) -> Comparison:
    """Compare revisions ``old`` and ``new`` of a page. The caller has checked that the page may be
    read.

    :param old: 0 stands for the time before the page existed.
    :raises NotFound: when the page has no such revision.
    :raises TooMany: :raises Busy: as :func:`between` does.
    """
    first = get_revision(session, page, old) if old else None
    second = get_revision(session, page, new)
    values: list[ValueChange] = []
    if first:
        values = value_changes(first, second, slugs_of(session, actor, (first, second)))
    if old != new:
        values += files_between(session, page, first.created_at if first else None, second)
    return Comparison(
        first,
        second,
        tuple(values),
        between(
            session,
            first.content_hash if first else None,
            second.content_hash,
            shown.context,
            shown.part,
        ),
        tuple(authors_between(session, page, old, new)),
    )
