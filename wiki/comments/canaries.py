"""Comments in the scratch wiki of the leak drill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.comments import actions
from wiki.comments.composing import Composed, compose
from wiki.comments.locating import Located
from wiki.comments.models import EarlierText, Message
from wiki.pages.models import Page
from wiki.spaces.models import Space
from wiki.text.passages.following import Passage

BEYOND = 1_000_000
"""Added to an id, this gives one that does not exist."""


def comment_on_hidden_pages(world: World, session: Session) -> None:
    """Open a resolved thread with two messages on every hidden page, and add it to the target of
    the page. Only those who may read the page may see it, and no visitor of a share link may."""
    lead = world.people["lead"]
    for at, target in enumerate(world.targets):
        page = session.get(Page, int(target.values.get("page_id", 0)))
        if page is None or page.deleted_at is not None:
            continue
        slug = session.get_one(Space, page.space_id).slug
        name = page.path.rpartition("/")[2]  # known to nobody but those who may read the page
        known = next((one for one in world.canaries if one.word == name), None)
        if known is None:
            continue
        word = partial(_word, world, target.what, known.allowed - {"link"})
        first = compose(f"{word('a comment')} [[plan]]", slug, page)
        first = _about_passage(first, page, word)
        message = actions.open_thread(session, lead, slug, page.path, first)
        answer = compose(word("a reply to a comment"), slug, page)
        actions.reply(session, lead, message.thread_id, answer)
        session.add(EarlierText(message_id=message.id, text=word("an earlier text of a comment")))
        reason = word("the reason of a resolved discussion")
        actions.set_state(session, lead, message.thread_id, resolved=True, reason=reason)
        message.edited_at = message.created_at
        world.targets[at] = replace(
            target,
            values={**target.values, **_ids(message, 0)},
            absent={**target.absent, **_ids(message, BEYOND)},
        )


def _about_passage(first: Composed, page: Page, word: Callable[[str], str]) -> Composed:
    """Return a first message about a passage, with a suggestion."""
    quote = Passage(word("a quoted passage with a comment"))
    located = Located(page.head, "0" * 64, 0, 1, quote, quote)
    return replace(first, passage=located, suggested=word("a suggestion in a comment"))


def _word(world: World, about: str, readers: frozenset[str], what: str) -> str:
    return world.word(f"{what} ({about})", readers)


def _ids(message: Message, more: int) -> dict[str, str | int]:
    thread, one = message.thread_id + more, message.id + more
    return {"thread_id": thread, "thread": thread, "message_id": one, "message": one}
