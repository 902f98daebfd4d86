"""Accounts, signing in and API tokens: what the room declares."""

from __future__ import annotations

from sqlalchemy import false

from wiki.i18n import lazy_gettext
from wiki.mail.models import Mail
from wiki.people import admin, admin_security, api, me, preference_views
from wiki.people.factors import views as factor_views
from wiki.people.groups import checking
from wiki.people.oidc import views as oidc_views
from wiki.people.signin import link_views, reauthentication
from wiki.room import Link, Place, Room, none_because
from wiki.text_columns import TextColumns, TextType
from wiki.web.operations import operations_in

ROOM = Room(
    name="people",
    blueprints=(
        link_views.blueprint,  # with the routes of `signin/views.py`
        me.blueprint,
        preference_views.blueprint,
        oidc_views.blueprint,
        factor_views.blueprint,
        reauthentication.blueprint,
        admin.blueprint,
        admin_security.blueprint,
    ),
    operations=operations_in(api),
    commands=none_because("accounts and tokens have their commands in the profiles"),
    links=(
        Link(
            Place.SITE,
            80,
            lazy_gettext("Administration"),
            "-/admin",
            icon="sliders-horizontal",
            shown=lambda on: on.actor.is_admin,
        ),
        Link(Place.ADMIN, 110, lazy_gettext("People"), "people", section=lazy_gettext("People")),
        Link(Place.ADMIN, 140, lazy_gettext("Sign-in"), "factors", section=lazy_gettext("People")),
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
