"""Profiles: a person's name, and what they wrote as far as the actor may read it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, contains_eager

from wiki.errors import NotFound
from wiki.history.change import Change, Touched
from wiki.pages.links.mentions import may_be_known_to
from wiki.pages.models import Page, Revision
from wiki.pages.queries import live_for
from wiki.people.groups.actions import see_group
from wiki.people.groups.members import groups_of
from wiki.people.imported.account_merge import merged_into
from wiki.people.models import Person
from wiki.rules.access import Actor, may_see_groups
from wiki.web.paging import Slice
from wiki.web.request import actor, reading

blueprint = Blueprint("profiles", __name__)

ROWS = 30


@blueprint.get("/-/people/<handle>")
def profile(handle: str) -> ResponseReturnValue:
    """Show the profile of a person."""
    session = reading()
    try:
        person = see_person(session, actor(), handle)
    except NotFound:  # a mention may mean a person or a group
        return redirect(f"/-/groups/{see_group(session, actor(), handle).handle}")
    if person.handle != handle:
        return redirect(f"/-/people/{person.handle}", 301)
    before = request.args.get("before", type=int)
    found = written_by(session, actor(), person, before=before)
    return render_template(
        "profiles/profile.html",
        person=person,
        groups=groups_of(session, person) if may_see_groups(actor()) else (),
        changes=found.rows,
        older=found.after,
        newest=before is None,
    )


def written_by(
    session: Session, actor: Actor, person: Person, *, before: int | None = None, limit: int = ROWS
) -> Slice[Change]:
    """Return a person's revisions of pages that the actor may read, newest first.

    :param before: only revisions before the one with this id; the cursor of the next slice.
    """
    query = (
        select(Revision)
        .join(Revision.page)
        .join(Page.space)
        .where(Revision.author_id == person.id, Revision.purged_at.is_(None), live_for(actor))
        .options(contains_eager(Revision.page).contains_eager(Page.space))
        .order_by(Revision.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Revision.id < before)
    found = session.scalars(query).unique().all()
    rows = [
        Change(
            one.created_at,
            one.action,
            person,
            (Touched(one.page, one.number - 1, one.number),),
            revision=one,
        )
        for one in found[:limit]
    ]
    return Slice(rows, str(found[limit - 1].id) if len(found) > limit else None)


def see_person(session: Session, actor: Actor, handle: str) -> Person:
    """Return the person with this handle, or the one who took over their work, if the actor may
    know them.

    :raises NotFound: if there is none, or none whom the actor may know.
    """
    person = session.scalar(select(Person).where(Person.handle == handle))
    if person is not None and person.imported_at is not None:
        person = merged_into(session, person) or person
    if person is None:
        raise NotFound
    known = select(Person.id).where(Person.id == person.id, may_be_known_to(actor))
    if session.scalar(known) is None:
        raise NotFound
    return person
