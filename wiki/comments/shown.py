"""Messages as their reader sees them: the stored HTML with links and mentions for the reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.comments.composing import derived_columns
from wiki.comments.models import Message
from wiki.i18n import gettext as _
from wiki.pages.links.marking import marks_for
from wiki.pages.links.mentions import mentions_for
from wiki.pages.models import Page, Revision
from wiki.pages.rendering.including import without_includes
from wiki.pages.rendering.stored import context_of, prepare
from wiki.pages.texts.stored import hash_of
from wiki.rules.access import Actor
from wiki.spaces.models import Space
from wiki.text.markdown.fragments import as_part
from wiki.text.markdown.links import Link, Marks
from wiki.text.markdown.markup import RENDERER_VERSION, Rendering, mark
from wiki.text.markdown.wikilinks import Reading

_BETWEEN = "\0"
_MOST_LINKS = 100_000


def html_of(
    session: Session, actor: Actor, slug: str, page: Page, messages: Sequence[Message]
) -> dict[int, str]:
    """Return the HTML of messages on a page by their ids, in a fixed number of statements.

    :param slug: the slug of the page's space.
    """
    if not messages:
        return {}
    render_missing(session, [one for one in messages if is_stale(one)])
    links = [
        Link(**{**link, "ordinal": place * _MOST_LINKS + link["ordinal"], "others": _others(link)})
        for place, message in enumerate(messages)
        for link in message.links
    ]
    lead: dict[int, dict[int, str]] = {}
    if links:
        for ordinal, url in marks_for(session, actor, slug, page.path, links).lead.items():
            place, own = divmod(ordinal, _MOST_LINKS)
            lead.setdefault(place, {})[own] = url
    parts = [
        _part(message, Marks(lead=lead.get(place, {})), page)
        for place, message in enumerate(messages)
    ]
    whole = mentions_for(session, actor, _BETWEEN.join(parts))
    return dict(zip((message.id for message in messages), whole.split(_BETWEEN), strict=True))


def _part(message: Message, marks: Marks, page: Page) -> str:
    html = without_includes(mark(message.html, marks))
    if ' id="' in html or ' href="#' in html:
        name = message.author.name if message.author else _("Someone")
        title = escape(_("comment by %(who)s", who=name))
        html = as_part(html, f"m{message.id}-", f"/-/p/{page.id}", title)
    return html


def is_stale(message: Message) -> bool:
    """Return whether the text of a message has to be rendered before it is shown."""
    made = message.html and message.rendered_with in ("", RENDERER_VERSION)
    return bool(message.text) and not made


def render_missing(session: Session, messages: Sequence[Message]) -> None:
    """Render messages for this screen; the worker stores their renderings."""
    for message, rendering in render_all(session, messages):
        session.expunge(message)
        for name, value in derived_columns(rendering).items():
            setattr(message, name, value)


def render_all(
    session: Session, messages: Sequence[Message]
) -> Iterable[tuple[Message, Rendering]]:
    """Yield messages with new renderings of their texts, each for the place that its page had when
    the text was written."""
    if not messages:
        return
    places = {
        (revision.page_id, revision.number): (slug, revision)
        for revision, slug in session.execute(
            select(Revision, Space.slug)
            .join(Space, Space.id == Revision.space_id)
            .where(
                Revision.page_id.in_({one.thread.page_id for one in messages}),
                Revision.number.in_({one.revision for one in messages}),
            )
        )
    }
    for message in messages:
        slug, revision = places[message.thread.page_id, message.revision]
        context = context_of(slug, revision)
        yield message, prepare(hash_of(message.text), message.text, context)


def _others(link: Mapping[str, object]) -> list[Reading]:
    return [Reading(*one) for one in link["others"]]  # type: ignore[attr-defined]
