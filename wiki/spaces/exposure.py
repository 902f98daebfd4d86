"""Exposure: the access that a change would add, measured and shown before it is committed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.db import batches
from wiki.i18n import gettext as _
from wiki.i18n import listed, ngettext
from wiki.pages.models import Page
from wiki.rules.access import ANONYMOUS, Actor, May, PageFacts, Restriction, decide
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.audience import NOBODY, Audience, audience_of
from wiki.spaces.models import Scope, ScopeRestriction, Space


@dataclass(frozen=True)
class Exposure:
    """The increase in access: the ids of the people (or everyone), the number of pages, current
    files and revisions before the newest, and the highest label that these pages had."""

    people: tuple[int, ...]
    everyone: bool
    pages: int
    files: int
    revisions: int
    label: Label

    @property
    def digest(self) -> str:
        """A short hash of the exposure. Consent to it covers nothing else."""
        said = [self.people, self.everyone, self.pages, self.files, self.revisions, self.label]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]

    @property
    def words(self) -> str:
        """The exposure as a sentence in the reader's language."""
        return _sentence(self._numbers())

    def stored(self) -> str:
        """The numbers of the sentence as text, which :func:`words_of` writes in any language."""
        return json.dumps(self._numbers())

    def _numbers(self) -> dict[str, int]:
        return {
            "people": len(self.people),
            "everyone": int(self.everyone),
            "pages": self.pages,
            "files": self.files,
            "revisions": self.revisions,
        }

    def needs_second(self, most: int) -> bool:
        """Return whether a second person has to agree.

        :param most: the number of people to whom one person may open confidential pages.
        """
        if self.everyone:
            return self.label >= Label.INTERNAL
        return self.label >= Label.CONFIDENTIAL and len(self.people) > most


def words_of(stored: str) -> str:
    """Return an exposure as a sentence in the reader's language, from :meth:`Exposure.stored`. What
    earlier versions stored is a sentence already."""
    return _sentence(json.loads(stored)) if stored.startswith("{") else stored


def _sentence(numbers: Mapping[str, int]) -> str:
    things = [ngettext("%(num)s page", "%(num)s pages", numbers["pages"])]
    if numbers["files"]:
        things.append(ngettext("%(num)s file", "%(num)s files", numbers["files"]))
    if numbers["revisions"]:
        old = ngettext("%(num)s old revision", "%(num)s old revisions", numbers["revisions"])
        things.append(old)
    what = listed(things)
    if numbers["everyone"]:
        return _("Everyone on the internet could then read %(what)s.", what=what)
    return ngettext(
        "%(num)s more person could then read %(what)s.",
        "%(num)s more people could then read %(what)s.",
        numbers["people"],
        what=what,
    )


class _Placed(Protocol):
    space_id: Any
    path_key: Any


def subtree(page: _Placed) -> ColumnElement[bool]:
    """The condition on :data:`pages` that they are this one or below it."""
    key, at = page.path_key, Page.path_key
    # "0" is the character after "/".
    under = and_(at > f"{key}/", at < f"{key}0") if key else at != ""
    return and_(Page.space_id == page.space_id, or_(at == key, under))


_Key = tuple[int, int | None, bool]
"""The columns that decide who may read a page: its space, its scope, its deletion."""


@dataclass(frozen=True)
class Before:
    """The pages that a change may concern, before it: the key of each, and the audiences and labels
    of these keys."""

    keys: dict[int, _Key]
    audiences: dict[_Key, Audience]
    labels: dict[_Key, int]


def pages_before(
    session: Session, which: ColumnElement[bool], among: Collection[int] | None
) -> Before:
    """Return who may read the pages that a change may concern, before it is made.

    :param which: the condition on these pages.
    :param among: only these people can gain access.
    """
    session.flush()
    keys = {row.id: _key(row) for row in session.execute(_KEYS.where(which))}
    found = set(keys.values())
    return Before(keys, _audiences(session, found, among), _labels(session, found))


def exposure_since(
    session: Session, before: Before, among: Collection[int] | None
) -> Exposure | None:
    """Return what a change exposes that was made since :func:`pages_before`; None if nothing."""
    session.flush()
    after: dict[int, _Key] = {}
    heads: dict[int, int] = {}
    for some in batches(list(before.keys)):
        for row in session.execute(_KEYS.where(Page.id.in_(some))):
            after[row.id], heads[row.id] = _key(row), row.head
    now = _audiences(session, set(after.values()), among)
    keys = before.keys
    more = {
        (old, new): now[new].beyond(before.audiences[old])
        for old, new in {(keys[id], key) for id, key in after.items()}
    }
    exposed = [id for id, key in after.items() if more[keys[id], key]]
    if not exposed:
        return None
    people: set[int] = set()
    everyone = False
    for id in exposed:
        found = more[keys[id], after[id]]
        people |= found.people
        everyone |= found.everyone
    files = 0
    for some in batches(exposed):
        current = Attachment.page_id.in_(some), Attachment.removed_at.is_(None)
        files += session.scalar(select(func.count()).select_from(Attachment).where(*current)) or 0
    return Exposure(
        tuple(sorted(people)),
        everyone,
        len(exposed),
        files,
        sum(heads[id] - 1 for id in exposed),
        Label(max(before.labels[keys[id]] for id in exposed)),
    )


NEWCOMER = 0
"""The id of a person without an account among the people of an :class:`Exposure`."""


def newcomer_exposure(
    session: Session, space: Space, role: Role, site_role: SiteRole
) -> Exposure | None:
    """Return what a person without an account could read with one, and with a role in a space; None
    if nothing."""
    rows = session.execute(
        select(
            Page.space_id,
            Page.scope_id,
            Page.deleted_at.is_not(None).label("deleted"),
            func.count().label("pages"),
            func.sum(Page.head - 1).label("revisions"),
        )
        .select_from(Page)
        .where(Page.space_id == space.id if site_role is SiteRole.GUEST else true())
        .group_by(Page.space_id, Page.scope_id, Page.deleted_at.is_not(None))
    ).all()
    keys = {(row.space_id, row.scope_id, bool(row.deleted)) for row in rows}
    spaces = {
        one.id: one
        for one in session.scalars(select(Space).where(Space.id.in_({k[0] for k in keys})))
    }
    labels = _labels(session, keys)
    own = _labels_of_scopes(session, keys)
    restricted = _restricted(session, keys)
    newcomer = Actor(NEWCOMER, "", "", site_role)
    exposed = set()
    for key in keys:
        space_id, scope_id, deleted = key
        kept = (Restriction(May.READ, False),) if scope_id in restricted else ()
        page = PageFacts(Label(own.get(scope_id or 0, 0)), kept, deleted)
        given = role if space_id == space.id else Role.NONE
        before, now = spaces[space_id].facts(Role.NONE), spaces[space_id].facts(given)
        if decide(May.READ, newcomer, now, page) and not decide(May.READ, ANONYMOUS, before, page):
            exposed.add(key)
    found = [row for row in rows if (row.space_id, row.scope_id, bool(row.deleted)) in exposed]
    if not found:
        return None
    return Exposure(
        (NEWCOMER,),
        False,
        sum(row.pages for row in found),
        _count_files(session, exposed),
        sum(int(row.revisions) for row in found),
        Label(max(labels[key] for key in exposed)),
    )


def _key(row: Any) -> _Key:
    return row.space_id, row.scope_id, row.deleted_at is not None


_KEYS = select(Page.id, Page.space_id, Page.scope_id, Page.deleted_at, Page.head)


def _count_files(session: Session, keys: Collection[_Key]) -> int:
    """Count the current files of the pages of these spaces and scopes."""
    rows = session.execute(
        select(
            Page.space_id,
            Page.scope_id,
            Page.deleted_at.is_not(None).label("deleted"),
            func.count().label("files"),
        )
        .select_from(Attachment)
        .join(Page, Page.id == Attachment.page_id)
        .where(Page.space_id.in_({key[0] for key in keys}), Attachment.removed_at.is_(None))
        .group_by(Page.space_id, Page.scope_id, Page.deleted_at.is_not(None))
    )
    return sum(row.files for row in rows if (row.space_id, row.scope_id, bool(row.deleted)) in keys)


def _audiences(
    session: Session, keys: Collection[_Key], among: Collection[int] | None
) -> dict[_Key, Audience]:
    spaces = {
        space.id: space
        for space in session.scalars(
            select(Space)
            .where(Space.id.in_({key[0] for key in keys}))
            .execution_options(populate_existing=True)
        )
    }
    return {
        (space_id, scope_id, deleted): audience_of(
            session, spaces[space_id], scope_id, deleted=deleted, among=among
        )
        if space_id in spaces
        else NOBODY
        for space_id, scope_id, deleted in keys
    }


def _labels(session: Session, keys: Collection[_Key]) -> dict[_Key, int]:
    """Return the effective label of each key."""
    of_spaces = _by_id(
        session, select(Space.id, Space.label).where(Space.id.in_({key[0] for key in keys}))
    )
    of_scopes = _labels_of_scopes(session, keys)
    return {key: max(of_spaces.get(key[0], 0), of_scopes.get(key[1] or 0, 0)) for key in keys}


def _labels_of_scopes(session: Session, keys: Collection[_Key]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in batches(sorted({key[1] for key in keys if key[1] is not None})):
        found |= _by_id(session, select(Scope.id, Scope.label).where(Scope.id.in_(some)))
    return found


def _restricted(session: Session, keys: Collection[_Key]) -> set[int]:
    """Return the scopes among these keys that have a reading restriction."""
    found: set[int] = set()
    for some in batches(sorted({key[1] for key in keys if key[1] is not None})):
        held = select(ScopeRestriction.scope_id).where(
            ScopeRestriction.scope_id.in_(some), ScopeRestriction.may == May.READ.value
        )
        found |= set(session.scalars(held))
    return found


def _by_id(session: Session, query: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(query)}
