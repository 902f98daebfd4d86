"""Exposure: what a change would let more people read, measured before it is committed and shown to
the actor."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.db import batches
from wiki.errors import WikiError
from wiki.pages.models import Page
from wiki.rules.access import ANONYMOUS, Actor, May, PageFacts, Restriction, decide
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.audience import NOBODY, Audience, audience_of
from wiki.spaces.models import Scope, ScopeRestriction, Space
from wiki.text.counts import counted


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
        """The exposure as a sentence."""
        number = len(self.people)
        who = f"{number} more {'person' if number == 1 else 'people'}"
        things = [counted(self.pages, "page")]
        things += [counted(self.files, "file")] if self.files else []
        things += [counted(self.revisions, "old revision")] if self.revisions else []
        what = " and ".join([", ".join(things[:-1]), things[-1]] if things[1:] else things)
        return f"{'Everyone on the internet' if self.everyone else who} could then read {what}."

    def needs_second(self, most: int) -> bool:
        """Return whether a second person has to agree.

        :param most: the number of people to whom one person may open confidential pages.
        """
        if self.everyone:
            return self.label >= Label.INTERNAL
        return self.label >= Label.CONFIDENTIAL and len(self.people) > most


@dataclass(frozen=True)
class Change:
    """A change in a form in which it can be repeated: its kind and its parameters as JSON values.

    ``space_id`` is the space concerned, if there is one.
    """

    kind: str
    payload: dict[str, Any]
    space_id: int | None = None


@dataclass(frozen=True)
class Consent:
    """Consent to what a change exposes. ``digest`` is the digest of the exposure that the user saw;
    ``second`` is the id of the second person who agreed.

    ``most`` is the number of people to whom one person may open confidential pages, if only one
    person has agreed.
    """

    digest: str = ""
    second: int | None = None
    unasked: bool = False
    most: int | None = None


UNASKED = Consent(unasked=True)
"""For the shell of the machine, and for consent given before."""


class NeedsConsent(WikiError):
    """More people could read something after this change, and nobody has agreed to that. Nothing
    was changed."""

    status = 409
    title = "More people could read this"

    def __init__(self, exposure: Exposure, change: Change) -> None:
        super().__init__(exposure.words)
        self.exposure = exposure
        self.change = change


class NeedsSecond(WikiError):
    """One person agreed to what a change exposes, and two are required. Nothing was changed."""

    status = 403
    title = "Someone else has to approve this"

    def __init__(self) -> None:
        super().__init__(
            "This makes a lot visible to many people, so someone else has to approve it."
        )


def require_consent(found: Exposure | None, change: Change, consent: Consent | None) -> None:
    """Check that there is consent to exactly what a change exposes.

    :raises Exposes: if there is none.
    :raises NeedsSecond: if a second person has to agree.
    """
    if found is None or (consent is not None and consent.unasked):
        return
    if consent is None or consent.digest != found.digest:
        raise NeedsConsent(found, change)
    if consent.most is not None and found.needs_second(consent.most):
        raise NeedsSecond


class _Placed(Protocol):
    space_id: Any
    path_key: Any


def subtree(page: _Placed) -> ColumnElement[bool]:
    """The condition on :data:`pages` that they are this one or below it."""
    key, at = page.path_key, Page.path_key
    # "0" is the character after "/".
    under = and_(at > f"{key}/", at < f"{key}0") if key else at != ""
    return and_(Page.space_id == page.space_id, or_(at == key, under))


@contextmanager
def watched(
    session: Session,
    which: ColumnElement[bool],
    change: Change,
    consent: Consent | None,
    *,
    among: Collection[int] | None = None,
) -> Iterator[None]:
    """Check that what the block lets more people read has consent.

    :param which: the condition on the pages that the block may concern.
    :param consent: the consent to what it exposes; None if nobody was asked yet.
    :param among: only these people can gain access.
    :raises Exposes: if it exposes something without consent to exactly that.
    :raises NeedsSecond: if one person has agreed and two are required.
    """
    if consent is not None and consent.unasked:
        yield
        return
    session.flush()
    rows = session.execute(
        select(Page.id, Page.space_id, Page.scope_id, Page.deleted_at, Page.head)
        .select_from(Page)
        .where(which)
    ).all()
    before = {row.id: _key(row) for row in rows}
    audiences = _audiences(session, set(before.values()), among)
    labels = _labels(session, set(before.values()))
    yield
    session.flush()
    after: dict[int, _Key] = {}
    heads: dict[int, int] = {}
    for some in batches(list(before)):
        for row in session.execute(
            select(Page.id, Page.space_id, Page.scope_id, Page.deleted_at, Page.head)
            .select_from(Page)
            .where(Page.id.in_(some))
        ):
            after[row.id], heads[row.id] = _key(row), row.head
    now = _audiences(session, set(after.values()), among)
    found = _measured(session, _Before(before, audiences, labels, heads), after, now)
    require_consent(found, change, consent)


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


_Key = tuple[int, int | None, bool]


def _key(row: Any) -> _Key:
    return row.space_id, row.scope_id, row.deleted_at is not None


@dataclass(frozen=True)
class _Before:
    """The pages that a change concerns, before it: what decides who may read each of them, their
    audiences and labels, and the numbers of their revisions."""

    keys: dict[int, _Key]
    audiences: dict[_Key, Audience]
    labels: dict[_Key, int]
    heads: dict[int, int]


def _measured(
    session: Session, before: _Before, after: dict[int, _Key], now: dict[_Key, Audience]
) -> Exposure | None:
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
        files += (
            session.scalar(
                select(func.count())
                .select_from(Attachment)
                .where(Attachment.page_id.in_(some), Attachment.removed_at.is_(None))
            )
            or 0
        )
    return Exposure(
        tuple(sorted(people)),
        everyone,
        len(exposed),
        files,
        sum(before.heads[id] - 1 for id in exposed),
        Label(max(before.labels[keys[id]] for id in exposed)),
    )


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
