"""Undo of one change of a page: its reverse, merged with everything that was saved after it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import NotFound
from wiki.history.comparison import Comparison
from wiki.history.properties import value_changes
from wiki.pages.diffs import CONTEXT, of_texts
from wiki.pages.merging import Text, TextMerge, merge_texts
from wiki.pages.models import Action, Page, Revision
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision, head_of
from wiki.pages.saving.checks import with_front_matter
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.own_messages import own_message
from wiki.pages.saving.revisions import Attribution, revision_after


def undo_edit(session: Session, page: Page, number: int, message: str = "") -> Edit:
    """Return the edit that undoes the change which a revision made: it starts from that revision,
    and its text is that of the revision before. Saving it merges it with later revisions.

    :raises NotFound: when there is no such change. :raises Purged: when one of the texts is gone.
    """
    if not 1 < number <= page.head:
        raise NotFound
    get_revision(session, page, number)  # neither text may have been purged
    before = text_of(session, get_revision(session, page, number - 1))
    return Edit(
        page.id,
        before,
        base=number,
        message=message or own_message("undone", number=number),
        action=Action.UNDO,
        checked=True,
        render_later=True,
    )


def merge_of(session: Session, page: Page, edit: Edit) -> TextMerge:
    """Return the merge of an edit with the newest text of its page."""
    theirs = text_of(session, head_of(session, page))
    mine = with_front_matter(edit.text or Text("", ""), theirs.front_matter)
    return merge_texts(text_of(session, get_revision(session, page, edit.base)), mine, theirs)


def compare_with(session: Session, page: Page, text: Text) -> Comparison:
    """Compare the newest revision of a page with a text that may be saved next.

    :raises TooMany: :raises Busy: as :func:`wiki.pages.diffs.between` does.
    """
    head = head_of(session, page)
    row = revision_after(
        head,
        Action.UNDO,
        Attribution(None, now()),
        title=text.title,
        description=text.description,
        tags=list(text.tags),
        fields=text.fields,
        front_matter=text.front_matter,
    )
    after = Revision(**row)
    body = text_of(session, head).body
    return Comparison(
        old=head,
        new=after,
        values=tuple(value_changes(head, after, {})),
        text=of_texts(body, text.body, CONTEXT),
        authors=(),
    )
