"""Spaces and pages with canaries, and what the drill looks for on each."""

from __future__ import annotations

import io
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.actions import attach_file
from wiki.attachments.models import Attachment
from wiki.attachments.storage import Storage
from wiki.canary import Target, World, absent_like
from wiki.pages.merging import Text
from wiki.pages.models import Page, Revision
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.rules.roles import Role, Visibility
from wiki.spaces.actions import SpaceValues, create_space, give_role
from wiki.spaces.models import Space

SHARED = "drillshared"
"""A word that occurs on hidden pages and on others."""


def open_space(
    world: World, session: Session, slug: str, title: str, visibility: Visibility
) -> Space:
    space = create_space(
        session,
        world.people["lead"],
        slug,
        SpaceValues(title, visibility=visibility, member_role=Role.READER),
    )
    for name in ("insider", "revoked", "disabled"):
        give_role(session, world.people["lead"], space, world.people[name].person_id or 0, _EDITOR)
    return space


_EDITOR = Role.EDITOR
IN = ("insider", "lead")


def write_page(
    world: World,
    session: Session,
    space: Space,
    allowed: tuple[str, ...],
    *,
    above: str = "",
    by_link: bool = False,
) -> Page:
    """Create a page with an older revision, every part of which is a canary.

    :param by_link: True if visitors with the share link may read its newest revision, but nothing
        around it.
    """
    lead = world.people["lead"]
    readers = (*allowed, "link") if by_link else allowed

    def text(which: str, readers: tuple[str, ...]) -> Text:
        return Text(
            world.word(f"the title of {which}", readers),
            f"# {world.word(f'a heading of {which}', readers)}\n\n"
            f"{world.word(f'the text of {which}', readers)} {SHARED}\n",
            (world.word(f"a tag of {which}", allowed),),
            world.word(f"the description of {which}", readers),
        )

    path = world.word("the path of a page", readers if above else allowed)
    where = f"{above}/{path}" if above else path
    before = text("an older revision", allowed)
    page = submit(
        session,
        lead,
        Edit(
            NewPage(space, where),
            before,
            message=world.word("the message of an older revision", allowed),
        ),
    ).page
    newest = text("a page", readers)
    submit(
        session,
        world.people["insider"],
        Edit(page.id, newest, base=1, message=world.word("the message of a page", allowed)),
    )
    name = f"{world.word('the name of a file', readers)}.txt"
    data = world.word("the bytes of a file", readers).encode()
    stored = Storage(world.settings.data_dir).put(io.BytesIO(data), max_bytes=1 << 20)
    attach_file(session, lead, space, f"{where}/{name}", stored)
    return page


def target_of(
    world: World,
    session: Session,
    what: str,
    page: Page,
    hidden_from: Iterable[str],
    *,
    beside_links: bool = False,
) -> Target:
    """Add a target for a page, with all arguments that addresses can need."""
    slug = session.scalar(select(Space.slug).where(Space.id == page.space_id)) or ""
    file = session.scalars(select(Attachment).where(Attachment.page_id == page.id)).one()
    head = session.scalars(
        select(Revision).where(Revision.page_id == page.id).order_by(Revision.number.desc())
    ).first()
    tag = head.tags[0] if head else ""
    values: dict[str, str | int] = {
        "slug": slug,
        "path": page.path,
        "page_id": page.id,
        "file_id": file.id,
        "name": file.name,
        "file": f"{page.path}/{file.name}",
        "tag": tag,
        "word": page.title,
    }
    # The path as visitors with a share link to the page above see it.
    values["below"] = page.path.split("/", 1)[-1] if slug == "drill-shared" else page.path
    parts = page.path.split("/")
    absent = values | {
        "path": "/".join([*parts[:-1], absent_like(parts[-1])]),
        "page_id": page.id + 1_000_000,
        "file_id": file.id + 1_000_000,
        "tag": absent_like(tag),
        "word": absent_like(page.title),
    }
    absent["name"] = f"{absent_like(file.name[:-4])}.txt"
    absent["file"] = f"{absent['path']}/{absent['name']}"
    absent["below"] = absent_like(parts[-1])
    target = Target(what, values, absent, frozenset(hidden_from), beside_links)
    world.targets.append(target)
    return target
