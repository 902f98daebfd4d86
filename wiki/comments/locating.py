"""Finding the passage that somebody quotes, in what readers see and in the Markdown text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.comments.models import Anchor
from wiki.errors import Invalid, TooLarge
from wiki.i18n import gettext as _
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.stored import context_of, prepare, rendering_key
from wiki.pages.revisions import get_revision, head_of
from wiki.pages.texts.stored import get_text
from wiki.text.passages.following import CONTEXT, Passage, Spot, Step, find, quote_at, squeeze
from wiki.text.passages.shown import Sight

LONGEST_QUOTE = 4_000
"""Maximum number of characters of a quoted passage."""

MOST_CHOICES = 20
"""Number of places among which people choose one."""


@dataclass(frozen=True)
class Quoted:
    """A passage as somebody quotes it from the page: its words, those around it, and the revision
    that they saw (0: the newest one). ``place`` is the number of the place if the words occur
    several times. ``source_seen`` says that they know the Markdown of the passage."""

    words: str
    before: str = ""
    after: str = ""
    revision: int = 0
    place: int = 0
    source_seen: bool = False


@dataclass(frozen=True)
class Located:
    """A passage of a revision: its span in the Markdown text, and what readers see of it."""

    revision: int
    content_hash: str
    start: int
    end: int
    source: Passage
    shown: Passage

    def anchor(self, page_id: int, thread_id: int, certainty: str = "exact") -> Anchor:
        """Return the row of its place."""
        return Anchor(
            thread_id=thread_id,
            page_id=page_id,
            revision=self.revision,
            content_hash=self.content_hash,
            start=self.start,
            end=self.end,
            certainty=certainty,
            **shown_columns(self.shown),
        )


class SeveralPlaces(Invalid):
    """The quoted words occur several times; ``places`` are these, each with its surroundings."""

    def __init__(self, places: Sequence[Passage]) -> None:
        super().__init__(_("This passage occurs more than once. Choose one."), field="place")
        self.places = places


def locate(session: Session, page: Page, slug: str, quoted: Quoted) -> Located:
    """Return the passage of a page that is quoted. Call this before the transaction.

    :param slug: the slug of the page's space.
    :raises Invalid: when the page does not contain it. :raises TooLarge: when it is too long.
    :raises SeveralPlaces: when it occurs several times.
    """
    if len(quoted.words) > LONGEST_QUOTE:
        message = _("A passage can have up to %(number)s characters.", number=LONGEST_QUOTE)
        raise TooLarge(message, field="quote")
    head = head_of(session, page)
    sight = sight_of(session, slug, page, head)
    try:
        start, end = _span(sight, quoted)
    except SeveralPlaces:
        raise
    except Invalid:
        if not 0 < quoted.revision < page.head:
            raise
        start, end = _span_of_old(session, slug, page, quoted, sight)
    return _located(head, sight, start, end)


def sight_of(session: Session, slug: str, page: Page, revision: Revision) -> Sight:
    """Return the text of a revision with what its readers see: of the stored rendering if there is
    one, else of a new one."""
    text, context = get_text(session, revision.content_hash), context_of(slug, revision)
    key = rendering_key(revision.content_hash, context)
    stored = select(RenderingRow.html).where(
        RenderingRow.page_id == page.id, RenderingRow.key == key
    )
    html = session.scalar(stored)
    if html is None:
        html = prepare(revision.content_hash, text, context).html
    return Sight(text, html)


def shown_columns(shown: Passage) -> dict[str, str]:
    """Return the columns with what readers see of a passage."""
    names = ("words", "before", "after")
    return {name: squeeze(text) for name, text in zip(names, shown, strict=True)}


def _located(revision: Revision, sight: Sight, start: int, end: int) -> Located:
    span = sight.shown_span(start, end)
    source = quote_at(sight.source, start, end)
    shown = sight.quoted(*span) if span else Passage(source.quote)
    return Located(revision.number, revision.content_hash, start, end, source, shown)


def _span(sight: Sight, quoted: Quoted) -> tuple[int, int]:
    spans = sight.occurrences(quoted.words)
    found = [(sight.quoted(*span), sight.source_span(*span)) for span in spans]
    known = [(shown, span) for shown, span in found if span is not None]
    if not known:  # over the API, people may quote the Markdown text itself
        passage = Passage(quoted.words, quoted.before, quoted.after)
        places = find(passage, sight.source, MOST_CHOICES + 1)
        known = [(quote_at(sight.source, a, b), (a, b)) for a, b, _ in places]
    if not known:
        raise Invalid(_("The page doesn’t contain this passage."), field="quote")
    if 0 < quoted.place <= len(known):
        return known[quoted.place - 1][1]
    if len(known) > 1 and (quoted.before or quoted.after):
        known = _nearest([(*one, _likeness(one[0], quoted)) for one in known])
    if len(known) > 1:
        raise SeveralPlaces([shown for shown, _ in known[:MOST_CHOICES]])
    return known[0][1]


def _nearest(
    scored: list[tuple[Passage, tuple[int, int], int]],
) -> list[tuple[Passage, tuple[int, int]]]:
    most = max(score for _, _, score in scored)
    best = [(shown, span) for shown, span, score in scored if score == most]
    return best if len(best) == 1 else [(shown, span) for shown, span, _ in scored]


def _likeness(shown: Passage, quoted: Quoted) -> int:
    """Return how many characters around a place are those around the quoted passage."""
    before = "".join(shown.prefix.split()), "".join(quoted.before.split())
    after = "".join(shown.suffix.split()), "".join(quoted.after.split())
    return _common(before[0][::-1], before[1][::-1]) + _common(*after)


def _common(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one[:CONTEXT], other[:CONTEXT], strict=False):
        if a != b:
            break
        count += 1
    return count


def _span_of_old(
    session: Session, slug: str, page: Page, quoted: Quoted, sight: Sight
) -> tuple[int, int]:
    """Return the span, in the newest revision, of a passage that is quoted from an older one."""
    old = get_revision(session, page, quoted.revision)
    before = sight_of(session, slug, page, old)
    start, end = _span(before, quoted)
    step = Step(before.source, sight.source)
    spot = step.follow(quote_at(before.source, start, end), Spot(start, end, "exact"))
    if spot.certainty == "lost":
        message = _("Somebody has removed this passage since you opened the page.")
        raise Invalid(message, field="quote")
    return spot.start, spot.end
