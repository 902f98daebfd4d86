"""Texts of messages: checked, and rendered before the transaction that stores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from wiki.comments.locating import Located
from wiki.errors import Invalid, TooLarge
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.rendering.stored import prepare
from wiki.pages.saving.redacted import require_unredacted
from wiki.pages.saving.secrets import require_plain
from wiki.pages.texts.stored import hash_of
from wiki.text.compare.lines import normalise_line_ends
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import RENDERER_VERSION, Rendering

LONGEST = 20_000
"""Maximum number of characters of a message."""

LONGEST_REASON = 500


@dataclass(frozen=True)
class Composed:
    """A checked text and its rendering; for the first message of a thread about a passage, also the
    passage, and the text that is suggested in its place, if any."""

    text: str
    rendering: Rendering
    passage: Located | None = None
    suggested: str | None = None

    def columns(self) -> Mapping[str, Any]:
        """Return the values of the columns of a message."""
        return {"text": self.text, **derived_columns(self.rendering)}


def compose(text: str, space: str, page: Page) -> Composed:
    """Check and render the text of a message on a page. Call this before the transaction.

    :param space: the slug of the page's space.
    :raises Invalid: if it is empty.
    :raises TooLarge: if it is too long.
    """
    text = normalise_line_ends(text).strip()
    if not text:
        raise Invalid(_("Write a comment first."), field="body")
    if len(text) > LONGEST:
        raise TooLarge(
            _("A comment can have up to %(number)s characters.", number=LONGEST), field="body"
        )
    if not is_storable(text):
        raise Invalid(_("The comment contains characters that can’t be stored."), field="body")
    context = RenderContext(space, page.path, page.folder, routes=page.routes)
    return Composed(text, prepare(hash_of(text), text, context))


def is_storable(text: str) -> bool:
    """Return whether a text contains only characters that the database can store."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def checked_suggestion(text: str) -> str:
    """Return a suggested text with line ends as in texts of pages.

    :raises TooLarge: if it is too long. :raises Invalid: if it can’t be stored.
    """
    text = normalise_line_ends(text)
    if len(text) > LONGEST:
        raise TooLarge(
            _("A suggestion can have up to %(number)s characters.", number=LONGEST),
            field="suggestion",
        )
    if not is_storable(text):
        raise Invalid(
            _("The suggestion contains characters that can’t be stored."), field="suggestion"
        )
    return text


def require_harmless(
    session: Session, page: Page, words: str, what: str = "", field: str = "body"
) -> None:
    """Check that words of a message contain no likely secret and nothing that was redacted on the
    page.

    :param what: the name of the words in the sentence about a secret.
    :param field: the field that the refusal of a secret is about.
    :raises Invalid: otherwise.
    """
    require_plain(
        session, page.space_id, words, what=what or lazy_gettext("Your comment"), field=field
    )
    require_unredacted(session, Text("", words), "", page_id=page.id)


def derived_columns(rendering: Rendering) -> dict[str, Any]:
    """Return the columns of a message that are made from its text. A text that was cut off is
    rendered again by the worker."""
    return {
        "html": rendering.html,
        "excerpt": rendering.excerpt,
        "links": [asdict(link) for link in rendering.links if link.named or link.others],
        "rendered_with": "" if rendering.cut_off else RENDERER_VERSION,
    }


UNRENDERED: Mapping[str, Any] = {"html": "", "excerpt": "", "links": [], "rendered_with": ""}
"""The columns that are made from a text, for one that is to be rendered again."""


def checked_reason(reason: str) -> str:
    """Return the reason of a change of state in one line.

    :raises Invalid: if it is too long.
    """
    reason = " ".join(reason.split())
    if len(reason) > LONGEST_REASON or "\0" in reason:
        raise Invalid(
            _("The reason can have up to %(number)s characters.", number=LONGEST_REASON),
            field="reason",
        )
    return reason


def quoted(text: str, most: int = 1000) -> str:
    """Return a text as a quotation at the beginning of a reply."""
    lines: Sequence[str] = text[:most].rstrip().split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines) + "\n\n"
