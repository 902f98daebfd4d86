"""An invitation in the scratch wiki of the leak drill."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.canary import World
from wiki.rules.roles import Role
from wiki.spaces.consent import UNASKED
from wiki.spaces.invitations import Invited, invite
from wiki.spaces.models import Invitation
from wiki.spaces.queries import see_space


def invite_somebody(world: World, session: Session) -> None:
    """Invite somebody into a private space."""
    lead = world.people["lead"]
    slug = str(world.target("a page of a private space").values["slug"])
    seen = see_space(session, lead, slug)
    invite(session, lead, world.settings, Invited(seen=seen, role=Role.READER), consent=UNASKED)
    wanted = select(Invitation.id).where(Invitation.space_id == seen.space.id)
    world.common["invitation_id"] = session.scalars(wanted).one()
