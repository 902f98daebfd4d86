"""Passages and suggestions as forms send them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wiki.comments.composing import Composed, checked_suggestion
from wiki.comments.locating import LONGEST_QUOTE, Quoted, locate
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.models import Page
from wiki.web.request import reading


class FormattedPassage(Invalid):
    """A suggestion for a passage whose Markdown differs from what readers see, by somebody who has
    not seen its ``source``."""

    def __init__(self, source: str) -> None:
        super().__init__(
            _("The passage is formatted. Your text will replace this Markdown; check it first."),
            field="suggestion",
        )
        self.source = source


def quoted_in(sent: Mapping[str, str]) -> Quoted | None:
    """Return the passage that a form quotes; None without one."""
    words = sent.get("quote", "")
    if not words.strip():
        return None
    before, after = sent.get("before", "")[-LONGEST_QUOTE:], sent.get("after", "")[:LONGEST_QUOTE]
    revision, place = _number(sent, "revision"), _number(sent, "place")
    return Quoted(words, before, after, revision, place, bool(sent.get("source_seen")))


def suggestion_in(sent: Mapping[str, str]) -> str | None:
    """Return the text that a form suggests for the passage; None without one."""
    return sent.get("suggestion", "") if sent.get("suggest") else None


def about_passage(
    composed: Composed, page: Page, slug: str, quoted: Quoted | None, suggested: str | None
) -> Composed:
    """Return the first message of a thread with the passage that it is about, if it quotes one.

    :raises Invalid: when the page does not contain the passage, or there is a suggestion without
        one. :raises TooLarge: when it is too long.
    :raises SeveralPlaces: when the passage occurs several times.
    """
    if suggested is not None:
        suggested = checked_suggestion(suggested)
        if quoted is None:
            raise Invalid(_("Quote the passage that your suggestion replaces."), field="quote")
    if quoted is None:
        return composed
    located = locate(reading(), page, slug, quoted)
    if suggested is not None and not quoted.source_seen:
        source = located.source.quote
        if "".join(source.split()) != "".join(quoted.words.split()):
            raise FormattedPassage(source)
    return replace(composed, passage=located, suggested=suggested)


def _number(sent: Mapping[str, str], name: str) -> int:
    raw = sent.get(name, "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else 0
