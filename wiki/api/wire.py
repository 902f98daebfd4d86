"""Conversion of database rows to resources of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import url_for

from wiki.api.resources import (
    files,
    groups,
    lines,
    lists,
    pages,
    problems,
    revisions,
    spaces,
    threads,
)
from wiki.attachments.links import file_url
from wiki.attachments.models import Attachment
from wiki.attachments.queries import place_of
from wiki.attachments.uses import Use
from wiki.comments.models import SUGGESTION_STATES
from wiki.comments.queries import ThreadRead
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.people.groups.actions import GroupSeen
from wiki.people.groups.members import PersonWithin
from wiki.people.models import Person
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.models import Space
from wiki.tags.queries import Tag
from wiki.text.own_texts import in_words
from wiki.text.passages.following import CERTAINTIES
from wiki.text.paths import name_of, parent_of
from wiki.text.positions import UNPLACED
from wiki.web.urls import page_url, tag_url


def somebody(person: Person | None) -> lines.Somebody | None:
    """Return a person as a resource; None for None."""
    if person is None:
        return None
    return lines.Somebody(person.handle, person.name, photo_of(person))


def photo_of(person: Person) -> str | None:
    """Return the address of a person's photo in the API; None if there is none."""
    if person.photo is None:
        return None
    return url_for("api.read_photo", person=person.handle, photo=person.photo)


def page_line(page: Page) -> lines.PageLine:
    """Return a page without its text; its space must be loaded."""
    url = page_url(page.space.slug, page.path)
    return lines.PageLine(page.id, page.space.slug, page.path, page.title, url)


def listed_page(page: Page) -> lists.ListedPage:
    """Return a page for a list; its space and last author must be loaded."""
    url = page_url(page.space.slug, page.path)
    return lists.ListedPage(
        id=page.id,
        space=page.space.slug,
        path=page.path,
        title=page.title,
        url=url,
        created_at=page.created_at,
        updated_at=page.updated_at,
        updated_by=somebody(page.updated_by),
    )


def tag(slug: str, row: Tag) -> lists.Tag:
    """Return a tag of the space with that slug, or of all spaces if it is empty."""
    return lists.Tag(row.name, row.count, tag_url(slug, row.name))


def whole_page(slug: str, page: Page, head: Revision, text: Text, effective: Label) -> pages.Page:
    """Return a page of the space with that slug, its newest revision and effective label."""
    return pages.Page(
        id=page.id,
        space=slug,
        path=page.path,
        url=page_url(slug, page.path),
        parent=parent_of(page.path),
        position=None if page.position == UNPLACED else page.position,
        kind=page.kind,
        title=text.title,
        body=text.body,
        tags=list(text.tags),
        description=text.description,
        fields=text.fields,
        label=Label(page.label).word,  # type: ignore[arg-type]
        effective_label=effective.word,  # type: ignore[arg-type]
        folder=page.folder,
        revision=head.number,
        message=head.message,
        author=somebody(head.author),
        created_at=page.created_at,
        updated_at=head.created_at,
    )


def revision_line(revision: Revision) -> revisions.Revision:
    """Return a revision without its text."""
    return revisions.Revision(
        number=revision.number,
        action=revision.action,
        path=revision.path,
        title=revision.title,
        tags=list(revision.tags),
        description=revision.description,
        message=revision.message,
        author=somebody(revision.author),
        created_at=revision.created_at,
        base=revision.base,
        purged_at=revision.purged_at,
    )


def side(number: int | None, text: Text) -> problems.Side:
    """Return one of the texts in a conflict."""
    return problems.Side(
        number, text.title, text.body, list(text.tags), text.description, text.fields
    )


def space(row: Space, *, can_edit: bool) -> spaces.Space:
    """Return a space."""
    return spaces.Space(
        slug=row.slug,
        title=row.title,
        description=row.description,
        visibility=row.visibility,  # type: ignore[arg-type]
        member_role=Role(row.member_role).word,
        icon=row.icon,
        color=row.colour,
        can_edit=can_edit,
        url=page_url(row.slug, ""),
        created_at=row.created_at,
    )


def group_line(row: GroupSeen) -> groups.GroupLine:
    """Return a group without its parts."""
    return groups.GroupLine(**_group(row))


def group(row: GroupSeen, parts: Iterable[GroupSeen], wholes: Iterable[GroupSeen]) -> groups.Group:
    """Return a group with its parts and the groups that it is in."""
    return groups.Group(
        **_group(row),
        parts=[group_line(part) for part in parts],
        inside_of=[group_line(whole) for whole in wholes],
    )


def _group(row: GroupSeen) -> dict[str, Any]:
    return {
        "handle": row.group.handle,
        "name": row.group.name,
        "description": row.group.description,
        "people": row.people,
        "url": f"/-/groups/{row.group.handle}",
    }


def person_within(row: PersonWithin) -> groups.PersonInGroup:
    """Return a person in a group, with the groups that the membership comes from."""
    through = [part.handle for part in row.through]
    return groups.PersonInGroup(
        row.person.handle, row.person.name, photo_of(row.person), row.alone, through
    )


def file(slug: str, row: Attachment) -> files.File:
    """Return a file of the space with that slug."""
    return files.File(**_file(slug, row))


def file_version(slug: str, row: Attachment) -> files.FileVersion:
    """Return a version of a file of the space with that slug."""
    return files.FileVersion(
        **_file(slug, row), current=row.removed_at is None, removed_at=row.removed_at
    )


def _file(slug: str, row: Attachment) -> dict[str, Any]:
    path = place_of(row)
    return {
        "path": path,
        "name": name_of(path),
        "url": file_url(slug, path),
        "content_type": row.content_type,
        "size": row.size,
        "sha256": row.sha256,
        "author": somebody(row.created_by),
        "created_at": row.created_at,
        "id": row.id,
        "version": row.version,
    }


def use(one: Use) -> lines.PageLine:
    """Return a page that uses a file."""
    return lines.PageLine(one.page_id, one.slug, one.path, one.title, page_url(one.slug, one.path))


def _passage(read: ThreadRead) -> threads.Passage | None:
    row, at = read.thread, read.anchor
    if at is None:
        return None
    certainty = next(one for one in CERTAINTIES if one == at.certainty)
    place = threads.Place(certainty, at.revision, at.start, at.end, at.words)
    return threads.Passage(
        row.quote, row.words, row.prefix, row.suffix, row.revision, row.start, place
    )


def _suggestion(read: ThreadRead) -> threads.Suggestion | None:
    one = read.suggestion
    if one is None:
        return None
    state = next(known for known in SUGGESTION_STATES if known == one.state)
    return threads.Suggestion(
        one.text, state, one.reason, somebody(one.settled_by), one.settled_at, one.applied
    )


def thread(read: ThreadRead, slug: str, page: Page, html: Mapping[int, str]) -> threads.Thread:
    """Return a thread on a page of the space with that slug.

    :param html: the HTML of its messages, by their ids.
    """
    row = read.thread
    home = f"/-/p/{page.id}/comments"
    messages = [
        threads.Message(
            id=one.id,
            number=one.number,
            answers=one.answers or None,
            author=somebody(one.author),
            body=one.text,
            html=in_words(html[one.id]),
            revision=one.revision,
            created_at=one.created_at,
            edited_at=one.edited_at,
            deleted_at=one.deleted_at,
            reactions=[
                threads.ReactionCount(each.sign, each.count, each.mine)
                for each in read.reactions.get(one.id, ())
            ],
            url=f"{home}?message={one.id}#m{one.id}",
        )
        for one in sorted(read.messages, key=lambda one: one.number)
    ]
    changes = [
        threads.StateChange(
            "resolved" if one.resolved else "open", one.reason, somebody(one.person), one.at
        )
        for one in read.changes
    ]
    return threads.Thread(
        id=row.id,
        page=lines.PageLine(page.id, slug, page.path, page.title, page_url(slug, page.path)),
        state="resolved" if row.resolved_at else "open",
        opened_by=somebody(row.opened_by),
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        changes=changes,
        passage=_passage(read),
        suggestion=_suggestion(read),
        messages_total=row.last_number,
        messages=messages,
        url=f"{home}?thread={row.id}",
    )
