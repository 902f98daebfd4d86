"""Watching something, and no longer watching it."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from wiki.db import insert_into, now
from wiki.errors import Forbidden, Invalid, NotFound, SignInRequired
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.people.groups.actions import find_group, require_seeing
from wiki.rules.access import Actor, May
from wiki.watching.events import GroupWatchChanged
from wiki.watching.levels import Level, Reason
from wiki.watching.models import Watch, WatchPreference
from wiki.watching.subjects import SeenSubject

MOST = 5_000
"""Maximum number of subjects that a person watches by their own choice."""


def level_named(word: str) -> Level:
    """Return the level with this name.

    :raises Invalid: if there is none.
    """
    level = Level.named(word)
    if level is None:
        raise Invalid(_("Choose a level."), field="level")
    return level


def watch(session: Session, actor: Actor, seen: SeenSubject, level: Level | None) -> None:
    """Set the actor's own level for a subject that they may read, or remove it with None, so that
    what they watch above it holds again.

    :raises SignInRequired: when nobody is signed in.
    :raises Invalid: if they watch very many subjects.
    """
    if actor.person_id is None:
        raise SignInRequired
    if level is None:
        session.execute(
            delete(Watch).where(
                Watch.person_id == actor.person_id, Watch.subject == seen.subject.key
            )
        )
        return
    mine = select(func.count()).select_from(Watch).where(Watch.person_id == actor.person_id)
    if (session.scalar(mine) or 0) >= MOST:
        raise Invalid(_("You already watch %(number)s things.", number=MOST), field="level")
    _store(session, seen, level, person_id=actor.person_id)


def watch_for_group(
    session: Session, actor: Actor, seen: SeenSubject, handle: str, level: Level | None
) -> None:
    """Set the level of a group for a space or page, or remove it with None. Each member can choose
    another level for themselves.

    :raises Forbidden: unless the actor leads the space.
    :raises NotFound: for a thread or a tag.
    :raises Invalid: if there is no such group.
    """
    if seen.seen is None or seen.subject.thread_id is not None:
        raise NotFound
    seen.seen.require(May.MANAGE)
    require_seeing(actor)
    group = find_group(session, handle.strip().removeprefix("@"))
    if group is None:
        raise Invalid(_("There is no group with this name."), field="group")
    of_group = Watch.group_id == group.id, Watch.subject == seen.subject.key
    before = session.scalar(select(Watch.level).where(*of_group))
    if before == (None if level is None else int(level)):
        return
    if level is None:
        session.execute(delete(Watch).where(*of_group))
    else:
        _store(session, seen, level, group_id=group.id)
    word = level.word if level is not None else ""
    space_id, page_id = seen.seen.space.id, seen.subject.page_id
    publish(session, actor, GroupWatchChanged(space_id, page_id, group.id, word))


def _store(session: Session, seen: SeenSubject, level: Level, **watcher: int) -> None:
    values = {
        **seen.subject.columns(),
        **watcher,
        "level": int(level),
        "reason": Reason.CHOSEN.value,
        "since": now(),
    }
    changed = {"level": int(level), "reason": Reason.CHOSEN.value}
    session.execute(
        insert_into(session, Watch)
        .values(values)
        .on_conflict_do_update(index_elements=[*watcher, "subject"], set_=changed)
    )


def get_own(session: Session, actor: Actor, watch_id: int) -> Watch:
    """Return one of the actor's own watches.

    :raises NotFound: if it is not theirs, or not there any more.
    """
    row = session.get(Watch, watch_id)
    if row is None or row.person_id is None or row.person_id != actor.person_id:
        raise NotFound
    return row


def change_level(session: Session, actor: Actor, watch_id: int, level: Level | None) -> None:
    """Change or, with None, remove one of the actor's own watches.

    :raises NotFound: as :func:`get_own`.
    """
    row = get_own(session, actor, watch_id)
    if level is None:
        session.delete(row)
    else:
        row.level, row.reason = int(level), Reason.CHOSEN.value


def set_preference(session: Session, actor: Actor, *, written: bool, commented: bool) -> None:
    """Set what the actor watches without choosing it each time.

    :raises Forbidden: for a token that is limited to some spaces.
    """
    if actor.person_id is None or actor.is_narrow:
        raise Forbidden(_("This token is limited to some spaces."))
    values = {"written": written, "commented": commented}
    session.execute(
        insert_into(session, WatchPreference)
        .values(person_id=actor.person_id, **values)
        .on_conflict_do_update(index_elements=["person_id"], set_=values)
    )
