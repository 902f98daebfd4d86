"""Guards: the checks that every edit has to pass before it is saved.

Path and size are checked when an edit is brought into its normal form
(:mod:`wiki.pages.saving.checks`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from sqlalchemy.orm import Session

from wiki.kind_registry import kind_of
from wiki.pages.access.acl import bounds_at
from wiki.pages.access.label_policy import refuse_narrower
from wiki.pages.access.label_sources import label_of, labels_above, may_show
from wiki.pages.models import Action, Page, Revision
from wiki.pages.saving.edit import Draft
from wiki.pages.saving.redacted import require_unredacted
from wiki.pages.saving.secrets import REPORTED, allow, new_secrets, require_plain
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.spaces.queries import see_space_by_id
from wiki.text.paths import path_key

Record: TypeAlias = Callable[[Page, Revision], None]
"""Stores what a guard found, once the page and its revision are written."""

Guard: TypeAlias = Callable[[Session, Draft], Record | None]
"""Checks a draft in the transaction that saves it, and raises an error to refuse it. It may return
a function that stores a record of the check."""


def refuse_kind(session: Session, draft: Draft) -> None:
    """Refuse a new page of a kind that the actor may not create."""
    if draft.page is None and (create := kind_of(draft.text.fields).create) is not May.EDIT:
        see_space_by_id(session, draft.actor, draft.space.id).require(create)


def refuse_secret_message(session: Session, draft: Draft) -> None:
    """Refuse a message that contains a likely secret."""
    if draft.edit.override is not REPORTED:
        require_plain(session, draft.space.id, draft.edit.message)


def refuse_redacted(session: Session, draft: Draft) -> None:
    """Refuse a text that brings back a redacted span."""
    text, message, page = draft.text, draft.edit.message, draft.page
    if not draft.redacted:
        return
    if page is None:
        # An import is checked against all redactions of the space, because paths change.
        at = None if draft.edit.action is Action.IMPORT else path_key(draft.context.path)
        require_unredacted(session, text, message, space_id=draft.space.id, at=at)
    else:
        require_unredacted(session, text, message, page_id=page.id)


def refuse_secrets(session: Session, draft: Draft) -> Record | None:
    """Refuse a text with new likely secrets, unless the author has given a reason."""
    override = draft.edit.override
    found = new_secrets(session, draft.space.id, draft.before, draft.text, override)
    if not found or override is None:
        return None
    return partial(allow, session, draft.actor, secrets=found, override=override)


def refuse_narrower_content(session: Session, draft: Draft) -> None:
    """Refuse a text that shows content with a higher label than its page, or than a new page would
    have at its path. An import reports such content afterwards."""
    if draft.edit.override is REPORTED or not may_show(draft.text.body):
        return
    if draft.page is None:
        around = bounds_at(session, draft.space.id, path_key(draft.context.path)).label
        label = Label(max(draft.space.label, around, draft.edit.raise_to or Label.PUBLIC))
    else:
        label = label_of(session, draft.page)
    if labels_above(session, label):
        refuse_narrower(session, draft.actor, draft.space, draft.text, draft.context, label)


GUARDS: tuple[Guard, ...] = (
    refuse_kind,
    refuse_secret_message,
    refuse_redacted,
    refuse_secrets,
    refuse_narrower_content,
)
"""The guards of every save, in order."""
