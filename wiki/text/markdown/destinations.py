"""Resolution of addresses, as written by authors, to pages, files and other hosts."""

import re
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote, unquote

from wiki.text.markdown.context import RenderContext, split_own
from wiki.text.markdown.headings import fragment_id
from wiki.text.markdown.wikilinks import Reading, is_media, names_media, readings, section_in
from wiki.text.own_texts import own_text
from wiki.text.paths import (
    FOLDER_PAGES,
    PathError,
    join,
    name_of,
    normalise_path,
    parent_of,
    path_key,
    resolve,
)

Kind = Literal["page", "file", "external", "mention", "anchor", "site", "broken"]

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
MARKDOWN_ENDING = re.compile(r"\.(?:md|markdown|mdx)$", re.IGNORECASE)
_EXTENSION = re.compile(r"\.(?=[A-Za-z0-9]{1,10}$)[A-Za-z0-9]*[A-Za-z]")
_MAIL = ("mailto", "tel", "xmpp")
_CONTROLS = re.compile(r"[\x00-\x20\x7f]+")
_MAX_ADDRESS = 2000


@dataclass(frozen=True)
class Destination:
    """The target of an address. `url` is safe to write into HTML.

    For `broken` the URL is empty and `path` contains the reason. A wiki link may have another
    target, depending on the pages that exist: one of the places in `others` or, if it is `named`, a
    page elsewhere whose path ends with the written one.
    """

    kind: Kind
    url: str
    space: str = ""
    path: str = ""
    fragment: str = ""
    others: tuple[Reading, ...] = field(default=(), compare=False)
    named: bool = field(default=False, compare=False)


def page_url(space: str, path: str, fragment: str = "") -> str:
    """Return the address of a page: `("eng", "on call")` gives `"/eng/on%20call"`. That of the home
    page ends in a slash."""
    return f"/{_quote(space)}/{_quote(path)}" + (f"#{_quote(fragment)}" if fragment else "")


def file_url(space: str, path: str, fragment: str = "") -> str:
    """Return the address of the file at `path` (folder and name) in the tree of `space`."""
    folder, name = parent_of(path) or "", name_of(path)
    parts = [_quote(part) for part in (folder, "-/files", name) if part]
    return f"/{_quote(space)}/" + "/".join(parts) + (f"#{_quote(fragment)}" if fragment else "")


def resolve_link(address: str, context: RenderContext, image: bool = False) -> Destination:
    """Resolve the address of a link (or, with `image`, of a picture) on a page."""
    address = _CONTROLS.sub(" ", address).strip()
    if len(address) > _MAX_ADDRESS:
        return _broken(own_text("address-too-long"))
    if context.routes and (route := context.by_key.get(route_key(address, context))):
        return _routed(address, *route)
    if context.base_url:
        address = split_own(address, context.base_url)[1]
    if _SCHEME.match(address) or re.match(r"[/\\]{2}", address):
        return _external(address)
    path, _, fragment = address.partition("#")
    path, _, query = path.partition("?")
    path, fragment = unquote(path).replace("\\", "/"), unquote(fragment)
    tail = f"?{_requote(query)}" if query else ""
    if not path:
        fragment = fragment_id(fragment)
        tail += f"#{_quote(fragment)}" if fragment else ""
    if not path and not query:
        return Destination("anchor", tail or "#", context.space, context.path, fragment)
    try:
        if path.startswith("/"):
            return _site(path, tail, fragment, image)
        if not path:
            url = page_url(context.space, context.path) + tail
            return Destination("page", url, context.space, context.path, fragment)
        target = resolve(context.base, path)
        if target is None:
            return _broken(own_text("out-of-space"))
        to = _in_space(context.space, target, path.endswith("/"), tail, fragment, image)
        return _by_name(to, path) if to.kind == "file" else to
    except PathError as error:
        return _broken(error.stored)


def _by_name(to: Destination, written: str) -> Destination:
    """Return the destination of a file that may also be elsewhere, at a path that ends with the
    written one."""
    names = [name for name in written.split("/") if name not in ("", ".", "..")]
    path = normalise_path("/".join(names))
    others = () if path_key(path) == path_key(to.path) else (Reading(1, to.space, path, ""),)
    return replace(to, others=others, named=True)


def route_key(address: str, context: RenderContext) -> str:
    """Return the form of an address's path under which `routes` stores it; empty if it has no path.

    The key begins with a slash if the address does, otherwise with the folder that the address
    starts from. It therefore changes when the page moves.
    """
    if _SCHEME.match(address) or re.match(r"[/\\]{2}", address):
        return ""
    path = unquote(re.split("[#?]", address, maxsplit=1)[0]).replace("\\", "/")
    return path if path.startswith("/") or not path else join(context.base, path)


def _routed(address: str, kind: str, space: str, path: str) -> Destination:
    rest, _, fragment = address.partition("#")
    query = rest.partition("?")[2]
    tail, fragment = f"?{_requote(query)}" if query else "", unquote(fragment)
    return (_file if kind == "file" else _page)(space, path, tail, fragment)


def resolve_embedded(target: str, context: RenderContext) -> Destination:
    """Resolve the target of `![[picture.png]]`: a file at this path from the root of the space, or
    else a file of this name elsewhere in it."""
    reason, found, named = readings(target, context.space, context.base)
    plain = next((one for one in found if names_media(one.path)), None)
    if plain is None:
        return _broken(reason or own_text("no-file"))
    to = _file(plain.space, plain.path, "", section_in(plain.section))
    return replace(to, named=named)


def resolve_wiki_link(target: str, context: RenderContext) -> Destination:
    """Resolve `[[target]]`: a path from the root of the space, or of `space:`."""
    if not target.partition("#")[0].strip():
        fragment = fragment_id(section_in(target))
        return Destination("anchor", f"#{_quote(fragment)}", context.space, context.path, fragment)
    if target.startswith(("/", "./", "../")) and is_media(target):
        return resolve_embedded(target, context)
    reason, found, named = readings(target, context.space, context.base)
    plain = next((one for one in found if one.rank == 0), None) or next(iter(found), None)
    if plain is None:
        return _broken(reason)
    fragment = _section(plain)
    others = tuple(one._replace(section=_section(one)) for one in found if one is not plain)
    url = page_url(plain.space, plain.path, fragment)
    return Destination("page", url, plain.space, plain.path, fragment, others, named)


def _section(one: Reading) -> str:
    """Return the section that a reading names, or the place in a file, such as `page=3`."""
    section = section_in(one.section)
    return section if "=" in section and names_media(one.path) else fragment_id(section)


def _in_space(
    space: str, target: str, is_folder: bool, tail: str, fragment: str, image: bool
) -> Destination:
    name = name_of(target)
    if MARKDOWN_ENDING.search(name) and not image:
        target = target[: target.rindex(".")]
        if name_of(target).casefold() in FOLDER_PAGES:
            target = parent_of(target) or ""
    elif not is_folder and (image or _EXTENSION.search(name)):
        return _file(space, normalise_path(target), tail, fragment)
    return _page(space, normalise_path(target), tail, fragment)


def _page(space: str, path: str, query: str, section: str) -> Destination:
    fragment = fragment_id(section)
    tail = f"{query}#{_quote(fragment)}" if fragment else query
    return Destination("page", page_url(space, path) + tail, space, path, fragment)


def _file(space: str, path: str, query: str, fragment: str) -> Destination:
    tail = f"{query}#{_quote(fragment)}" if fragment else query
    return Destination("file", file_url(space, path) + tail, space, path, fragment)


def _site(path: str, tail: str, fragment: str, image: bool) -> Destination:
    """Resolve an address from the root of the site: `/<space>/<path>` or something behind `/-/`."""
    segments = [segment for segment in path.split("/") if segment]
    if any(segment in (".", "..") for segment in segments):
        return _broken(own_text("dots"))
    url = "/" + "/".join(_quote(segment) for segment in segments)
    if segments and path.endswith("/"):
        url += "/"
    section = fragment_id(fragment)
    whole = url + tail + (f"#{_quote(section)}" if section else "")
    if not segments or segments[0] == "-":
        return Destination("site", whole)
    space, rest = segments[0], segments[1:]
    if "-" in rest:
        verb = rest.index("-")
        if rest[verb + 1 : verb + 2] == ["files"] and len(rest) == verb + 3:
            target = normalise_path("/".join([*rest[:verb], rest[-1]]))
            return _file(space, target, tail, fragment)
        return Destination("site", whole)
    return _in_space(space, "/".join(rest), path.endswith("/"), tail, fragment, image)


def _external(address: str) -> Destination:
    scheme, colon, rest = address.partition(":")
    if not colon or re.match(r"[/\\]{2}", address):
        scheme, rest = "https", address.replace("\\", "/")
    scheme = scheme.lower()
    if scheme in ("http", "https"):
        rest = rest.replace("\\", "/")
        if not rest.startswith("//") or not rest.strip("/"):
            return _broken(own_text("no-host"))
    elif scheme not in _MAIL:
        return _broken(own_text("scheme", scheme))
    url = f"{scheme}:{_requote(rest)}"
    return Destination("external", url, path=url)


def _broken(reason: str) -> Destination:
    return Destination("broken", "", path=reason)


def _quote(text: str) -> str:
    """Percent-encode a path or fragment that is not encoded yet."""
    return quote(text, safe="/:@!$&'()*+,;=")


def _requote(text: str) -> str:
    """Percent-encode invalid characters of an address, and keep existing encodings."""
    return quote(text, safe="/%:?#[]@!$&'()*+,;=")
