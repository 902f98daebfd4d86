"""The routes of an exported tree, in a file beside its pages.

Texts are exported as they are. If an address in them has a target that differs from its wording,
this file stores the target, and an import of the tree restores it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from wiki.text.paths import PathError, ancestors_of, normalise_path, path_key
from wiki.transfer.layout import Layout, file_of

ROUTES_FILE = ".trellis/routes.json"
MOST_ROUTES = 2000
"""Maximum number of routes of one page."""

Route = tuple[str, str, str]
"""The key of an address, the kind of its target (page or file), and the path of the target."""


def written_routes(space: str, pages: Iterable[tuple[str, bool, Sequence[Sequence[str]]]]) -> str:
    """Return the text of the file for pages (path, whether it is a folder's, and routes) of a
    space; empty if no page has a route."""
    found = {}
    for path, folder, routes in pages:
        own = [[key, kind, to] for key, kind, slug, to in routes if slug == space]
        if own:
            found[file_of(path, folder)] = own
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n" if found else ""


def read_routes(text: str, layout: Layout) -> dict[str, list[Route]]:
    """Return the routes of each file of a tree, without those whose targets are not in the tree.
    Entries that :func:`written_routes` would not write are left out."""
    try:
        files = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    if not isinstance(files, Mapping):
        return {}
    pages = {path_key(page.path) for page in layout.pages}
    files_there = {path_key(file.path) for file in layout.files}
    folders = {above for key in pages | files_there for above in ancestors_of(key)}
    there = {"page": pages | folders, "file": files_there}
    found = {}
    for file, routes in files.items():
        some = routes[:MOST_ROUTES] if isinstance(routes, list) else []
        found[file] = [one for route in some if (one := _valid(route, there))]
    return found


def _valid(route: Any, there: Mapping[str, Collection[str]]) -> Route | None:
    if not isinstance(route, list) or len(route) != 3:
        return None
    if not all(isinstance(part, str) for part in route):
        return None
    key, kind, to = route
    try:
        path = normalise_path(to)
    except PathError:
        return None
    return (key, kind, path) if key and path_key(path) in there.get(kind, ()) else None
