"""URL building and routing: converters for page paths, and rules for a page's verbs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import SplitResult, quote, urlsplit

from flask import Blueprint, Flask, request, url_for
from werkzeug.routing import BaseConverter, IntegerConverter, Map

# Characters that a path may contain unquoted; Werkzeug has the same.
_AS_IT_IS = "!$&'()*+,/:;=@"
View = TypeVar("View", bound=Callable[..., Any])


class PagePath(BaseConverter):
    """Converter for a page's path. No segment is ``-``, because ``/-/`` begins a verb."""

    regex = r"(?!-(?:/|$))[^/]+(?:/(?!-(?:/|$))[^/]+)*"
    part_isolating = False


class ApiPagePath(PagePath):
    """Converter for a page's path at the end of an API address, where some endings are verbs. A
    page whose own path ends like a verb is addressed with a trailing slash."""

    _verb = r"(?:.*/)?(?:revisions(?:/[^/]*(?:/undo)?)?|diff/[^/]*|blame|move|threads)"
    # In the API nothing else follows a path, so a segment may be ``-``; it is refused later.
    _any = r"[^/]+(?:/[^/]+)*"
    regex = rf"(?:(?!{_verb}\Z){_any}|{_any}/)"

    def to_python(self, value: str) -> str:
        """Return the path without the slash that distinguishes it from a verb."""
        return value.removesuffix("/")

    def to_url(self, value: str) -> str:
        """Return the path, with a trailing slash if it could be taken for a verb."""
        url: str = super().to_url(value)
        return f"{url}/" if re.fullmatch(self._verb, value) else url


class Id(IntegerConverter):
    """Converter for an integer that every database can look up."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=2**53)


class ApiId(BaseConverter):
    """Converter for an id in an address of the API. What is no id is 0, which nothing has, so that
    it answers like an id that does not exist."""

    def to_python(self, value: str) -> int:
        """Return the id."""
        return int(value) if re.fullmatch("[0-9]{1,15}", value) else 0


class SpaceSlug(BaseConverter):
    """Converter for a space's slug."""

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
    """Route a verb that also works for deleted pages: like :func:`verb`, and also
    ``/-/p/<id>/<name>``. The view gets ``slug`` and ``path``, or ``page_id``."""

    def register(view: View) -> View:
        endpoint = options.pop("endpoint", view.__name__)
        blueprint.add_url_rule(f"/-/p/<int:page_id>/{name}", endpoint, view, **options)
        return verb(blueprint, name, endpoint=endpoint, **options)(view)

    return register


def page_url(slug: str, path: str, verb: str = "", **query: Any) -> str:
    """Return the address of a page, or of one of its verbs (an endpoint of ``pages``)."""
    if not verb and not query:  # fast path for ``pages.read``, of which a screen has hundreds
        return f"/{slug}/{quote(path, safe=_AS_IT_IS)}"
    return url_for(f"pages.{verb or 'read'}", slug=slug, path=path, **query)


def verb_url(slug: str, path: str, verb: str) -> str:
    """Return the address of a verb of a page; of the space itself for its home page."""
    return f"{page_url(slug, path)}{'/' if path else ''}-/{verb}"


def space_url(slug: str, verb: str) -> str:
    """Return the address of a verb of a space."""
    return f"/{slug}/-/{verb}"


def access_url(slug: str, path: str) -> str:
    """Return the address of the panel that says who can see a page."""
    home = page_url(slug, path)
    return f"{home}/-/access" if path else f"{home}-/access?of=page"


def tag_url(slug: str, tag: str) -> str:
    """Return the address of a tag of a space; without a slug, that of a tag of all spaces."""
    tags = f"/{slug}/-/tags" if slug else "/-/tags"
    if all(part not in ("", ".", "..") for part in tag.split("/")):
        return f"{tags}/{quote(tag)}"
    return f"{tags}?tag={quote(tag, safe='')}"  # clients would normalise such a path


def this_url() -> str:
    """Return the address of this request as path and query, without the host."""
    query = request.query_string.decode("ascii", "ignore")
    path = quote(request.path, safe="/:@!$&'()*+,;=-._~")
    return f"{path}?{query}" if query else path


def local_url(url: str | None) -> str:
    """Return ``url`` if every browser resolves it to this wiki, else ``/``.

    Browsers drop tabs and line ends from addresses, and treat a backslash like a slash and two
    slashes as the beginning of a host.
    """
    if not url or len(url) > 4000 or not url.startswith("/") or url.startswith("//"):
        return "/"
    if "\\" in url or any(ord(character) <= 0x20 or ord(character) == 0x7F for character in url):
        return "/"
    return url


def split_url(url: str) -> SplitResult:
    """Split an address that somebody else wrote; all parts of a malformed one are empty."""
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def init_app(app: Flask) -> None:
    """Register the converters, and make the functions available in templates."""
    app.add_template_global(this_url)
    app.url_map.converters["page"] = PagePath
    app.url_map.converters["apipage"] = ApiPagePath
    app.url_map.converters["int"] = Id
    app.url_map.converters["apiid"] = ApiId
    app.url_map.converters["space"] = SpaceSlug
    app.add_template_global(page_url)
    app.add_template_global(space_url)
    app.add_template_global(access_url)
    app.add_template_global(tag_url)
