"""Files that move together with their pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.db import batches
from wiki.pages.links.repairing import Link
from wiki.pages.models import Page
from wiki.text.paths import ancestors_of, join
from wiki.text.rewrite.addresses import Place


def files_along(
    session: Session, page: Page, targets: Mapping[int, str], slug: str, links: Iterable[Link]
) -> dict[Place, tuple[str, str]]:
    """Return the new places of the files that are linked to and go with a moved page or one below
    it, by their old places.

    :param targets: the new paths of the moved pages, by id. :param slug: that of their new space.
    """
    places: dict[Place, tuple[str, str]] = {}
    old = page.space
    wanted = {
        key
        for kind, at, key, _ in links
        if kind == "file" and at == old.slug and key.startswith(page.path_key + "/")
    }
    for keys in batches(sorted(wanted)):
        ways = {
            (above, key[len(above) :].lstrip("/")): key
            for key in keys
            for above in ancestors_of(key)
        }
        owners: dict[str, tuple[int, int, str]] = {}
        for above in batches(sorted({above for above, _ in ways})):
            rows = session.execute(
                select(Page.path_key, Page.id, Attachment.name, Attachment.name_key)
                .join_from(Attachment, Page, Page.id == Attachment.page_id)
                .where(
                    Page.space_id == old.id,
                    Page.path_key.in_(above),
                    Page.deleted_at.is_(None),
                    Attachment.name_key.in_(sorted({name for _, name in ways})),
                    Attachment.removed_at.is_(None),
                )
            )
            for at, id, name, name_key in rows:
                key = ways.get((at, name_key), "")
                if key and (key not in owners or len(at) > owners[key][0]):
                    owners[key] = len(at), id, name
        for key, (_, id, name) in owners.items():
            if id in targets:
                places["file", old.slug, key] = slug, join(targets[id], name)
    return places
