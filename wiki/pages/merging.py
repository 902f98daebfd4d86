"""The text of a page, and three-way merges of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from wiki.text.compare.merge import Merge, merge


@dataclass(frozen=True)
class Text:
    """Everything that an author writes on a page.

    ``front_matter`` is the block as it was written. It affects only the form of exports; two texts
    that differ in nothing else are equal.
    """

    title: str
    body: str
    tags: tuple[str, ...] = ()
    description: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    front_matter: str = field(default="", compare=False)


_ABSENT = object()


@dataclass(frozen=True)
class Dispute:
    """A value that both sides changed differently; None for a side that does not have it.

    ``name`` is ``title``, ``description``, or ``fields.`` and the name of the field.
    """

    name: str
    base: Any
    mine: Any
    theirs: Any


@dataclass(frozen=True)
class TextMerge:
    """The merge of two edits of one text, with the conflicts that remain."""

    mine: Text
    theirs: Text
    body: Merge
    disputes: tuple[Dispute, ...]
    agreed: Text
    """The merged values, except for the body and the disputes, which have the value of
    ``theirs``."""

    @property
    def clean(self) -> bool:
        """True if there is no conflict."""
        return self.body.clean and not self.disputes

    def resolve(self, answers: Sequence[str] = (), values: Mapping[str, Any] | None = None) -> Text:
        """Return the merged text.

        :param answers: the text for each conflict of the body, in order.
        :param values: the value for each dispute, by name.
        :raises ValueError: when an answer is missing.
        """
        values = values or {}
        missing = [dispute.name for dispute in self.disputes if dispute.name not in values]
        if missing:
            raise ValueError(f"no answer for {', '.join(missing)}")
        fields = dict(self.agreed.fields)
        plain: dict[str, Any] = {}
        for dispute in self.disputes:
            group, _, key = dispute.name.partition(".")
            value = values[dispute.name]
            if not key:
                plain[group] = value
            elif value is None:
                fields.pop(key, None)
            else:
                fields[key] = value
        return replace(self.agreed, **plain, fields=fields, body=self.body.resolve(answers))


def merge_texts(origin: Text, mine: Text, theirs: Text) -> TextMerge:
    """Merge two edits of ``origin``: the body by diff3, tags as sets, and every other value as a
    whole."""
    disputes: list[Dispute] = []

    def settle(name: str, base: Any, ours: Any, other: Any) -> Any:
        if ours in (base, other):
            return other
        if other != base:
            sides = (None if value is _ABSENT else value for value in (base, ours, other))
            disputes.append(Dispute(name, *sides))
            return other
        return ours

    title = settle("title", origin.title, mine.title, theirs.title)
    description = settle("description", origin.description, mine.description, theirs.description)
    fields = {}
    for key in {**theirs.fields, **mine.fields}:
        sides = (text.fields.get(key, _ABSENT) for text in (origin, mine, theirs))
        value = settle(f"fields.{key}", *sides)
        if value is not _ABSENT:
            fields[key] = value
    gone = (set(origin.tags) - set(mine.tags)) | (set(origin.tags) - set(theirs.tags))
    tags = tuple(tag for tag in dict.fromkeys((*theirs.tags, *mine.tags)) if tag not in gone)
    block = _merged_block(origin.front_matter, mine.front_matter, theirs.front_matter)
    agreed = Text(title, theirs.body, tags, description, fields, block)
    body = merge(origin.body, mine.body, theirs.body)
    return TextMerge(mine, theirs, body, tuple(disputes), agreed)


def _merged_block(origin: str, mine: str, theirs: str) -> str:
    """Merge the form of both sides' front matter. Where they overlap, ``mine`` is taken, because
    the values themselves are merged separately."""
    if not mine or mine == origin:
        return theirs
    if not theirs or theirs == origin:
        return mine
    found = merge(origin, mine, theirs)
    return found.resolve(()) if found.clean else mine
