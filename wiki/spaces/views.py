"""Views of spaces: the list, creating one, its settings and members."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.people.actions import find_person
from wiki.people.groups.members import count_people
from wiki.people.models import Group, Person
from wiki.rules.access import May, may_create_spaces, may_invite, may_see_groups
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.rules.words import shown
from wiki.spaces import actions, invitations, queries
from wiki.spaces.looks import COLOURS, ICONS, look_of
from wiki.spaces.members import everybody_in, list_groups_given, standings
from wiki.spaces.models import Space
from wiki.spaces.who import find_who, suggest_who
from wiki.web.errors import flash
from wiki.web.public import public
from wiki.web.request import actor, reading, writing
from wiki.web.request import settings as current_settings
from wiki.web.urls import space_url

blueprint = Blueprint("spaces", __name__)
blueprint.add_app_template_filter(look_of)


@blueprint.get("/-/spaces")
@public
def index() -> ResponseReturnValue:
    """List all spaces that the user may read."""
    return render_template(
        "spaces/index.html",
        spaces=queries.list_spaces(reading(), actor()),
        can_create=bool(may_create_spaces(actor())),
    )


@blueprint.route("/<space:slug>/-/settings", methods=["GET", "POST"])
def settings(slug: str) -> ResponseReturnValue:
    """Change a space's name, visibility and labels."""
    seen = queries.see_space(reading(), actor(), slug)
    seen.require(May.MANAGE)
    error: Invalid | None = None
    if request.method == "POST":
        try:
            with writing() as session:
                actions.change_space(
                    session,
                    queries.see_space(session, actor(), slug),
                    replace(
                        values_asked(),
                        label=_label("label", Label(seen.space.label)),
                        **_clearances(seen.space),
                    ),
                )
        except Invalid as refused:
            error = refused
        else:
            flash(_("Settings saved."))
            return redirect(space_url(slug, "settings"), 303)
    return form_screen("spaces/settings.html", error, seen)


@blueprint.get("/<space:slug>/-/members")
def members(slug: str) -> ResponseReturnValue:
    """Show the people with a role in the space; for its leads also their effective roles."""
    seen = queries.see_space(reading(), actor(), slug)
    if request.args.get("show") == "everyone" and seen.may(May.MANAGE):
        return render_template(
            "spaces/everyone.html",
            space=seen.space,
            seen=seen,
            found=everybody_in(reading(), seen, after=request.args.get("after")),
            first=not request.args.get("after"),
        )
    return members_screen(seen)


@blueprint.post("/<space:slug>/-/members")
def set_member(slug: str) -> ResponseReturnValue:
    """Give, change or remove the role of a person or a group."""
    seen = queries.see_space(reading(), actor(), slug)
    try:
        role = _role(request.form.get("role", ""))
        with writing() as session:
            seen = queries.see_space(session, actor(), slug)
            who = _who(session, seen, request.form.get("person", ""), role)
            if isinstance(who, Group):
                actions.set_group_role(session, seen, who, role)
                told = _told(who.name, role, count_people(session, [who.id])[who.id])
            else:
                actions.set_role(session, seen, who, role)
                told = _told(who.name, role)
    except Invalid as refused:
        return members_screen(queries.see_space(reading(), actor(), slug), refused)
    flash(told)
    try:  # users may have removed their own role
        queries.see_space(reading(), actor(), slug)
    except NotFound:
        return redirect("/", 303)
    return redirect(space_url(slug, "members"), 303)


def _who(session: Session, seen: queries.SpaceAccess, typed: str, role: Role) -> Person | Group:
    """Return the person or group whose role changes.

    :raises Forbidden: for users who may not manage the space, except when they name themselves to
        give up their role. It does not tell whether there is such an account.
    :raises Invalid: if there is nobody with this name.
    """
    if not seen.may(May.MANAGE):
        person = find_person(session, typed.strip().removeprefix("@")) if not role else None
        if person is not None and person.id == seen.actor.person_id:
            return person
        seen.require(May.MANAGE)
    who = find_who(session, seen.actor, typed)
    if who is None:
        raise Invalid(
            _(
                "There is no one with this name, user name or address. If they are new, "
                "invite them below."
            ),
            field="person",
        )
    return who


def _told(name: str, role: Role, people: int | None = None) -> str:
    if not role:
        if people is None:
            return _("%(name)s is no longer a member.", name=name)
        return _("%(name)s no longer has a role.", name=name)
    if people is None:
        return _("%(name)s now has the role %(role)s.", name=name, role=shown(role.word))
    return ngettext(
        "%(name)s (1 person) now has the role %(role)s.",
        "%(name)s (%(num)s people) now has the role %(role)s.",
        people,
        name=name,
        role=shown(role.word),
    )


@blueprint.get("/-/who")
def who() -> ResponseReturnValue:
    """Return a fragment with the people and groups that match what is being typed."""
    found = suggest_who(reading(), actor(), request.args.get("q", ""))
    return render_template("spaces/who.html", found=found)


def members_screen(
    seen: queries.SpaceAccess, error: Invalid | None = None, *, link: str = ""
) -> ResponseReturnValue:
    """Render the people with a role in the space, and for its leads the open invitations.

    :param link: the link of an invitation that was just created, shown only this once.
    """
    session = reading()
    can_manage = bool(seen.may(May.MANAGE))
    typed = request.form.get("person", "")
    given = queries.list_members(session, seen.space)
    people = [membership.person for membership in given]
    found = standings(session, seen, people) if can_manage else []
    body = render_template(
        "spaces/members.html",
        space=seen.space,
        seen=seen,
        members=given,
        groups=list_groups_given(session, seen),
        has_groups=bool(queries.list_group_roles(session, seen.space)),
        standings={one.person.id: one for one in found},
        knows_groups=bool(may_see_groups(seen.actor)),
        roles=[role for role in Role if role],
        can_manage=can_manage,
        person=typed,
        link=link,
        email=request.form.get("email", typed if "@" in typed[1:] else "") if not link else "",
        invitations=invitations.open_of_space(session, seen) if can_manage else (),
        may_invite=can_manage
        and bool(may_invite(seen.actor, SiteRole.GUEST))
        and (current_settings().registration != "closed" or seen.actor.is_admin),
        may_invite_members=bool(may_invite(seen.actor, SiteRole.MEMBER)),
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200, {"Cache-Control": "no-store"} if link else {}


def form_screen(
    template: str, error: Invalid | None, seen: queries.SpaceAccess | None = None
) -> ResponseReturnValue:
    """Return the screen with the form for a new space, or with that for the settings of one."""
    space = seen.space if seen else None
    icon = space.icon if space else ""

    def value(name: str, default: str) -> str:
        return request.form.get(name, str(getattr(space, name)) if space else default)

    body = render_template(
        template,
        space=space,
        seen=seen,
        values={
            "slug": value("slug", ""),
            "title": value("title", ""),
            "description": value("description", ""),
            "icon": request.form.get("icon", icon if icon in ICONS else ""),
            "emoji": request.form.get("emoji", "" if icon in ICONS else icon),
            "color": request.form.get("color", space.colour if space else ""),
            "visibility": value("visibility", Visibility.INTERNAL.value),
            **_labels_of(space),
            "member_role": request.form.get(
                "member_role", Role(space.member_role if space else Role.EDITOR).word
            ),
        },
        clearances=_clearance_choices(space),
        icons=ICONS,
        colours=COLOURS,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200


_CLEARED = ("reader", "commenter", "editor")


def _labels_of(space: Space | None) -> dict[str, str]:
    """Return the labels for the form: those sent, otherwise the present ones."""
    if space is None:
        return {}
    there = {"label": Label(space.label)}
    there |= dict(zip(_CLEARED, space.facts(Role.NONE).clearances, strict=True))
    return {name: request.form.get(name, label.word) for name, label in there.items()}


def _clearance_choices(space: Space | None) -> dict[str, list[tuple[str, str]]]:
    """Return the highest labels that can be chosen for each role. Every role reads at least the
    label of the space, so a stored label that is not above it is shown as inherited; it stays
    stored."""
    if space is None:
        return {}
    least = Label(space.label)
    return {
        name: [(min(stored, least).word, _("Inherit (%(label)s)", label=shown(least.word)))]
        + [(label.word, shown(label.word)) for label in Label if label > least]
        for name, stored in zip(_CLEARED, space.facts(Role.NONE).clearances, strict=True)
    }


def _clearances(space: Space) -> dict[str, Any]:
    return {
        f"{name}_clearance": _label(name, label)
        for name, label in zip(_CLEARED, space.facts(Role.NONE).clearances, strict=True)
    }


def _label(name: str, default: Label) -> Label:
    try:
        return Label.named(request.form.get(name, default.word))
    except KeyError:
        raise Invalid(_("This label doesn’t exist."), field=name) from None


def values_asked() -> actions.SpaceValues:
    """Return what the form says about a space.

    :raises Invalid: for a visibility or role that does not exist.
    """
    return actions.SpaceValues(
        title=request.form.get("title", ""),
        description=request.form.get("description", ""),
        visibility=_visibility(),
        member_role=_member_role(),
        icon=_icon(),
        colour=request.form.get("color"),
    )


def _icon() -> str | None:
    """Return the chosen icon: an emoji that was entered comes before one from the list."""
    return request.form.get("emoji", "").strip() or request.form.get("icon")


def _visibility() -> Visibility:
    try:
        return Visibility(request.form.get("visibility", Visibility.INTERNAL.value))
    except ValueError:
        raise Invalid(_("Choose who can see the space."), field="visibility") from None


def _member_role() -> Role:
    role = _role(request.form.get("member_role", Role.EDITOR.word))
    if role not in (Role.READER, Role.COMMENTER, Role.EDITOR):
        raise Invalid(_("Choose what every member can do."), field="member_role")
    return role


def _role(word: str) -> Role:
    if word in ("", "none"):
        return Role.NONE
    try:
        return Role.named(word)
    except KeyError:
        raise Invalid(_("This role doesn’t exist."), field="role") from None
