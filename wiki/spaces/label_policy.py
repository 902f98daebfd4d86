"""The label policy of a space: what its pages would show to more people if its label were lowered.

``wiki/pages/access/label_policy.py`` has the label policy of single pages.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from wiki.attachments.models import Attachment
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.pages.links.models import TO_FILE, TO_PAGE, LinkReading, PageLink
from wiki.pages.models import Page
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.rules.words import shown
from wiki.spaces.gate import greatest, scopes_for, spaces_with
from wiki.spaces.models import Scope, Space

SHOWN = 20
"""Places that an error names."""


def refuse_lowered_space(session: Session, actor: Actor, space: Space, before: Label) -> None:
    """Check a space whose label was lowered: none of its pages may embed a page, or link to a file
    of a page, with a higher label. Only pages that the actor may read count.

    :raises Invalid: naming the first of them.
    """
    if Label(space.label) >= before:
        return
    session.flush()
    shown = union_all(_pages_shown(actor, space, before), _files_shown(actor, space, before))
    found = shown.subquery("shown")
    rows = session.execute(
        select(found, func.count().over().label("total"))
        .order_by(found.c.title, found.c.source, found.c.name)
        .limit(SHOWN)
    ).all()
    if not rows:
        return
    named = [_named(row) for row in rows]
    if more := rows[0].total - len(rows):
        named.append(_("and %(number)s more", number=more))
    raise Invalid(
        _(
            "Nothing was changed, because pages would show content with a higher label than "
            "their own: %(places)s.",
            places="; ".join(named),
        ),
        field="label",
    )


def _named(row: Any) -> str:
    values = {"title": row.title, "source": row.source, "label": shown(Label(row.label).word)}
    if row.name:
        return _(
            "“%(title)s” shows %(file)s of “%(source)s”, which is %(label)s",
            file=row.name,
            **values,
        )
    return _("“%(title)s” shows “%(source)s”, which is %(label)s", **values)


def _open(actor: Actor, page: Any) -> ColumnElement[bool]:
    return and_(
        page.deleted_at.is_(None),
        page.space_id.in_(spaces_with(actor, Role.READER)),
        or_(page.scope_id.is_(None), page.scope_id.in_(scopes_for(actor, May.READ))),
    )


def _shown(actor: Actor, space: Space, before: Label, name: Any) -> tuple[Select[Any], Any]:
    """Pairs of a page of the space, whose label became lower, and a page (gives it) that is
    narrower than it is now."""
    page, source = aliased(Page, name="page"), aliased(Page, name="source")
    scope, other, home = aliased(Scope), aliased(Scope), aliased(Space)
    own = func.coalesce(scope.label, 0)
    label = greatest(home.label, func.coalesce(other.label, 0))
    named = source.title.label("source"), name.label("name")
    query = (
        select(page.title, *named, label.label("label"))
        .select_from(PageLink)
        .join(page, page.id == PageLink.page_id)
        .outerjoin(scope, scope.id == page.scope_id)
        .where(
            page.space_id == space.id,
            own < int(before),
            label > greatest(literal(space.label), own),
            _open(actor, page),
            _open(actor, source),
        )
        .distinct()
    )
    return query, (source, other, home)


def _pages_shown(actor: Actor, space: Space, before: Label) -> Select[Any]:
    query, (source, other, home) = _shown(actor, space, before, literal(""))
    return (
        query.join(source, source.id == PageLink.target_id)
        .join(home, home.id == source.space_id)
        .outerjoin(other, other.id == source.scope_id)
        .where(TO_PAGE, PageLink.embedded)
    )


def _files_shown(actor: Actor, space: Space, before: Label) -> Select[Any]:
    query, (source, other, home) = _shown(actor, space, before, Attachment.name)
    place = _place(source, Attachment)
    return (
        query.join(home, home.slug == PageLink.space_slug)
        .join(source, source.space_id == home.id)
        .join(Attachment, and_(Attachment.page_id == source.id, _leads_to(place)))
        .outerjoin(other, other.id == source.scope_id)
        .where(Attachment.removed_at.is_(None))
    )


def _place(page: Any, files: Any) -> ColumnElement[Any]:
    below = page.path_key + "/" + files.name_key
    return case((page.path_key == "", files.name_key), else_=below)


def _leads_to(place: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a link leads to the file at a place, or that it can mean this file
    by its name because no page, and no file at the written place, matches."""

    def fits(links: Any) -> ColumnElement[bool]:
        ending = func.substr(place, func.length(place) - func.length(links.path_key))
        return and_(
            links.name_key == Attachment.base_key,
            or_(place == links.path_key, ending == literal("/") + links.path_key),
        )

    page, home, files = aliased(Page, name="at"), aliased(Space), aliased(Attachment, name="exact")
    exact = (
        select(literal(1))
        .select_from(files)
        .join(page, page.id == files.page_id)
        .join(home, home.id == page.space_id)
        .where(
            files.base_key == PageLink.name_key,
            files.removed_at.is_(None),
            page.deleted_at.is_(None),
            home.slug == PageLink.space_slug,
            _place(page, files) == PageLink.path_key,
        )
        .exists()
    )
    read = exists().where(
        LinkReading.page_id == PageLink.page_id,
        LinkReading.ordinal == PageLink.ordinal,
        LinkReading.space_slug == PageLink.space_slug,
        fits(LinkReading),
    )
    at_place = and_(TO_FILE, place == PageLink.path_key)
    named = and_(PageLink.by_name, PageLink.target_id.is_(None), ~exact)
    return or_(at_place, and_(named, or_(fits(PageLink), read)))
