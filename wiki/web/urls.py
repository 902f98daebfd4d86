"""How addresses are written: the converter for page paths, and the rules of a page's verbs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from flask import Blueprint, Flask, request, url_for
from werkzeug.routing import BaseConverter, IntegerConverter, Map

# What may stand in a path as it is, for Werkzeug and for us.
_AS_IT_IS = "!$&'()*+,/:;=@"
View = TypeVar("View", bound=Callable[..., Any])


class PagePath(BaseConverter):
    """A page's path: segments of which none is ``-``, because ``/-/`` begins a verb."""

    regex = r"(?!-(?:/|$))[^/]+(?:/(?!-(?:/|$))[^/]+)*"
    part_isolating = False


class ApiPagePath(PagePath):
    """A page's path at the end of an address of the API, where some endings are verbs: a page whose
    own path ends so has one more slash behind it."""

    _verb = r"(?:.*/)?(?:revisions(?:/[^/]*)?|diff/[^/]*|blame)"
    # Nothing else of the API follows a path, so a part may be ``-`` and is then refused as a part.
    _any = r"[^/]+(?:/[^/]+)*"
    regex = rf"(?:(?!{_verb}\Z){_any}|{_any}/)"

    def to_python(self, value: str) -> str:
        """The path without the slash that tells it from a verb."""
        return value.removesuffix("/")

    def to_url(self, value: str) -> str:
        """The path, with a slash where it could be taken for a verb."""
        url: str = super().to_url(value)
        return f"{url}/" if re.fullmatch(self._verb, value) else url


class Id(IntegerConverter):
    """A number that every database can look for."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**53)


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


def verb_of_past(blueprint: Blueprint, name: str, **options: Any) -> Callable[[View], View]:
    """The same for what can be asked of a deleted page too: also ``/-/p/<id>/<name>``. The view is
    given ``slug`` and ``path``, or ``page_id``."""

    def register(view: View) -> View:
        endpoint = options.pop("endpoint", view.__name__)
        blueprint.add_url_rule(f"/-/p/<int:page_id>/{name}", endpoint, view, **options)
        return verb(blueprint, name, endpoint=endpoint, **options)(view)

    return register


def page_url(slug: str, path: str, verb: str = "", **query: Any) -> str:
    """The address of a page, or of one of its verbs (an endpoint of ``pages``)."""
    if not verb and not query:  # the rule of ``pages.read``, of which a screen has hundreds
        return f"/{slug}/{quote(path, safe=_AS_IT_IS)}"
    return url_for(f"pages.{verb or 'read'}", slug=slug, path=path, **query)


def space_url(slug: str, verb: str) -> str:
    """The address of one of a space's own verbs."""
    return f"/{slug}/-/{verb}"


def access_url(slug: str, path: str) -> str:
    """The address of the panel that says who can see a page."""
    home = page_url(slug, path)
    return f"{home}/-/access" if path else f"{home}-/access?of=page"


def tag_url(slug: str, tag: str) -> str:
    """The address of a tag of a space, or, without a slug, of a tag of all spaces."""
    tags = f"/{slug}/-/tags" if slug else "/-/tags"
    if all(part not in ("", ".", "..") for part in tag.split("/")):
        return f"{tags}/{quote(tag)}"
    return f"{tags}?tag={quote(tag, safe='')}"  # a path would be tidied up on the way


def this_url() -> str:
    """The address of this request, to come back to: path and query, without the host."""
    query = request.query_string.decode("ascii", "ignore")
    path = quote(request.path, safe="/:@!$&'()*+,;=-._~")
    return f"{path}?{query}" if query else path


def local_url(url: str | None) -> str:
    """``url`` if it leads to this wiki, whatever a browser makes of it, else the start.

    Browsers drop tabs and line ends from addresses, take a backslash for a slash, and two slashes
    for the beginning of a host.
    """
    if not url or len(url) > 4000 or not url.startswith("/") or url.startswith("//"):
        return "/"
    if "\\" in url or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
        return "/"
    return url


def init_app(app: Flask) -> None:
    """Teach the app the converters."""
    app.add_template_global(this_url)
    app.url_map.converters["page"] = PagePath
    app.url_map.converters["apipage"] = ApiPagePath
    app.url_map.converters["int"] = Id
    app.url_map.converters["space"] = SpaceSlug
    app.add_template_global(page_url)
    app.add_template_global(space_url)
    app.add_template_global(access_url)
    app.add_template_global(tag_url)
