"""Conversion of database rows to resources of the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wiki.api import file_resources, problems, resources
from wiki.attachments.models import Attachment
from wiki.attachments.queries import place_of
from wiki.attachments.uses import Use
from wiki.attachments.views import file_url
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.people.groups import GroupSeen, PersonWithin
from wiki.people.models import Person
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.models import Space
from wiki.tags.queries import Tag
from wiki.text.paths import name_of
from wiki.web.urls import page_url, tag_url


def somebody(person: Person | None) -> resources.Somebody | None:
    """Return a person as a resource; None for None."""
    return None if person is None else resources.Somebody(person.handle, person.name)


def page_line(page: Page) -> resources.PageLine:
    """Return a page without its text; its space must be loaded."""
    url = page_url(page.space.slug, page.path)
    return resources.PageLine(page.id, page.space.slug, page.path, page.title, url)


def listed_page(page: Page) -> resources.ListedPage:
    """Return a page for a list; its space and last author must be loaded."""
    url = page_url(page.space.slug, page.path)
    return resources.ListedPage(
        id=page.id,
        space=page.space.slug,
        path=page.path,
        title=page.title,
        url=url,
        created_at=page.created_at,
        updated_at=page.updated_at,
        updated_by=somebody(page.updated_by),
    )


def tag(slug: str, row: Tag) -> resources.Tag:
    """Return a tag of the space with that slug, or of all spaces if it is empty."""
    return resources.Tag(row.name, row.count, tag_url(slug, row.name))


def whole_page(
    slug: str, page: Page, head: Revision, text: Text, effective: Label
) -> resources.Page:
    """Return a page of the space with that slug, its newest revision and effective label."""
    return resources.Page(
        id=page.id,
        space=slug,
        path=page.path,
        url=page_url(slug, page.path),
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


def revision_line(revision: Revision) -> resources.Revision:
    """Return a revision without its text."""
    return resources.Revision(
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


def space(row: Space, *, can_edit: bool) -> resources.Space:
    """Return a space."""
    return resources.Space(
        slug=row.slug,
        title=row.title,
        description=row.description,
        visibility=row.visibility,  # type: ignore[arg-type]
        member_role=Role(row.member_role).word,
        can_edit=can_edit,
        url=page_url(row.slug, ""),
        created_at=row.created_at,
    )


def group_line(row: GroupSeen) -> resources.GroupLine:
    """Return a group without its parts."""
    return resources.GroupLine(**_group(row))


def group(
    row: GroupSeen, parts: Iterable[GroupSeen], wholes: Iterable[GroupSeen]
) -> resources.Group:
    """Return a group with its parts and the groups that it is in."""
    return resources.Group(
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


def person_within(row: PersonWithin) -> resources.PersonInGroup:
    """Return a person in a group, with the groups that the membership comes from."""
    through = [part.handle for part in row.through]
    return resources.PersonInGroup(row.person.handle, row.person.name, row.alone, through)


def file(slug: str, row: Attachment) -> file_resources.File:
    """Return a file of the space with that slug."""
    return file_resources.File(**_file(slug, row))


def file_version(slug: str, row: Attachment) -> file_resources.FileVersion:
    """Return a version of a file of the space with that slug."""
    return file_resources.FileVersion(
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


def use(one: Use) -> resources.PageLine:
    """Return a page that uses a file."""
    return resources.PageLine(
        one.page_id, one.slug, one.path, one.title, page_url(one.slug, one.path)
    )
