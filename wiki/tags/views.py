"""Views of tags, of pages by tag, of renaming and removing tags, and of lists of pages."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.pages.models import Page
from wiki.rules.access import May
from wiki.spaces.models import Space
from wiki.spaces.queries import SpaceAccess, list_spaces, see_space
from wiki.tags import actions, queries
from wiki.tags.actions import Renamed, WouldMerge
from wiki.tags.lists import Order, Wanted, list_pages, wanted_from
from wiki.web.errors import flash
from wiki.web.paging import Slice
from wiki.web.public import public
from wiki.web.request import actor, reading, writing
from wiki.web.response_cache import cached
from wiki.web.urls import space_url, tag_url

blueprint = Blueprint("tags", __name__)


@blueprint.app_template_global()
def tag_choices(space: Space) -> list[str]:
    """Return the tags that authors in a space are most likely to use, for the editor."""
    return queries.tag_choices(reading(), actor(), space)


@blueprint.get("/-/tags")
@public
@cached
def tags() -> ResponseReturnValue:
    """List all tags of readable pages."""
    return _tags(None)


@blueprint.get("/<space:slug>/-/tags")
@public
@cached
def tags_of_space(slug: str) -> ResponseReturnValue:
    """List all tags of a space."""
    return _tags(see_space(reading(), actor(), slug))


def _tags(seen: SpaceAccess | None) -> ResponseReturnValue:
    asked = request.args.get("tag", "")
    if asked.strip():
        here = tag_url(seen.space.slug if seen else "", asked.strip())
        return _tag(seen, asked) if "?" in here else redirect(here, 302)
    by_size = request.args.get("sort") == "pages"
    found = queries.list_tags(
        reading(),
        actor(),
        space=seen.space if seen else None,
        by_size=by_size,
        after=request.args.get("after"),
    )
    return render_template(
        "tags/tags_of_space.html" if seen else "tags/tags.html",
        **_where(seen),
        tags=found.rows,
        after=found.after,
        by_size=by_size,
    )


@blueprint.get("/-/tags/<path:tag>")
@public
@cached
def tag(tag: str) -> ResponseReturnValue:
    """List the pages with a tag, in all spaces."""
    return _tag(None, tag)


@blueprint.get("/<space:slug>/-/tags/<path:tag>")
@public
@cached
def tag_of_space(slug: str, tag: str) -> ResponseReturnValue:
    """List the pages of a space with a tag."""
    return _tag(see_space(reading(), actor(), slug), tag)


def _tag(seen: SpaceAccess | None, raw: str) -> ResponseReturnValue:
    session = reading()
    space = seen.space if seen else None
    found = queries.see_tag(session, actor(), raw, space=space)
    pages = list_pages(
        session, actor(), Wanted(tag=raw), space=space, after=request.args.get("after")
    )
    known = list_spaces(session, actor()) if seen is None else ()
    return render_template(
        "tags/tag_of_space.html" if seen else "tags/tag.html",
        **_where(seen),
        tag=found,
        pages=pages.rows,
        after=pages.after,
        spaces=[(one, found.spaces[one.id]) for one in known if one.id in found.spaces],
        can_edit=bool(seen and seen.may(May.EDIT)),
    )


@blueprint.route("/<space:slug>/-/rename-tag", methods=["GET", "POST"])
def rename_tag(slug: str) -> ResponseReturnValue:
    """Rename a tag: GET shows the effects, POST does it."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    raw, to = request.values.get("tag", ""), request.values.get("to", "")
    error: Invalid | WouldMerge | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                done = actions.rename_tag(
                    session,
                    actor(),
                    seen.space.id,
                    actions.Renaming(raw, to, "merge" in request.form),
                )
        except (Invalid, WouldMerge) as refused:
            error = refused
        else:
            flash(
                _told(
                    ngettext(
                        "One page now has the tag: “%(name)s”.",
                        "%(number)s pages now have the tag: “%(name)s”.",
                        done.pages,
                        number=format_decimal(done.pages),
                        name=done.name,
                    ),
                    done,
                )
            )
            return redirect(tag_url(slug, raw if done.left else done.name), 303)
    tag = queries.see_tag(reading(), actor(), raw, space=seen.space)
    name, target = to, None
    try:
        name = actions.checked_name(to) if to or request.method == "POST" else ""
    except Invalid as refused:
        error = error or refused
    else:
        target = queries.find_tag(reading(), actor(), name, space=seen.space) if name else None
    body = render_template(
        "tags/rename.html",
        **_where(seen),
        tag=tag,
        to=to,
        name=name,
        target=target if target and target.key != tag.key else None,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


@blueprint.route("/<space:slug>/-/remove-tag", methods=["GET", "POST"])
def remove_tag(slug: str) -> ResponseReturnValue:
    """Remove a tag from all pages of a space, after confirmation."""
    seen = see_space(reading(), actor(), slug)
    seen.require(May.EDIT)
    raw = request.values.get("tag", "")
    if request.method == "POST":
        with writing() as session:
            done = actions.remove_tag(session, actor(), seen.space.id, raw)
        flash(
            _told(
                ngettext(
                    "One page no longer has the tag: “%(name)s”.",
                    "%(number)s pages no longer have the tag: “%(name)s”.",
                    done.pages,
                    number=format_decimal(done.pages),
                    name=done.name,
                ),
                done,
            )
        )
        return redirect(tag_url(slug, raw) if done.left else space_url(slug, "tags"), 303)
    tag = queries.see_tag(reading(), actor(), raw, space=seen.space)
    return render_template("tags/remove.html", **_where(seen), tag=tag)


def _told(told: str, done: Renamed) -> str:
    if not done.left:
        return told
    left = _("%(number)s are left: repeat this to continue.", number=format_decimal(done.left))
    return f"{told} {left}"


@blueprint.get("/-/pages")
@public
@cached
def pages() -> ResponseReturnValue:
    """List pages of all spaces by tag, author and date."""
    return _pages(None)


@blueprint.get("/<space:slug>/-/pages")
@public
@cached
def pages_of_space(slug: str) -> ResponseReturnValue:
    """List pages of a space by tag, author and date."""
    return _pages(see_space(reading(), actor(), slug))


def _pages(seen: SpaceAccess | None) -> ResponseReturnValue:
    error: Invalid | None = None
    wanted = Wanted()
    found: Slice[Page] = Slice((), None)
    try:
        wanted = wanted_from(request.args)
        if wanted.since and wanted.until and wanted.since > wanted.until:
            raise Invalid(_("The first day is after the last one."), field="since")
    except Invalid as refused:
        error = refused
    else:
        found = list_pages(
            reading(),
            actor(),
            wanted,
            space=seen.space if seen else None,
            after=request.args.get("after"),
        )
    body = render_template(
        "tags/pages_of_space.html" if seen else "tags/pages.html",
        **_where(seen),
        pages=found.rows,
        after=found.after,
        wanted=wanted,
        orders=Order,
        can_edit=bool(seen and seen.may(May.EDIT)),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


def _where(seen: SpaceAccess | None) -> dict[str, Any]:
    """Return the space of a page, if any, and the start of its addresses, for the template."""
    if seen is None:
        return {"slug": "", "home": "/"}
    slug = seen.space.slug
    return {"space": seen.space, "seen": seen, "slug": slug, "home": f"/{slug}/"}
