"""Reading of stored renderings; what is not stored is rendered now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from wiki.changes.reads import note_page, of_noted
from wiki.pages.models import Revision
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.own_renderer import renderer
from wiki.pages.rendering.stored import context_of, prepare, rendering_key
from wiki.pages.texts.stored import get_text
from wiki.text.markdown.markup import Link
from wiki.text.markdown.wikilinks import Reading
from wiki.text.own_texts import sentence_of
from wiki.web.limits.rate_limit import asker


@dataclass(frozen=True)
class Shown:
    """The parts of a rendering that a screen needs. ``source_shown`` is the sentence that says why
    the plain source is shown, if it is; headings are mappings of ``level``, ``id`` and ``text``;
    ``kept`` is true if the rendering is stored."""

    html: str
    headings: Sequence[Mapping[str, Any]]
    source_shown: str
    kept: bool


RENDERING = tuple(
    column.label(f"rendering_{column.key}")
    for column in (
        RenderingRow.key,
        RenderingRow.html,
        RenderingRow.headings,
        RenderingRow.source_shown,
        RenderingRow.cut_off_after,
    )
)
"""The columns that :func:`rendering_in` reads."""


@cache
def _shown() -> Select[Any]:
    return (
        select(*RENDERING)
        .where(RenderingRow.page_id == bindparam("of_page"))
        .execution_options(**of_noted("renderings"))
    )


def read_rendering(session: Session, space_slug: str, revision: Revision) -> Shown:
    """Return the stored rendering of a revision, or render it now if there is none: only those of
    newest revisions are stored."""
    note_page(revision.page_id)
    row = session.execute(_shown(), {"of_page": revision.page_id}).one_or_none()
    return rendering_in(row._asdict() if row else {}, session, space_slug, revision)


def rendering_in(
    columns: Mapping[str, Any], session: Session, space_slug: str, revision: Revision
) -> Shown:
    """Return the rendering of a revision as :func:`read_rendering` does, from the columns
    :data:`RENDERING` of its page, which were read with other things."""
    context = context_of(space_slug, revision)
    key = rendering_key(revision.content_hash, context)
    html, after = columns.get("rendering_html"), columns.get("rendering_cut_off_after")
    is_kept = columns.get("rendering_key") == key
    if is_kept and html is not None and (after is None or after >= renderer.seconds):
        source_shown = sentence_of(columns["rendering_source_shown"])
        return Shown(html, columns["rendering_headings"], source_shown, True)
    text = get_text(session, revision.content_hash)
    rendering = renderer.render(key, text, context, asker())
    made = [vars(heading) for heading in rendering.headings]
    return Shown(rendering.html, made, sentence_of(rendering.source_shown), False)


def read_links(session: Session, space_slug: str, revision: Revision) -> list[Link]:
    """Return the links of the stored rendering of a revision, or render it now if there is none."""
    context = context_of(space_slug, revision)
    key = rendering_key(revision.content_hash, context)
    there = RenderingRow.page_id == revision.page_id, RenderingRow.key == key
    kept = session.scalar(select(RenderingRow.links).where(*there))
    if kept is None:
        text = get_text(session, revision.content_hash)
        return list(prepare(revision.content_hash, text, context).links)
    return [Link(**link | {"others": [Reading(*one) for one in link["others"]]}) for link in kept]
