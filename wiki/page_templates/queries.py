"""Templates that a user can choose in a space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.i18n import SOURCE, lazy_gettext, reader
from wiki.pages.below import below
from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.resources import TEMPLATES
from wiki.rules.access import Actor
from wiki.spaces.models import Space

FOLDER = "templates"
"""Path of the page below which a space keeps its templates."""
MOST_LISTED = 100


@dataclass(frozen=True)
class BuiltIn:
    """A template that comes with the wiki, in the reader's language. ``title`` and ``body`` can
    contain fields."""

    name: str
    label: str
    about: str
    icon: str

    @property
    def title(self) -> str:
        """The title of the new page."""
        return _parts_of(self.name, reader().language.code)[0]

    @property
    def body(self) -> str:
        """The text of the new page."""
        return _parts_of(self.name, reader().language.code)[1]


BUILT_IN = (
    BuiltIn(
        "meeting-notes",
        lazy_gettext("Meeting notes"),
        lazy_gettext("Agenda, notes, decisions and tasks"),
        icon="users",
    ),
    BuiltIn(
        "decision",
        lazy_gettext("Decision"),
        lazy_gettext("Context, options and the outcome"),
        icon="scale",
    ),
    BuiltIn(
        "how-to",
        lazy_gettext("How-to"),
        lazy_gettext("Steps that anyone can follow"),
        icon="list-checks",
    ),
    BuiltIn(
        "project",
        lazy_gettext("Project"),
        lazy_gettext("Goal, people, milestones and risks"),
        icon="target",
    ),
    BuiltIn(
        "onboarding",
        lazy_gettext("Onboarding"),
        lazy_gettext("A new colleague’s first weeks"),
        icon="user-plus",
    ),
    BuiltIn(
        "post-mortem",
        lazy_gettext("Post-mortem"),
        lazy_gettext("Timeline, causes and actions after an incident"),
        icon="siren",
    ),
)


def built_in(name: str) -> BuiltIn:
    """Return a built-in template by its name.

    :raises NotFound: if there is none with this name.
    """
    for template in BUILT_IN:
        if template.name == name:
            return template
    raise NotFound


def list_own(session: Session, actor: Actor, space: Space) -> Sequence[Page]:
    """Return the pages that the space keeps as templates and the actor may read, by title."""
    return session.scalars(
        select(Page)
        .where(Page.space_id == space.id, below(FOLDER), live_for(actor))
        .order_by(Page.title, Page.id)
        .limit(MOST_LISTED)
    ).all()


@cache
def _parts_of(name: str, language: str) -> tuple[str, str]:
    """Return the title and the body of a built-in template, from the heading and the rest of its
    file; the English one if there is none in the language."""
    folder = TEMPLATES / "page_templates"
    file = folder / language / f"{name}.md"
    if not file.exists():
        file = folder / SOURCE / f"{name}.md"
    text = file.read_text(encoding="utf-8")
    heading, _, body = text.partition("\n")
    return heading.removeprefix("# "), body.lstrip("\n")
