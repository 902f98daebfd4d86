"""Views of API tokens, a user's own and for admins all of them, and of service accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound, require_allowed
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.people import queries, tokens
from wiki.people.models import Person
from wiki.people.signin.reauthentication import confirm_first
from wiki.people.tokens import TokenRow
from wiki.rules.access import Actor, may_administer
from wiki.rules.roles import SiteRole
from wiki.spaces.models import Space
from wiki.spaces.queries import list_spaces, readable_by
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing

blueprint = Blueprint("tokens", __name__)

LASTS = (
    ("30", lazy_gettext("30 days")),
    ("90", lazy_gettext("90 days")),
    ("365", lazy_gettext("A year")),
    ("never", lazy_gettext("No expiration")),
)
FIELD = "space-"


@dataclass(frozen=True)
class Listed:
    """A token on a screen, with the titles of its spaces and the number of those that are not
    shown."""

    row: TokenRow
    spaces: Sequence[str]
    hidden: int


@blueprint.get("/-/me/tokens")
def mine() -> ResponseReturnValue:
    """Show the user's own tokens and a form to create one."""
    return _mine()


@blueprint.post("/-/me/tokens")
@confirm_first
def make_mine() -> ResponseReturnValue:
    """Create a token; only this response shows it."""
    try:
        with writing() as session:
            made = _make(session, session.get_one(Person, actor().person_id))
    except Invalid as error:
        return _mine(error)
    return _mine(made=made)


@blueprint.post("/-/me/tokens/<int:token_id>/revoke")
def revoke_mine(token_id: int) -> ResponseReturnValue:
    """Revoke one of the user's own tokens."""
    with writing() as session:
        row = tokens.revoke_token(session, actor(), token_id)
        if row.person_id != actor().person_id:
            raise NotFound
    flash(_("The token “%(name)s” no longer works.", name=row.name), "good")
    return redirect("/-/me/tokens", 303)


@blueprint.get("/-/admin/tokens")
def everybodys() -> ResponseReturnValue:
    """List all tokens, newest first, with a form to create a service account."""
    return _everybodys()


@blueprint.post("/-/admin/services")
def make_service() -> ResponseReturnValue:
    """Create a service account; its tokens are created on its own screen."""
    try:
        with writing() as session:
            person = tokens.create_service(
                session,
                actor(),
                handle=request.form.get("handle", ""),
                name=request.form.get("name", ""),
                site_role=_site_role(),
            )
    except Invalid as error:
        return _everybodys(error)
    flash(
        _(
            "Created %(name)s. Create its first token, and ask leads to add it to their spaces.",
            name=person.name,
        ),
        "good",
    )
    return redirect(f"/-/admin/people/{person.handle}/tokens", 303)


@blueprint.get("/-/admin/people/<handle>/tokens")
def of_person(handle: str) -> ResponseReturnValue:
    """Show the tokens of a person, with a form to create one for a service account."""
    return _of_person(queries.get_person(reading(), actor(), handle))


@blueprint.post("/-/admin/people/<handle>/tokens")
@confirm_first
def make_for_service(handle: str) -> ResponseReturnValue:
    """Create a token of a service account; only this response shows it."""
    try:
        with writing() as session:
            made = _make(session, queries.get_person(session, actor(), handle))
    except Invalid as error:
        return _of_person(queries.get_person(reading(), actor(), handle), error)
    return _of_person(queries.get_person(reading(), actor(), handle), made=made)


@blueprint.post("/-/admin/tokens/<int:token_id>/revoke")
def revoke_any(token_id: int) -> ResponseReturnValue:
    """Revoke any token."""
    _admins_only()
    with writing() as session:
        row = tokens.revoke_token(session, actor(), token_id)
        owner = session.get_one(Person, row.person_id)
    flash(
        _("The token “%(name)s” of %(person)s no longer works.", name=row.name, person=owner.name),
        "good",
    )
    back = f"/-/admin/people/{owner.handle}/tokens"
    return redirect(back if request.form.get("back") == "person" else "/-/admin/tokens", 303)


def chosen_spaces(session: Session, owner: Actor, slugs: Iterable[str]) -> frozenset[int]:
    """Return the ids of these spaces, each of which the owner of a token may read.

    :raises Invalid: naming the first slug that is unknown or that the owner may not read.
    """
    found = {space.slug: space.id for space in list_spaces(session, owner)}
    wanted = list(dict.fromkeys(slugs))
    for slug in wanted:
        if slug not in found:
            raise Invalid(
                _(
                    "There is no space “%(slug)s” that %(name)s can read.",
                    slug=slug,
                    name=owner.name,
                ),
                field="reach-some",
            )
    return frozenset(found[slug] for slug in wanted)


def _make(session: Session, person: Person) -> str:
    ticked = [name.removeprefix(FIELD) for name in request.form if name.startswith(FIELD)]
    within = None
    if request.form.get("reach", "all") == "some":
        within = chosen_spaces(session, person.actor(), ticked)
        if not within:
            raise Invalid(_("Choose at least one space."), field="reach-some")
    elif ticked:
        raise Invalid(
            _("You selected spaces. Choose “Only these spaces”, or clear the selection."),
            field="reach-some",
        )
    lasts = request.form.get("lasts", str(tokens.DAYS))
    if lasts not in dict(LASTS):
        raise Invalid(_("Choose when the token expires."), field="lasts")
    _row, token = tokens.create_token(
        session,
        actor(),
        person,
        tokens.TokenScope(request.form.get("scope") == "write", within),
        name=request.form.get("token_name", ""),
        days=None if lasts == "never" else int(lasts),
    )
    return token


def _mine(error: Invalid | None = None, *, made: str = "") -> ResponseReturnValue:
    person = reading().get_one(Person, actor().person_id)
    found = tokens.tokens_of(reading(), actor(), person)
    return _screen(
        "people/tokens.html",
        error,
        made,
        person=person,
        listed=_listed(found, readable_by(actor())),
        choices=list_spaces(reading(), actor()),
    )


def _of_person(
    person: Person, error: Invalid | None = None, *, made: str = ""
) -> ResponseReturnValue:
    if person.imported_at is not None:
        raise NotFound
    found = tokens.tokens_of(reading(), actor(), person)
    return _screen(
        "admin/tokens_of_person.html",
        error,
        made,
        person=person,
        listed=_listed(found),
        choices=list_spaces(reading(), person.actor()) if person.service_at else (),
    )


def _everybodys(error: Invalid | None = None) -> ResponseReturnValue:
    query, after = request.args.get("q", ""), request.args.get("after")
    found = tokens.list_tokens(reading(), actor(), query=query, after=after)
    return _screen(
        "admin/tokens.html",
        error,
        "",
        listed=_listed(found.rows),
        query=query,
        after=after,
        further=found.after,
    )


def _screen(
    template: str, error: Invalid | None, made: str, **values: object
) -> ResponseReturnValue:
    body = render_template(
        template,
        token=made,
        lasts=LASTS,
        field_of_space=FIELD,
        sent=request.form if error else {},
        errors={error.field or "": error.sentence} if error else {},
        **values,
    )
    headers = {"Cache-Control": "no-store"} if made else {}
    return body, error.status if error else 200, headers


def _listed(rows: Sequence[TokenRow], *readable: ColumnElement[bool]) -> list[Listed]:
    """Return tokens with the titles of their spaces. Admins know all spaces by name; for other
    users, spaces that they may not read any more are only counted."""
    ids = {id for row in rows for id in row.within or ()}
    asked = select(Space.id, Space.title).where(Space.id.in_(ids), *readable)
    titles = {row.id: row.title for row in reading().execute(asked)} if ids else {}
    listed = []
    for row in rows:
        known = sorted(titles[id] for id in row.within or () if id in titles)
        listed.append(Listed(row, known, len(row.within or ()) - len(known)))
    return listed


def _site_role() -> SiteRole:
    try:
        return SiteRole(request.form.get("site_role", SiteRole.GUEST.value))
    except ValueError:
        raise Invalid(
            _("A service account is either a guest or a member."), field="site_role"
        ) from None


def _admins_only() -> None:
    require_allowed(may_administer(actor()))
