"""The choice of the kinds of secrets that a space looks for."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from wiki.db import now
from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.pages.events import ScanningChanged
from wiki.pages.models import ScannedKinds
from wiki.pages.saving.secrets import kinds_of
from wiki.rules.access import May
from wiki.spaces.queries import SpaceAccess
from wiki.text.scan.secrets import KINDS


def choose_kinds(session: Session, seen: SpaceAccess, kinds: Collection[str]) -> None:
    """Set the kinds of secrets that a space searches for.

    :raises Forbidden: unless the actor leads the space. :raises Invalid: for an unknown kind.
    """
    seen.require(May.MANAGE)
    unknown = sorted(set(kinds) - KINDS.keys())
    if unknown:
        raise Invalid(_("This kind of secret doesn’t exist."), field="kinds")
    wanted, space_id = frozenset(kinds), seen.space.id
    if wanted == kinds_of(session, space_id):
        return
    row = session.get(ScannedKinds, space_id, with_for_update=True)
    if row is None:
        row = ScannedKinds(space_id=space_id, kinds=[])
        session.add(row)
    row.kinds = [kind for kind in KINDS if kind in wanted]
    row.changed_at, row.changed_by_id = now(), seen.actor.person_id
    session.flush()
    publish(session, seen.actor, ScanningChanged(space_id, row.kinds))
