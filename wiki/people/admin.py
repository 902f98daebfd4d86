"""Views of the administration of accounts."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from wiki.errors import Invalid, require_allowed
from wiki.i18n import gettext as _
from wiki.people import actions, queries, tokens
from wiki.people.factors.mfa_policy import must_have_factor
from wiki.people.factors.queries import clear_factors, count_factors
from wiki.people.imported.account_merge import merge_by_hand, merged_into
from wiki.people.models import Person
from wiki.people.oidc import identities
from wiki.people.signin.reauthentication import confirm_first
from wiki.rules.access import may_administer
from wiki.rules.roles import SiteRole
from wiki.web.errors import flash
from wiki.web.request import actor, reading, settings, writing

blueprint = Blueprint("admin_people", __name__, url_prefix="/-/admin")

ROLES = (SiteRole.GUEST, SiteRole.MEMBER, SiteRole.ADMIN)


@blueprint.before_request
def admins_only() -> None:
    """Refuse everybody but admins. The actions check this again."""
    require_allowed(may_administer(actor()))


@blueprint.get("")
def start() -> ResponseReturnValue:
    """Redirect to the list of people."""
    return redirect("/-/admin/people")


@blueprint.get("/people")
def people() -> ResponseReturnValue:
    """List accounts or placeholders, filtered by part of a name."""
    query, imported = request.args.get("q", ""), request.args.get("who") == "imported"
    after = request.args.get("after")
    return render_template(
        "admin/people.html",
        query=query,
        after=after,
        imported=imported,
        placeholders=queries.count_placeholders(reading(), actor()),
        found=queries.list_people(reading(), actor(), query=query, imported=imported, after=after),
    )


@blueprint.get("/people/<handle>")
def person(handle: str) -> ResponseReturnValue:
    """Show an account or a placeholder and the actions available to an admin."""
    found = queries.get_person(reading(), actor(), handle)
    into = merged_into(reading(), found)
    return redirect(f"/-/admin/people/{into.handle}", 301) if into else _screen(found)


@blueprint.post("/people/<handle>/role")
@confirm_first
def set_role(handle: str) -> ResponseReturnValue:
    """Make a person a guest, a member or an admin."""

    def change(session: Session, person: Person) -> str:
        try:
            role = SiteRole(request.form.get("role", ""))
        except ValueError:
            raise Invalid(_("Choose one of the roles."), field="role") from None
        actions.set_site_role(session, actor(), person, role)
        match role:
            case SiteRole.ADMIN:
                return _("%(name)s is now an admin.", name=person.name)
            case SiteRole.GUEST:
                return _("%(name)s is now a guest.", name=person.name)
        return _("%(name)s is now a member.", name=person.name)

    return _change(handle, change)


@blueprint.post("/people/<handle>/disable")
@confirm_first
def disable(handle: str) -> ResponseReturnValue:
    """Disable an account."""

    def change(session: Session, person: Person) -> str:
        actions.disable(session, actor(), person)
        return _("%(name)s’s account is disabled.", name=person.name)

    return _change(handle, change)


@blueprint.post("/people/<handle>/enable")
def enable(handle: str) -> ResponseReturnValue:
    """Enable a disabled account."""

    def change(session: Session, person: Person) -> str:
        actions.enable(session, actor(), person)
        return _("%(name)s’s account is enabled again.", name=person.name)

    return _change(handle, change)


@blueprint.post("/people/<handle>/end-sign-ins")
def end_sign_ins(handle: str) -> ResponseReturnValue:
    """Sign a person out everywhere."""

    def change(session: Session, person: Person) -> str:
        actions.end_sessions(session, actor(), person.id)
        return _("%(name)s was signed out everywhere.", name=person.name)

    return _change(handle, change)


@blueprint.post("/people/<handle>/remove-factors")
@confirm_first
def remove_factors(handle: str) -> ResponseReturnValue:
    """Remove the second factors of a person who has lost them."""

    def change(session: Session, person: Person) -> str:
        if not clear_factors(session, actor(), settings(), person):
            return _("%(name)s has no second factor.", name=person.name)
        return _(
            "%(name)s now signs in with a password only and was notified by email.",
            name=person.name,
        )

    return _change(handle, change)


@blueprint.post("/people/<handle>/merge")
def merge(handle: str) -> ResponseReturnValue:
    """Merge a placeholder into the account whose work it is."""
    typed = request.form.get("into", "")
    try:
        with writing() as session:
            placeholder = queries.get_person(session, actor(), handle)
            into = actions.find_person(session, typed)
            if into is None:
                raise Invalid(_("No account has that user name or address."), field="into")
            merge_by_hand(session, actor(), placeholder, into)
    except Invalid as error:
        return _screen(queries.get_person(reading(), actor(), handle), error)
    flash(
        _(
            "Work imported as %(imported)s is now assigned to %(name)s.",
            imported=placeholder.name,
            name=into.name,
        ),
        "good",
    )
    return redirect(f"/-/admin/people/{into.handle}", 303)


def _change(handle: str, change: Callable[[Session, Person], str]) -> ResponseReturnValue:
    try:
        with writing() as session:
            sentence = change(session, queries.get_person(session, actor(), handle))
    except Invalid as error:
        return _screen(queries.get_person(reading(), actor(), handle), error)
    flash(sentence, "good")
    return redirect(f"/-/admin/people/{handle}", 303)


def _screen(person: Person, error: Invalid | None = None) -> ResponseReturnValue:
    if person.imported_at is not None:
        body = render_template(
            "admin/placeholder.html",
            person=person,
            addresses=queries.addresses_of(reading(), actor(), person),
            into=request.form.get("into", ""),
            errors={error.field or "": error.sentence} if error else {},
        )
        return body, error.status if error else 200
    count, seen_at = queries.sign_ins_of(reading(), actor(), person)
    body = render_template(
        "admin/person.html",
        person=person,
        sign_ins=count,
        seen_at=seen_at,
        has_photo=queries.has_photo(reading(), person),
        addresses=queries.addresses_of(reading(), actor(), person),
        tokens=len(tokens.tokens_of(reading(), actor(), person)),
        provider=settings().provider,
        linked=identities.count_of(reading(), settings(), person),
        factors=count_factors(reading(), actor(), person),
        must_have=must_have_factor(reading(), person),
        roles=ROLES,
        errors={error.field or "": error.sentence} if error else {},
    )
    return body, error.status if error else 200
