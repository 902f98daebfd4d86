"""The report of an import: counts, and the problems with the tree."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext, ngettext

MOST_PROBLEMS = 5000
"""Maximum number of problems that a database row stores in full; the rest is only counted."""


class Kind(StrEnum):
    """The kind of a problem; the value is the heading above all problems of that kind, as commands
    write it."""

    HISTORY = "The history itself"
    REFUSED = "Not imported"
    BESIDE = "Kept at another address than its name says, because another file is there"
    MISSING = "Not imported, because it is missing or damaged in the repository"
    NAMES = "Names of files in another encoding than UTF-8"
    UNREADABLE = "Not imported, because the text cannot be read"
    SECRET = "Looks like a secret, and was imported with its page"  # noqa: S105
    UNSEEN = "Has characters that cannot be seen and can make it read otherwise than it is"
    NARROWER = "Shows what has a higher label than the page, which not all its readers can see"
    CONFLICT = "Changed here and in the tree, and left as it is here"
    REPLACED = "Written here before, and replaced (its history is kept)"
    LINK = "Links that lead to no page"
    FILE = "Files that are linked and not there"
    ADDRESS = "Addresses that cannot be followed"
    FRONT_MATTER = "Front matter that cannot be read as it stands, and is kept word for word"
    SOURCE = "Pages shown as their plain source"
    LEFT_OUT = "Files that no page shows or links, left out"

    @property
    def heading(self) -> str:
        """The heading in the reader's language."""
        return str(_HEADINGS[self])


_HEADINGS = {
    Kind.HISTORY: lazy_gettext("The history itself"),
    Kind.REFUSED: lazy_gettext("Not imported"),
    Kind.BESIDE: lazy_gettext(
        "Kept at another address than its name says, because another file is there"
    ),
    Kind.MISSING: lazy_gettext("Not imported, because it is missing or damaged in the repository"),
    Kind.NAMES: lazy_gettext("Names of files in another encoding than UTF-8"),
    Kind.UNREADABLE: lazy_gettext("Not imported, because the text cannot be read"),
    Kind.SECRET: lazy_gettext("Looks like a secret, and was imported with its page"),
    Kind.UNSEEN: lazy_gettext(
        "Has characters that cannot be seen and can make it read otherwise than it is"
    ),
    Kind.NARROWER: lazy_gettext(
        "Shows what has a higher label than the page, which not all its readers can see"
    ),
    Kind.CONFLICT: lazy_gettext("Changed here and in the tree, and left as it is here"),
    Kind.REPLACED: lazy_gettext("Written here before, and replaced (its history is kept)"),
    Kind.LINK: lazy_gettext("Links that lead to no page"),
    Kind.FILE: lazy_gettext("Files that are linked and not there"),
    Kind.ADDRESS: lazy_gettext("Addresses that cannot be followed"),
    Kind.FRONT_MATTER: lazy_gettext(
        "Front matter that cannot be read as it stands, and is kept word for word"
    ),
    Kind.SOURCE: lazy_gettext("Pages shown as their plain source"),
    Kind.LEFT_OUT: lazy_gettext("Files that no page shows or links, left out"),
}

OVERLAPS = lazy_gettext("The same lines were changed in both since the last import.")


@dataclass(frozen=True)
class Problem:
    """A problem: its kind, the file in the tree, and a sentence."""

    kind: Kind
    where: str
    sentence: str


@dataclass
class Report:
    """Counts of pages and files, and the problems in the order in which they were found."""

    created: int = 0
    changed: int = 0
    revisions: int = 0
    moved: int = 0
    deleted: int = 0
    unchanged: int = 0
    files_added: int = 0
    files_unchanged: int = 0
    hidden: int = 0
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0

    def add(self, problems: Iterable[Problem]) -> None:
        """Add problems."""
        self.problems.extend(problems)

    def by_kind(self) -> list[tuple[Kind, list[Problem]]]:
        """Return the problems by kind, the graver kinds first."""
        grouped: dict[Kind, list[Problem]] = {kind: [] for kind in Kind}
        for problem in self.problems:
            grouped[problem.kind].append(problem)
        return [(kind, found) for kind, found in grouped.items() if found]

    def summary(self) -> str:
        """Return the counts in one sentence."""
        values = {
            "pages": ngettext("%(num)s page new", "%(num)s pages new", self.created),
            "files": ngettext("%(num)s file added", "%(num)s files added", self.files_added),
            "unchanged": self.unchanged + self.files_unchanged,
        }
        if not self.revisions:
            return _(
                "%(pages)s, %(changed)s changed, %(files)s, %(unchanged)s unchanged.",
                changed=self.changed,
                **values,
            )
        return ngettext(
            "%(num)s revision: %(pages)s, %(moved)s moved, %(deleted)s deleted, %(files)s, "
            "%(unchanged)s unchanged.",
            "%(num)s revisions: %(pages)s, %(moved)s moved, %(deleted)s deleted, %(files)s, "
            "%(unchanged)s unchanged.",
            self.revisions,
            moved=self.moved,
            deleted=self.deleted,
            **values,
        )

    def to_json(self) -> dict[str, Any]:
        """Return the report for a JSON column, with at most :data:`MOST_PROBLEMS` problems."""
        more = self.more_problems + max(len(self.problems) - MOST_PROBLEMS, 0)
        return asdict(replace(self, problems=self.problems[:MOST_PROBLEMS], more_problems=more))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Report:
        """Build a report from the result of :meth:`to_json`; an empty mapping gives an empty
        report."""
        known = {one.name for one in fields(cls)} - {"problems"}
        report = cls(**{name: value for name, value in values.items() if name in known})
        report.problems = [
            Problem(_kind(one["kind"]), one["where"], one["sentence"])
            for one in values.get("problems", [])
        ]
        return report


def _kind(value: str) -> Kind:
    """Return the kind of a stored problem; reports of earlier versions contain kinds that no longer
    exist."""
    try:
        return Kind(value)
    except ValueError:
        return Kind.REFUSED
