"""Which file of a tree is which page of a space, both ways; text in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from wiki.text.destinations import FOLDER_PAGES
from wiki.text.paths import PathError, join, name_of, normalise_path, parent_of, path_key
from wiki.transfer.report import Kind, Problem
from wiki.transfer.sources import Entry

LITERAL = ".page"
"""Before `.md`: the name is to be taken as it stands, also where it is `index` or `readme`."""


@dataclass(frozen=True)
class PlannedPage:
    """A Markdown file and the page it will be."""

    entry: Entry
    path: str
    folder: bool


@dataclass(frozen=True)
class PlannedFile:
    """Another file, and its place in the space's tree."""

    entry: Entry
    path: str


@dataclass(frozen=True)
class Layout:
    """All of a tree that has a place, pages by path; and what has none."""

    pages: list[PlannedPage] = field(default_factory=list)
    files: list[PlannedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def lay_out(entries: Sequence[Entry]) -> Layout:
    """The place of each file.

    `index.md` is the page of its folder; `README.md` is, where there is no `index.md`; then
    `name.md` beside the folder `name`. What comes second for a path is left out and said.
    """
    layout = Layout()
    taken: dict[str, str] = {}
    for entry in sorted(entries, key=_precedence):
        try:
            path, folder = page_of(entry.path) if entry.is_markdown else (entry.path, False)
            path = normalise_path(path)
        except PathError as error:
            layout.problems.append(Problem(Kind.REFUSED, entry.path, str(error)))
            continue
        key = ("page " if entry.is_markdown else "file ") + path_key(path)
        if key in taken and folder and name_of(entry.path).lower().startswith("readme."):
            path, folder = join(path, "readme"), False  # beside an index.md it is a page itself
            key = "page " + path_key(path)
        if key in taken:
            sentence = f"It would be at the same place as {taken[key]}; give it another name."
            layout.problems.append(Problem(Kind.COLLISION, entry.path, sentence))
            continue
        taken[key] = entry.path
        if entry.is_markdown:
            layout.pages.append(PlannedPage(entry, path, folder))
        else:
            layout.files.append(PlannedFile(entry, path))
    layout.pages.sort(key=lambda page: path_key(page.path))
    layout.files.sort(key=lambda file: path_key(file.path))
    return layout


def page_of(file: str) -> tuple[str, bool]:
    """The page that a Markdown file is by its name alone: path, and whether it is a folder's.

    `"a/index.md"` gives `("a", True)`, `"a/b.md"` gives `("a/b", False)`, `"a/index.page.md"`
    gives `("a/index", False)`.
    """
    folder, name = parent_of(file) or "", name_of(file)
    stem = name.rpartition(".")[0]
    if name.endswith(f"{LITERAL}.md"):
        return join(folder, stem.removesuffix(LITERAL)), False
    if stem.casefold() in FOLDER_PAGES:
        return folder, True
    return join(folder, stem), False


def file_of(path: str, folder: bool) -> str:
    """The name of the file that a page is exported to; `page_of` leads back to it."""
    if folder:
        return join(path, "index.md")
    plain = f"{path}.md"
    return plain if page_of(plain) == (path, False) else f"{path}{LITERAL}.md"


def _precedence(entry: Entry) -> tuple[int, str]:
    name = name_of(entry.path).lower()
    if name.startswith("index."):
        return (0, entry.path)
    if name.startswith("readme."):
        return (1, entry.path)
    return (2, entry.path)
