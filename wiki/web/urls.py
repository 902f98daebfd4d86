"""How addresses are written: the converter for page paths, and the rules of a page's verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, Flask, url_for
from werkzeug.routing import BaseConverter

# What may stand in a path as it is, for Werkzeug and for us.
_AS_IT_IS = "!$&'()*+,/:;=@"
View = TypeVar("View", bound=Callable[..., Any])


class PagePath(BaseConverter):
    """A page's path: segments of which none is ``-``, because ``/-/`` begins a verb."""

    regex = r"(?!-(?:/|$))[^/]+(?:/(?!-(?:/|$))[^/]+)*"
    part_isolating = False


class SpaceSlug(BaseConverter):
    """A space's slug."""

    regex = r"[a-z0-9][a-z0-9-]{0,59}"


def verb(blueprint: Blueprint, name: str, **options: Any) -> Callable[[View], View]:
    """Route ``/<space>/<path>/-/<name>``, and ``/<space>/-/<name>`` for the space's own page."""

    def register(view: View) -> View:
        endpoint = options.pop("endpoint", view.__name__)
        blueprint.add_url_rule(
            f"/<space:slug>/-/{name}", endpoint, view, defaults={"path": ""}, **options
        )
        blueprint.add_url_rule(f"/<space:slug>/<page:path>/-/{name}", endpoint, view, **options)
        return view

    return register


def page_url(slug: str, path: str, verb: str = "", **query: Any) -> str:
    """The address of a page, or of one of its verbs (an endpoint of ``pages``)."""
    if not verb and not query:  # the rule of ``pages.read``, of which a screen has hundreds
        return f"/{slug}/{quote(path, safe=_AS_IT_IS)}"
    return url_for(f"pages.{verb or 'read'}", slug=slug, path=path, **query)


def space_url(slug: str, verb: str) -> str:
    """The address of one of a space's own verbs."""
    return f"/{slug}/-/{verb}"


def init_app(app: Flask) -> None:
    """Teach the app the converters."""
    app.url_map.converters["page"] = PagePath
    app.url_map.converters["space"] = SpaceSlug
    app.add_template_global(page_url)
    app.add_template_global(space_url)
