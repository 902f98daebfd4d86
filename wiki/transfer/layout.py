"""The mapping between the files of a tree and the pages of a space, in both directions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from wiki.i18n import gettext as _
from wiki.text.paths import (
    FOLDER_PAGES,
    MAX_SEGMENT,
    MAX_SEGMENT_BYTES,
    PathError,
    join,
    name_of,
    normalise_path,
    parent_of,
    path_key,
)
from wiki.transfer.report import Kind, Problem
from wiki.transfer.sources.source import MARKDOWN, Entry, printable

LITERAL = ".page"
"""The ending before `.md` that marks a name as literal, even if it is `index` or `readme`."""

_LONGEST_ENDING = 20


@dataclass(frozen=True)
class PlannedPage:
    """A Markdown file and the page that it becomes."""

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
    """The files of a tree that have a place, by name, and the problems found."""

    pages: list[PlannedPage] = field(default_factory=list)
    files: list[PlannedFile] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def lay_out(
    entries: Sequence[Entry],
    known: Mapping[str, tuple[str, bool]] | None = None,
    occupied: Collection[str] = (),
) -> Layout:
    """Assign a place to each file, in the order of their names.

    A file that was imported before keeps the page that it became. Otherwise `index.md` is the page
    of its folder; without an `index.md`, `README.md` is; then `name.md` beside the folder `name`.
    If two files would be at one place, the second gets another free one.

    :param known: the path of each file's existing page, and whether it is a folder's page.
    :param occupied: path keys of other pages.
    """
    return _Planner(known or {}, occupied).plan(entries)


class _Planner:
    def __init__(self, known: Mapping[str, tuple[str, bool]], occupied: Collection[str]) -> None:
        self.known = known
        self.occupied = occupied
        self.layout = Layout()
        self.pages: dict[str, str] = {}  # file by path key
        self.files: dict[str, str] = {}

    def plan(self, entries: Sequence[Entry]) -> Layout:
        named: list[tuple[Entry, str, bool]] = []
        for entry in sorted(entries, key=_precedence):
            try:
                path, folder = page_of(entry.path) if entry.is_markdown else (_open(entry), False)
                named.append((entry, normalise_path(path), folder))
            except PathError as error:
                self.layout.problems.append(Problem(Kind.REFUSED, entry.path, str(error)))
        is_known = [one[0].is_markdown and one[0].path in self.known for one in named]
        for (entry, *_path), known in zip(named, is_known, strict=True):
            if known:
                self._put(entry, *self.known[entry.path])
        second = []
        for (entry, path, folder), known in zip(named, is_known, strict=True):
            if path_key(path) not in self._taken(entry):
                if not known:
                    self._put(entry, path, folder)
            elif not known:
                second.append((entry, path, folder))
            elif path_key(self.known[entry.path][0]) != path_key(path):
                self._tell(entry, path, self.known[entry.path][0])
        for entry, path, folder in second:  # after the files that get the places of their names
            self._put_beside(entry, path, folder)
        self.layout.pages.sort(key=lambda page: page.entry.path)
        self.layout.files.sort(key=lambda file: file.entry.path)
        return self.layout

    def _taken(self, entry: Entry) -> dict[str, str]:
        return self.pages if entry.is_markdown else self.files

    def _put(self, entry: Entry, path: str, folder: bool) -> None:
        self._taken(entry)[path_key(path)] = entry.path
        if entry.is_markdown:
            self.layout.pages.append(PlannedPage(entry, path, folder))
        else:
            self.layout.files.append(PlannedFile(entry, path))

    def _put_beside(self, entry: Entry, path: str, folder: bool) -> None:
        taken = self._taken(entry)
        try:
            free = next(
                one
                for one in places_beside(entry.path, path, folder)
                if path_key(one) not in taken
                and not (entry.is_markdown and path_key(one) in self.occupied)
            )
        except PathError as error:
            self.layout.problems.append(Problem(Kind.REFUSED, entry.path, str(error)))
            return
        self._tell(entry, path, free)
        self._put(entry, free, False)

    def _tell(self, entry: Entry, path: str, free: str) -> None:
        other = self._taken(entry)[path_key(path)]
        what = "page" if entry.is_markdown else "file"
        self.layout.problems.append(kept_beside(entry.path, free, other, what))


def _open(entry: Entry) -> str:
    """Return the place of a file that is not a page. Leading dots of hidden names are removed."""
    if not entry.hidden:
        return entry.path
    return "/".join(part.lstrip(".") or "_" for part in entry.path.split("/"))


def kept_beside(file: str, path: str, other: str, what: str = "page") -> Problem:
    """Return the problem that a file is kept at `path` because another has the place of its
    name."""
    if what == "page":
        sentence = _(
            "It is kept at %(path)s, because %(other)s has the same page name.",
            path=path,
            other=printable(other),
        )
    else:
        sentence = _(
            "It is kept at %(path)s, because %(other)s has the same file name.",
            path=path,
            other=printable(other),
        )
    return Problem(Kind.BESIDE, printable(file), sentence)


def places_beside(file: str, path: str, folder: bool) -> Iterator[str]:
    """Yield alternative places for a file whose own, `path`, is taken, the best first.

    `teams/README.md` can be `teams/readme`. Others get a number: `page-2`, `logo-2.png`.

    :raises PathError: when no valid place can be made.
    """
    if folder:
        path = normalise_path(join(path, name_of(file).rpartition(".")[0].lower()))
        yield path
    above, name = parent_of(path) or "", name_of(path)
    stem, dot, ending = name.rpartition(".")
    if file.lower().endswith(MARKDOWN) or not stem or len(ending) > _LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    for number in count(2):
        yield join(above, _numbered(stem, f"-{number}{dot}{ending}"))


def _numbered(stem: str, tail: str) -> str:
    """Join `stem` and `tail` to one name, shortening `stem` if necessary."""
    while len(stem + tail) > MAX_SEGMENT or len((stem + tail).encode()) > MAX_SEGMENT_BYTES:
        stem = stem[:-1]
    return normalise_path(stem + tail)


def page_of(file: str) -> tuple[str, bool]:
    """Return the page that a Markdown file is by its name: its path, and whether it is a folder's.

    `"a/index.md"` gives `("a", True)`, `"a/b.md"` gives `("a/b", False)`, `"a/index.page.md"` gives
    `("a/index", False)`.
    """
    folder, name = parent_of(file) or "", name_of(file)
    stem = name.rpartition(".")[0]
    if name.endswith(f"{LITERAL}.md"):
        return join(folder, stem.removesuffix(LITERAL)), False
    if stem.casefold() in FOLDER_PAGES:
        return folder, True
    return join(folder, stem), False


def file_of(path: str, folder: bool) -> str:
    """Return the name of the file that a page is exported to; the inverse of `page_of`."""
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
