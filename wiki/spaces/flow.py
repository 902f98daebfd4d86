"""The label policy of a space: what its pages would show to more people if its label were lowered.

``wiki/pages/access/flow.py`` has the label policy of single pages.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    table,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from wiki.errors import Invalid
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.gate import greatest, scopes_for, spaces_with
from wiki.spaces.models import Scope, Space

SHOWN = 20
"""Places that an error names."""

# Of rooms above, as far as they are needed here.
_COLUMNS = ("id", "space_id", "scope_id", "path_key", "title", "deleted_at")
_links = table(
    "page_links",
    *(column(name) for name in ("page_id", "ordinal", "kind", "embedded", "space_slug")),
    *(column(name) for name in ("path_key", "target_id", "by_name", "name_key")),
)
_readings = table(
    "link_readings",
    *(column(name) for name in ("page_id", "ordinal", "space_slug", "path_key", "name_key")),
)
_files = table(
    "attachments",
    *(column(name) for name in ("page_id", "name", "name_key", "base_key", "removed_at")),
)


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
    named = "; ".join(
        f"“{row.title}” shows {f'{row.name} of ' if row.name else ''}“{row.source}”, which is "
        f"{Label(row.label).word}"
        for row in rows
    )
    more = rows[0].total - len(rows)
    raise Invalid(
        "Nothing was changed, for pages would show what is narrower than they would be: "
        f"{named}{f'; and {more} more' if more else ''}.",
        field="label",
    )


def _page(name: str) -> Any:
    return table("pages", *(column(one) for one in _COLUMNS)).alias(name)


def _open(actor: Actor, page: Any) -> ColumnElement[bool]:
    return and_(
        page.c.deleted_at.is_(None),
        page.c.space_id.in_(spaces_with(actor, Role.READER)),
        or_(page.c.scope_id.is_(None), page.c.scope_id.in_(scopes_for(actor, May.READ))),
    )


def _shown(actor: Actor, space: Space, before: Label, name: Any) -> tuple[Select[Any], Any]:
    """Pairs of a page of the space, whose label became lower, and a page (gives it) that is
    narrower than it is now."""
    page, source = _page("page"), _page("source")
    scope, other, home = aliased(Scope), aliased(Scope), aliased(Space)
    own = func.coalesce(scope.label, 0)
    label = greatest(home.label, func.coalesce(other.label, 0))
    named = source.c.title.label("source"), name.label("name")
    query = (
        select(page.c.title, *named, label.label("label"))
        .select_from(_links)
        .join(page, page.c.id == _links.c.page_id)
        .outerjoin(scope, scope.id == page.c.scope_id)
        .where(
            page.c.space_id == space.id,
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
        query.join(source, source.c.id == _links.c.target_id)
        .join(home, home.id == source.c.space_id)
        .outerjoin(other, other.id == source.c.scope_id)
        .where(_links.c.kind == "page", _links.c.embedded)
    )


def _files_shown(actor: Actor, space: Space, before: Label) -> Select[Any]:
    query, (source, other, home) = _shown(actor, space, before, _files.c.name)
    place = _place(source, _files)
    return (
        query.join(home, home.slug == _links.c.space_slug)
        .join(source, source.c.space_id == home.id)
        .join(_files, and_(_files.c.page_id == source.c.id, _leads_to(place)))
        .outerjoin(other, other.id == source.c.scope_id)
        .where(_files.c.removed_at.is_(None))
    )


def _place(page: Any, files: Any) -> ColumnElement[Any]:
    below = page.c.path_key + "/" + files.c.name_key
    return case((page.c.path_key == "", files.c.name_key), else_=below)


def _leads_to(place: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a link leads to the file at a place, or that it can mean this file
    by its name because no page, and no file at the written place, matches."""

    def fits(links: Any) -> ColumnElement[bool]:
        ending = func.substr(place, func.length(place) - func.length(links.c.path_key))
        return and_(
            links.c.name_key == _files.c.base_key,
            or_(place == links.c.path_key, ending == literal("/") + links.c.path_key),
        )

    page, home, files = _page("at"), aliased(Space), _files.alias("exact")
    exact = (
        select(literal(1))
        .select_from(files)
        .join(page, page.c.id == files.c.page_id)
        .join(home, home.id == page.c.space_id)
        .where(
            files.c.base_key == _links.c.name_key,
            files.c.removed_at.is_(None),
            page.c.deleted_at.is_(None),
            home.slug == _links.c.space_slug,
            _place(page, files) == _links.c.path_key,
        )
        .exists()
    )
    read = exists().where(
        _readings.c.page_id == _links.c.page_id,
        _readings.c.ordinal == _links.c.ordinal,
        _readings.c.space_slug == _links.c.space_slug,
        fits(_readings),
    )
    at_place = and_(_links.c.kind == "file", place == _links.c.path_key)
    named = and_(_links.c.by_name, _links.c.target_id.is_(None), ~exact)
    return or_(at_place, and_(named, or_(fits(_links), read)))
