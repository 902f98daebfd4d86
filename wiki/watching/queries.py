"""Queries for watching: which watch decides for somebody, and what a person watches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Subquery,
    bindparam,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, contains_eager, joinedload

from wiki.pages.models import Page
from wiki.pages.queries import live_for
from wiki.people.models import Group, GroupPerson
from wiki.rules.access import Actor
from wiki.rules.roles import Role
from wiki.searches.models import SavedSearch
from wiki.spaces.gate import spaces_with
from wiki.spaces.models import Space
from wiki.tags.models import PageTag
from wiki.text.paths import ancestors_of
from wiki.watching.levels import DEFAULT, Level
from wiki.watching.models import Watch, WatchPreference
from wiki.watching.subjects import SeenSubject, Subject, key_of_page, key_of_tag, key_of_thread
from wiki.web.paging import Slice, slice_of

ROWS = 50


def chain_of(session: Session, page: Page, thread_id: int | None = None) -> list[str]:
    """Return the keys of the subjects whose watches hold for a page or one of its threads, the
    nearest first: the thread, the page, its tags, the pages above it, its space."""
    keys = [key_of_thread(thread_id)] if thread_id is not None else []
    keys.append(key_of_page(page.id))
    tags = select(PageTag.tag_key).where(PageTag.page_id == page.id).order_by(PageTag.tag_key)
    keys += map(key_of_tag, session.scalars(tags))
    ways = [way for way in ancestors_of(page.path_key) if way]
    if ways:
        above = (
            select(Page.id)
            .where(
                Page.space_id == page.space_id, Page.path_key.in_(ways), Page.deleted_at.is_(None)
            )
            .order_by(Page.path_key.desc())
        )
        keys += map(key_of_page, session.scalars(above))
    return [*keys, Subject(space_id=page.space_id).key]


def deciding(keys: Sequence[str], person_id: int | None = None) -> Subquery:
    """Select the watch that decides for each person: ``person_id``, ``level``, ``watch_id`` and
    ``by_group``. The nearest subject decides; there, the person's own watch before those of their
    groups, of which the highest.

    :param keys: the keys of subjects, the nearest first.
    :param person_id: only this person.
    """
    distance = case({key: place for place, key in enumerate(keys)}, value=Watch.subject)
    found = (Watch.level, Watch.id.label("watch_id"), distance.label("distance"))
    alone = select(Watch.person_id.label("person_id"), *found, literal(0).label("by_group")).where(
        Watch.subject.in_(keys), Watch.person_id.is_not(None)
    )
    in_groups = (
        select(GroupPerson.person_id, *found, literal(1))
        .join(GroupPerson, GroupPerson.group_id == Watch.group_id)
        .where(Watch.subject.in_(keys))
    )
    if person_id is not None:
        alone = alone.where(Watch.person_id == person_id)
        in_groups = in_groups.where(GroupPerson.person_id == person_id)
    all_of_them = union_all(alone, in_groups).subquery()
    columns = all_of_them.c
    place = func.row_number().over(
        partition_by=columns.person_id,
        order_by=(columns.distance, columns.by_group, columns.level.desc(), columns.watch_id),
    )
    ranked = select(all_of_them, place.label("place")).subquery()
    return (
        select(ranked.c.person_id, ranked.c.level, ranked.c.watch_id, ranked.c.by_group)
        .where(ranked.c.place == 1)
        .subquery()
    )


def has_watchers(
    session: Session, place: tuple[int, int, str], level: Level, *, besides: int | None
) -> bool:
    """Return whether any watch of this level or a higher one holds for a page, except for one
    person's own. Who is told is for :func:`deciding` to say.

    :param place: the id of the page, that of its space, and the key of its path.
    """
    page_id, space_id, path_key = place
    ways = [way for way in ancestors_of(path_key) if way]
    values = {"page": page_id, "space": space_id, "ways": ways, "level": int(level)}
    values |= {"space_key": Subject(space_id=space_id).key, "besides": besides or 0}
    return bool(session.connection().scalar(_WATCHED, values | {"page_key": key_of_page(page_id)}))


_ABOVE = select(literal("page:") + cast(Page.id, String)).where(
    Page.space_id == bindparam("space"),
    Page.path_key.in_(bindparam("ways", expanding=True)),
    Page.deleted_at.is_(None),
)
_TAGS = select(literal("tag:") + PageTag.tag_key).where(PageTag.page_id == bindparam("page"))
# The union of keys is read first, and then the index of subjects.
_WATCHED = select(
    select(Watch.id)
    .where(
        Watch.subject.in_(
            union_all(
                select(cast(bindparam("page_key"), String)),
                select(cast(bindparam("space_key"), String)),
                _ABOVE,
                _TAGS,
            )
        ),
        Watch.level >= bindparam("level"),
        or_(Watch.person_id.is_(None), Watch.person_id != bindparam("besides")),
    )
    .exists()
)


@dataclass(frozen=True)
class Standing:
    """The level that holds for somebody at a subject, and the watch that decides it, if any."""

    level: Level
    watch: Watch | None = None


def standing_of(session: Session, actor: Actor, seen: SeenSubject, *, own: bool = True) -> Standing:
    """Return what the actor is told about a subject.

    :param own: False for what would hold without their own watch of exactly this subject.
    """
    keys = [seen.subject.key]
    if seen.page is not None and seen.subject.space_id is None:
        keys = chain_of(session, seen.page, seen.subject.thread_id)
    if actor.person_id is None:
        return Standing(DEFAULT)
    found = deciding(keys, actor.person_id)
    if not own:
        mine = own_watch(session, actor, seen.subject)
        if mine is not None:
            found = _without(session, keys, mine, actor.person_id)
    row = session.scalar(_shown(actor).join(found, found.c.watch_id == Watch.id))
    return Standing(Level(row.level), row) if row else Standing(DEFAULT)


def _without(session: Session, keys: Sequence[str], mine: Watch, person_id: int) -> Subquery:
    """Select the deciding watch of a person as if they had not watched the nearest subject."""
    groups = (
        select(Watch.id)
        .join(GroupPerson, GroupPerson.group_id == Watch.group_id)
        .where(Watch.subject == mine.subject, GroupPerson.person_id == person_id)
        .order_by(Watch.level.desc(), Watch.id)
        .limit(1)
    )
    by_group = session.scalar(groups)
    if by_group is not None:
        return select(Watch.id.label("watch_id")).where(Watch.id == by_group).subquery()
    rest = [key for key in keys if key != mine.subject]
    return deciding(rest, person_id)


def own_watch(session: Session, actor: Actor, subject: Subject) -> Watch | None:
    """Return the actor's own watch of exactly this subject."""
    return session.scalar(
        select(Watch).where(Watch.person_id == actor.person_id, Watch.subject == subject.key)
    )


def groups_watching(session: Session, subject: Subject) -> Sequence[Watch]:
    """Return the watches of groups of exactly this subject, by the names of the groups. The caller
    checks permission."""
    return session.scalars(
        select(Watch)
        .join(Watch.group)
        .where(Watch.subject == subject.key)
        .options(contains_eager(Watch.group))
        .order_by(func.lower(Group.name), Group.id)
    ).all()


def list_watches(
    session: Session, actor: Actor, *, after: str | None = None, limit: int = ROWS
) -> Slice[Watch]:
    """Return what the actor watches, by themselves or in groups, as far as they may read it; the
    newest first."""
    mine = select(GroupPerson.group_id).where(GroupPerson.person_id == actor.person_id)
    query = _shown(actor).where(
        or_(Watch.person_id == actor.person_id, Watch.group_id.in_(mine)),
    )
    found = slice_of(session, query, (0 - Watch.id,), after, limit)
    return Slice([row[0] for row in found.rows], found.after)


def visible_watches(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, Watch]:
    """Return those of some watches whose subject the actor may read, with their groups and
    subjects, by id."""
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(_shown(actor).where(Watch.id.in_(ids)))}


def _shown(actor: Actor) -> Select[Any]:
    """Select the watches of subjects that the actor may read."""
    in_space = Watch.space_id.in_(spaces_with(actor, Role.READER))
    conditions: list[ColumnElement[bool]] = [in_space, live_for(actor)]
    if not actor.is_narrow:
        own = select(SavedSearch.watch_id).where(SavedSearch.person_id == actor.person_id)
        conditions += [Watch.tag.is_not(None), Watch.id.in_(own)]
    return (
        select(Watch)
        .outerjoin(Page, Page.id == Watch.page_id)
        .where(or_(*conditions))
        .options(
            contains_eager(Watch.page).joinedload(Page.space),
            joinedload(Watch.space),
            joinedload(Watch.group),
        )
    )


def searches_of(session: Session, actor: Actor, watches: Sequence[Watch]) -> dict[int, SavedSearch]:
    """Return the actor's saved searches that these watches are of, by the id of the watch."""
    ids = [one.id for one in watches if one.subject.startswith("search:")]
    if not ids:
        return {}
    found = session.scalars(
        select(SavedSearch).where(
            SavedSearch.watch_id.in_(ids), SavedSearch.person_id == actor.person_id
        )
    )
    return {one.watch_id or 0: one for one in found}


def preference_of(session: Session, person_id: int | None) -> WatchPreference:
    """Return what a person watches without choosing it each time."""
    found = session.get(WatchPreference, person_id) if person_id is not None else None
    return found or WatchPreference(person_id=person_id, written=True, commented=True)


def space_of(watch: Watch) -> Space | None:
    """Return the space of what is watched; None for a tag or a saved search."""
    return watch.page.space if watch.page else watch.space
