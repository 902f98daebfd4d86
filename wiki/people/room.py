"""Accounts, signing in and API tokens: what the room declares."""

from __future__ import annotations

from sqlalchemy import false

from wiki.people import admin, admin_security, checking, me, views
from wiki.people.factors import views as factor_views
from wiki.people.models import Mail
from wiki.people.oidc import views as oidc_views
from wiki.people.signin import reauthentication
from wiki.room import Link, Place, Room, none_because
from wiki.text_columns import TextColumns, TextType

ROOM = Room(
    name="people",
    blueprints=(
        views.blueprint,
        me.blueprint,
        oidc_views.blueprint,
        factor_views.blueprint,
        reauthentication.blueprint,
        admin.blueprint,
        admin_security.blueprint,
    ),
    operations=none_because("accounts are managed on screens and by commands"),
    commands=none_because("accounts and tokens have their commands in the profiles"),
    links=(
        Link(
            Place.SITE,
            80,
            "Administration",
            "-/admin",
            icon="sliders-horizontal",
            shown=lambda on: on.actor.is_admin,
        ),
        Link(Place.ADMIN, 110, "People", "people", section="People"),
        Link(Place.ADMIN, 140, "Sign-in", "factors", section="People"),
    ),
    blocks=none_because("what it shows is on screens of its own"),
    shortcuts=none_because("nothing in it is pressed often"),
    suggestions=none_because("it has no pages to offer before a search"),
    text_columns=(
        # A mail belongs to no page, and its content is private to its reader.
        TextColumns(
            "mails",
            Mail,
            {"subject": TextType.TEXT, "body": TextType.TEXT},
            lambda area: Mail.id > 0 if area.everywhere else false(),
            title=True,
            counted=False,
        ),
    ),
    rates=none_because("attempts to sign in are counted exactly, in the database"),
    guards=none_because("it refuses no edit"),
    checks=checking.CHECKS,
    probes=none_because("its screens take no queries that name a page"),
    canaries=none_because("the accounts of the drill are people"),
)
