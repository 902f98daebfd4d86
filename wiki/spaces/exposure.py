"""What a change would let more people read: measured before it stays, and shown to who makes it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.errors import WikiError
from wiki.pages.models import Page
from wiki.rules.access import ANONYMOUS, Actor, May, PageFacts, Restriction, decide
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.audience import NOBODY, Audience, audience_of
from wiki.spaces.models import Scope, ScopeRestriction, Space
from wiki.text.counts import counted

_AT_ONCE = 400


@dataclass(frozen=True)
class Exposure:
    """What more people could read: who they are (ids, or everyone), how many pages, current files
    and revisions before the newest; and the highest label that these pages had."""

    people: tuple[int, ...]
    everyone: bool
    pages: int
    files: int
    revisions: int
    label: Label

    @property
    def digest(self) -> str:
        """The same as a short text: who agrees to it, agrees to nothing else."""
        said = [self.people, self.everyone, self.pages, self.files, self.revisions, self.label]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]

    @property
    def words(self) -> str:
        """The same as a sentence."""
        number = len(self.people)
        who = f"{number} more {'person' if number == 1 else 'people'}"
        things = [counted(self.pages, "page")]
        things += [counted(self.files, "file")] if self.files else []
        things += [counted(self.revisions, "old revision")] if self.revisions else []
        what = " and ".join([", ".join(things[:-1]), things[-1]] if things[1:] else things)
        return f"{'Everyone on the internet' if self.everyone else who} could then read {what}."

    def needs_second(self, most: int) -> bool:
        """Whether one person is not enough to decide it.

        :param most: people to whom one person may open what is confidential.
        """
        if self.everyone:
            return self.label >= Label.INTERNAL
        return self.label >= Label.CONFIDENTIAL and len(self.people) > most


@dataclass(frozen=True)
class Change:
    """A change as it can be done again: its kind and what it needs, as JSON values.

    ``space_id`` is the space that it concerns, if it is one.
    """

    kind: str
    payload: dict[str, Any]
    space_id: int | None = None


@dataclass(frozen=True)
class Consent:
    """Somebody has seen what a change exposes, and goes on: ``digest`` says what they saw,
    ``second`` who else agreed.

    ``most`` is to how many people one person may open what is confidential, where it is one
    person's word alone.
    """

    digest: str = ""
    second: int | None = None
    unasked: bool = False
    most: int | None = None


UNASKED = Consent(unasked=True)
"""For the shell of the machine, and for what was agreed to before."""


class Exposes(WikiError):
    """More people could read something by this change, and nobody has agreed to that yet. Nothing
    was changed."""

    status = 409
    title = "More people could read this"

    def __init__(self, exposure: Exposure, change: Change) -> None:
        super().__init__(exposure.words)
        self.exposure = exposure
        self.change = change


class NeedsSecond(WikiError):
    """What a change exposes was agreed to by one person, and it takes two. Nothing was changed."""

    status = 403
    title = "Somebody else has to agree"

    def __init__(self) -> None:
        super().__init__("This opens much to many: somebody else has to agree to it.")


def require_consent(found: Exposure | None, change: Change, consent: Consent | None) -> None:
    """Go on only if there is consent to just what a change exposes.

    :raises Exposes: when there is none. :raises NeedsSecond: when it takes a second person's.
    """
    if found is None or (consent is not None and consent.unasked):
        return
    if consent is None or consent.digest != found.digest:
        raise Exposes(found, change)
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
    """See what the block lets more people read.

    :param which: the condition on :data:`pages` of those that it may concern.
    :param consent: to what it exposes; None: nobody was asked yet.
    :param among: only these people can come to read more.
    :raises Exposes: when it does expose something, and there is no consent to just that.
    :raises NeedsSecond: when the consent is one person's, and it takes two.
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
    for some in _some(list(before)):
        for row in session.execute(
            select(Page.id, Page.space_id, Page.scope_id, Page.deleted_at, Page.head)
            .select_from(Page)
            .where(Page.id.in_(some))
        ):
            after[row.id], heads[row.id] = _key(row), row.head
    now = _audiences(session, set(after.values()), among)
    found = _measured(session, before, after, audiences, now, labels, heads)
    require_consent(found, change, consent)


NEWCOMER = 0
"""Stands for somebody who has no account yet among the people of an :class:`Exposure`."""


def newcomer_exposure(
    session: Session, space: Space, role: Role, site_role: SiteRole
) -> Exposure | None:
    """What somebody who has no account yet could read by getting one, with a role in a space."""
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


def _measured(
    session: Session,
    before: dict[int, _Key],
    after: dict[int, _Key],
    was: dict[_Key, Audience],
    now: dict[_Key, Audience],
    labels: dict[_Key, int],
    heads: dict[int, int],
) -> Exposure | None:
    more = {
        (old, new): now[new].beyond(was[old])
        for old, new in {(before[id], key) for id, key in after.items()}
    }
    exposed = [id for id, key in after.items() if more[before[id], key]]
    if not exposed:
        return None
    people: set[int] = set()
    everyone = False
    for id in exposed:
        found = more[before[id], after[id]]
        people |= found.people
        everyone |= found.everyone
    files = 0
    for some in _some(exposed):
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
        sum(heads[id] - 1 for id in exposed),
        Label(max(labels[before[id]] for id in exposed)),
    )


def _count_files(session: Session, keys: Collection[_Key]) -> int:
    """The current files of the pages of these spaces and scopes."""
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
    """The effective label of each."""
    of_spaces = _by_id(
        session, select(Space.id, Space.label).where(Space.id.in_({key[0] for key in keys}))
    )
    of_scopes = _labels_of_scopes(session, keys)
    return {key: max(of_spaces.get(key[0], 0), of_scopes.get(key[1] or 0, 0)) for key in keys}


def _labels_of_scopes(session: Session, keys: Collection[_Key]) -> dict[int, int]:
    found: dict[int, int] = {}
    for some in _some(sorted({key[1] for key in keys if key[1] is not None})):
        found |= _by_id(session, select(Scope.id, Scope.label).where(Scope.id.in_(some)))
    return found


def _restricted(session: Session, keys: Collection[_Key]) -> set[int]:
    """The scopes among them that only those on a list may read."""
    found: set[int] = set()
    for some in _some(sorted({key[1] for key in keys if key[1] is not None})):
        held = select(ScopeRestriction.scope_id).where(
            ScopeRestriction.scope_id.in_(some), ScopeRestriction.may == May.READ.value
        )
        found |= set(session.scalars(held))
    return found


def _by_id(session: Session, query: Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in session.execute(query)}


def _some(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for first in range(0, len(ids), _AT_ONCE):
        yield ids[first : first + _AT_ONCE]
