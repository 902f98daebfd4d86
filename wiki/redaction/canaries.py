"""A redaction in the scratch wiki of the leak drill."""

from __future__ import annotations

import io

from sqlalchemy.orm import Session

from wiki.attachments.actions import attach_file
from wiki.attachments.storage import Storage
from wiki.canary import World
from wiki.pages.models import Page
from wiki.redaction.actions import redact_file
from wiki.redaction.targets import FileTarget


def redact_a_file(world: World, session: Session) -> None:
    """Redact a file of a restricted page, with a reason that is as hidden as the page."""
    lead, storage = world.people["lead"], Storage(world.settings.data_dir)
    page = session.get_one(Page, world.target("a restricted page").values["page_id"])
    stored = storage.put(io.BytesIO(b"out with it"), max_bytes=1 << 20)
    place = f"{page.path}/{world.word('the name of a redacted file', ('insider', 'lead'))}.txt"
    file = attach_file(session, lead, page.space, place, stored).file
    reason = world.word("the reason of a redaction", ("insider", "lead"))
    redacted = redact_file(session, lead, storage, FileTarget(file.id), reason)
    world.common["redaction_id"] = redacted.id
