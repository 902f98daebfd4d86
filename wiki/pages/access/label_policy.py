"""Label flow: a page must not show content, or link to files, with a higher label than its own,
because its readers may not be cleared for it.

This is checked when a text is saved and when a page gets a lower label. Content that the actor may
not read is treated as absent: it causes no refusal, and readers of the page still need access to
it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.access.label_sources import (
    Narrower,
    Source,
    labels_above,
    labels_of,
    may_show,
    narrower_source,
    shown_by,
    shown_in,
    sources_of,
)
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.rendering.stored import context_of, prepare
from wiki.pages.revisions import head_of
from wiki.pages.saving.checks import content_hash_of
from wiki.pages.texts.stored import get_text
from wiki.people.models import Person
from wiki.rules.access import Actor, May, PageFacts
from wiki.rules.labels import Label
from wiki.rules.words import shown
from wiki.spaces.audience import audience_of
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.markdown.context import RenderContext
from wiki.text.rewrite.addresses import Place
from wiki.text.sandbox.parent import lines_safely

SHOWN = 20
"""Maximum number of pages that a refusal names."""


class ShowsRestricted(WikiError):
    """A text shows or links to content with a higher label than its page. Nothing was saved and
    nothing is lost. The line numbers are those of ``body``. If ``may_raise`` is true, the author
    could give the page the label ``needed``."""

    status = 422
    title = lazy_gettext("This page would show content with a higher label")

    def __init__(
        self,
        found: Collection[Narrower],
        body: str,
        own: Label,
        *,
        may_raise: bool,
        leads: Collection[str],
    ) -> None:
        self.found = tuple(found)
        self.body = body
        self.own = own
        self.needed = max(one.source.label for one in found)
        self.may_raise = may_raise
        self.leads = tuple(leads)
        lines = ", ".join(str(line) for line in sorted({one.line for one in found}) if line)
        labels = {"needed": shown(self.needed.word), "own": shown(own.word)}
        if lines:
            what = _(
                "Nothing was saved: the text shows %(needed)s content (line %(lines)s), but the "
                "page is %(own)s.",
                lines=lines,
                **labels,
            )
        else:
            what = _(
                "Nothing was saved: the text shows %(needed)s content, but the page is %(own)s.",
                **labels,
            )
        super().__init__(f"{what} {self.advice}", field="body")

    @property
    def advice(self) -> str:
        """The possible remedies, in a sentence."""
        label = shown(self.needed.word)
        if self.may_raise:
            return _("Remove it, or label the page %(label)s.", label=label)
        if not self.leads:
            return _(
                "Remove it, or ask a lead of the space to label the page %(label)s.", label=label
            )
        whom = self.leads[0]
        for lead in self.leads[1:]:
            whom = _("%(several)s or %(last)s", several=whom, last=lead)
        return _("Remove it, or ask %(whom)s to label the page %(label)s.", whom=whom, label=label)


class PlacesShowRestricted(Invalid):
    """Pages that would get a lower label show content with a higher one. Nothing was changed."""

    def __init__(self, places: Collection[tuple[Page, Narrower]], count: int) -> None:
        self.places = tuple(places)
        self.more = count - len(places)
        named = "; ".join(
            _(
                "“%(title)s” shows %(what)s, which is %(label)s",
                title=page.title,
                what=one.words,
                label=shown(one.source.label.word),
            )
            for page, one in places
        )
        if self.more > 0:
            named += "; " + _("and %(num)s more", num=self.more)
        super().__init__(
            _(
                "Nothing was changed, because pages would show content with a higher label than "
                "their own: %(named)s.",
                named=named,
            )
        )


def prescan(session: Session, text: Text, context: RenderContext, label: Label) -> None:
    """Render a text before the transaction in which it is saved, if its links will have to be
    checked."""
    if may_show(text.body) and labels_above(session, label):
        prepare(content_hash_of(text), text.body, context)


def refuse_narrower(
    session: Session,
    actor: Actor,
    space: Space,
    text: Text,
    context: RenderContext,
    label: Label,
) -> None:
    """Check that a text shows nothing with a higher label than a page with this label in the space.

    :raises ShowsRestricted: if it does.
    """
    found = narrower_in(session, actor, text, context, label)
    if not found:
        return
    seen = see_space_by_id(session, actor, space.id)
    needed = max(one.source.label for one in found)
    may_raise = bool(replace(seen, page=PageFacts(needed)).may(May.EDIT))
    leads: list[str] = []
    if not may_raise:
        ids = audience_of(session, space, None, May.MANAGE).people
        query = select(Person.name).where(Person.id.in_(ids)).order_by(func.lower(Person.name))
        leads = list(session.scalars(query.limit(3)))
    raise ShowsRestricted(found, text.body, label, may_raise=may_raise, leads=leads)


def narrower_in(
    session: Session, actor: Actor, text: Text, context: RenderContext, label: Label
) -> list[Narrower]:
    """Return the content with a higher label that a text shows or links to, in order of its
    lines."""
    links = prepare(content_hash_of(text), text.body, context).links
    shown = shown_in(session, context.space, context.path, links)
    sources = sources_of(session, actor, shown.values())
    narrower = {
        written: sources[place]
        for written, place in shown.items()
        if place in sources and sources[place].label > label
    }
    return _with_lines(text.body, context, narrower) if narrower else []


def _with_lines(
    body: str, context: RenderContext, narrower: Mapping[Place, Source]
) -> list[Narrower]:
    # Line numbers need another parse, so they are computed only if there is something to report.
    found = {
        (line, place): narrower_source(line, place, narrower[place])
        for line, included, written in lines_safely(body, context)
        for place in (written, ("file", written[1], written[2]))
        if place in narrower and (included or place[0] == "file")
    }
    for place in narrower.keys() - {place for _line, place in found}:
        found[0, place] = narrower_source(0, place, narrower[place])
    return [found[key] for key in sorted(found)]


def refuse_lowered(session: Session, actor: Actor, before: Mapping[int, int]) -> None:
    """Check, after a change that may have lowered the labels of pages, that none of these shows
    content with a higher label, as far as the actor may read both.

    :param before: the effective labels before the change, by page id.
    :raises PlacesShowRestricted: with the first of them.
    """
    session.flush()
    lowered = {id: now for id, now in labels_of(session, before).items() if now < before[id]}
    found = [
        (page, narrower_source(0, place, source))
        for page, place, source in _narrower_places(session, actor, lowered)
    ]
    if found:
        session.expunge_all()  # keeps the error's objects loaded after the rollback
        raise PlacesShowRestricted(found[:SHOWN], len(found))


def narrower_on(
    session: Session, actor: Actor, page_ids: Iterable[int]
) -> Iterator[tuple[Page, Narrower]]:
    """Yield the content with a higher label that imported pages show or link to, with its lines."""
    found: dict[Page, dict[Place, Source]] = {}
    for page, place, source in _narrower_places(session, actor, labels_of(session, page_ids)):
        found.setdefault(page, {})[place] = source
    for page, sources in found.items():
        revision = head_of(session, page)
        body = get_text(session, revision.content_hash)
        for one in _with_lines(body, context_of(page.space.slug, revision), sources):
            yield page, one


def _narrower_places(
    session: Session, actor: Actor, labels: Mapping[int, int]
) -> list[tuple[Page, Place, Source]]:
    if not labels or not labels_above(session, Label(min(labels.values()))):
        return []
    shown = shown_by(session, actor, labels)
    sources = sources_of(session, actor, {place for _, place in shown})
    return [
        (page, place, sources[place])
        for page, place in shown
        if place in sources and sources[place].label > labels[page.id]
    ]
