"""The pictures that the editor offers to insert."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, case, or_, select
from sqlalchemy.orm import contains_eager

from wiki.attachments import versions
from wiki.attachments.links import face_of, file_url, links_from, relative_to
from wiki.attachments.models import Attachment
from wiki.attachments.queries import place_of
from wiki.pages.models import Page
from wiki.pages.page_context import place_at
from wiki.pages.queries import live_for
from wiki.rules.access import May
from wiki.text.paths import name_of
from wiki.web.request import actor, reading
from wiki.web.urls import verb

blueprint = Blueprint("picking", __name__)

MOST = 60
LONGEST = 200


@verb(blueprint, "pictures")
def pictures(slug: str, path: str) -> ResponseReturnValue:
    """Return a fragment with the newest pictures of a space that the actor may read, those of the
    page first; with ``q`` only those with this text in their names."""
    place = place_at(slug, path)
    place.seen.require(May.EDIT)
    session, space, page = reading(), place.space, place.page
    own = Attachment.page_id == (page.id if page else None)
    found = (
        select(Attachment)
        .outerjoin(Attachment.page)
        .where(
            or_(
                Attachment.space_id == space.id,
                and_(Page.space_id == space.id, live_for(actor())),
            ),
            Attachment.removed_at.is_(None),
            Attachment.content_type.startswith("image/"),
        )
        .options(contains_eager(Attachment.page))
        .order_by(case((own, 0), else_=1), Attachment.id.desc())
        .limit(MOST)
    )
    words = request.args.get("q", "").strip()[:LONGEST].casefold()
    if words:
        found = found.where(Attachment.name_key.contains(words, autoescape=True))
    rows = session.scalars(found).all()
    known = versions.pictures_of(session, rows)
    folder = links_from(page)
    shown = []
    for file in rows:
        url = file_url(space.slug, at := place_of(file))
        near = page is not None and file.page_id == page.id
        target = relative_to(at, folder) if near else url
        face = face_of(url, file, known.get(file.sha256))
        shown.append({"name": name_of(file.name), "target": target, "face": face})
    return render_template("attachments/pick.html", pictures=shown)
