"""Spaces, memberships and invitations: what the room declares."""

from __future__ import annotations

from wiki.room import Room, none_because
from wiki.spaces import admin, invite_views, token_views, views

ROOM = Room(
    name="spaces",
    blueprints=(views.blueprint, invite_views.blueprint, token_views.blueprint, admin.blueprint),
    operations=none_because("its operations are in the API's own room"),
)
