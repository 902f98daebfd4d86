"""Edits: what an author submits to be saved, and the outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from wiki.pages.merging import Text
from wiki.pages.models import Action, Page, Revision
from wiki.pages.revising import FreePlace
from wiki.pages.saving.checks import checked, checked_path, same_form
from wiki.pages.saving.secrets import Override
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.spaces.models import Space
from wiki.text.markdown.context import RenderContext

MAX_BYTES = 2 << 20
"""Maximum size of a text, unless the settings of the wiki say otherwise."""


@dataclass(frozen=True)
class NewPage:
    """The place of a page to be created.

    ``routes`` are the addresses in its text whose target differs from their wording.
    """

    space: Space
    path: str
    folder: bool = False
    routes: Sequence[Sequence[str]] = ()


@dataclass(frozen=True)
class Edit:
    """A text to be saved on a page, or as a new page.

    :param target: the id of the page, or the place of a new one.
    :param text: the new text; None restores the text of the revision ``base``.
    :param base: the number of the revision that the author started from; 0 for a new page.
    :param action: how the edit is recorded; if it is merged with another one, as a merge.
    :param folder: whether the page becomes a folder page; None leaves it as it is.
    :param override: the reason why the text may contain what looks like a new secret.
    :param raise_to: the lowest label of its own that the page gets.
    :param origin: the text of the revision ``base``, if it is known.
    :param head: the newest revision that the author saw when they decided, if that matters.
    :param checked: whether path and text have their normal form already.
    :param render_later: leave rendering to the caller, who calls
        :func:`~wiki.pages.rendering.stored.ensure_head` after the commit. If the caller's process
        ends before that, the worker renders the page.
    """

    target: int | NewPage
    text: Text | None = None
    base: int = 0
    message: str = ""
    action: Action = Action.EDIT
    folder: bool | None = None
    override: Override | None = None
    raise_to: Label | None = None
    origin: Text | None = None
    head: int | None = None
    max_bytes: int = MAX_BYTES
    checked: bool = False
    render_later: bool = False

    def normalised(self) -> Edit:
        """Return the edit with its path and text in their normal form.

        A text is normalised once: what follows its front matter may look like front matter too.

        :raises Invalid: when the path or a value is invalid. :raises TooLarge:
        """
        if self.checked:
            return self
        text, target = self.text, self.target
        if text is not None:
            text = checked(text, self.max_bytes)
        if isinstance(target, NewPage):
            path = checked_path(target.path)
            target = replace(target, path=path, folder=target.folder or not path)
        return replace(self, target=target, text=text, checked=True)


@dataclass(frozen=True)
class Draft:
    """An edit as it will be saved, unless a guard refuses it.

    ``text`` is the whole text after a merge, and ``context`` its place. ``page``, its ``head`` and
    the text ``before`` are None for a page that is about to be created, and ``free`` is its path.
    """

    edit: Edit
    actor: Actor
    space: Space
    text: Text
    context: RenderContext
    page: Page | None = None
    head: Revision | None = None
    before: Text | None = None
    merged: bool = False
    free: FreePlace | None = None

    @property
    def redacted(self) -> bool:
        """Whether anything was redacted on the page, or in the space of a new one."""
        if self.page is not None:
            return self.page.redacted > 0
        return self.free is None or self.free.redacted

    @property
    def changes(self) -> bool:
        """Whether anything differs from the head of the page."""
        if self.page is None or self.before is None:
            return True
        return self.page.folder != self.context.folder or not is_same(self.text, self.before)


def is_same(one: Text, other: Text) -> bool:
    """Return whether a text needs no new revision after the other one."""
    return one == other and same_form(one.front_matter, other.front_matter)


@dataclass(frozen=True)
class Saved:
    """The outcome of a save: the page with its head, whether a revision was added, whether edits
    were merged, the names of the sections that no longer exist, and the new text."""

    page: Page
    revision: Revision
    changed: bool
    merged: bool = False
    gone: frozenset[str] = frozenset()
    body: str = field(default="", repr=False)
