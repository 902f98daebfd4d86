"""The files in the newest commit of a repository, and the names that they can have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from wiki.text.paths import ancestors_of

# Names that Git refuses to check out on Windows.
_REFUSED = frozenset({"git~1"})


class Tree:
    """The set of files in the newest commit."""

    def __init__(self, places: Iterable[str]) -> None:
        self.files = set(places)
        self._folders = Counter(above for place in self.files for above in ancestors_of(place))

    def clash(self, place: str) -> str:
        """Return the reason why a file cannot be at this place; empty if it can."""
        if place in self.files:
            return ""
        if place in self._folders:
            return "there is a folder with this name"
        if any(above in self.files for above in ancestors_of(place)):
            return "a file has the name of its folder"
        if not _REFUSED.isdisjoint(place.casefold().split("/")):
            return "Git doesn’t allow a file with this name"
        return ""

    def add(self, place: str) -> None:
        """Add a file."""
        if place not in self.files:
            self.files.add(place)
            self._folders.update(ancestors_of(place))

    def remove(self, place: str) -> bool:
        """Remove a file and return whether it was there."""
        if place not in self.files:
            return False
        self.files.remove(place)
        for above in ancestors_of(place):
            self._folders[above] -= 1
            if not self._folders[above]:
                del self._folders[above]
        return True
