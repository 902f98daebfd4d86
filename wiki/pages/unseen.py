"""The notice to an author about invisible characters in their text."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.pages.actions import Saved
from wiki.pages.models import Revision
from wiki.pages.texts import get_text
from wiki.text.unseen import deceptive, notice


def unseen_notice(session: Session, saved: Saved, sent: str) -> str:
    """Return a notice about characters that could deceive and were introduced by a save, with their
    line numbers in the saved text; "" if there are none.

    :param sent: the text that was sent, in its normal form. The database is queried only if it
        contains such characters.
    """
    if not saved.changed or not deceptive(sent):
        return ""
    number = saved.revision.number
    hashes = select(Revision.number, Revision.content_hash).where(
        Revision.page_id == saved.page.id,
        Revision.number.in_([number - 1, number]),
        Revision.purged_at.is_(None),
    )
    texts = {at: get_text(session, content) for at, content in session.execute(hashes).all()}
    known = set(texts.get(number - 1, "").split("\n"))
    return notice(deceptive(texts.get(number, ""), known))
