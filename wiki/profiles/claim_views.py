"""Views of taking over imported work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session

from wiki.errors import NotFound
from wiki.i18n import gettext as _
from wiki.pages.models import Page, Revision
from wiki.pages.queries import live_for
from wiki.people.imported.account_merge import (
    ClaimableAccount,
    claim_by_email,
    claim_by_link,
    claimable_by_email,
    claimable_by_link,
)
from wiki.people.models import Person
from wiki.rules.access import Actor
from wiki.web.errors import flash
from wiki.web.request import actor, reading, writing

blueprint = Blueprint("claims", __name__)


@dataclass(frozen=True)
class Work:
    """The amount of a person's work that the actor may read, and the dates of the first and last
    revision."""

    revisions: int
    pages: int
    first: datetime | None
    last: datetime | None


@blueprint.route("/-/me/claim", methods=["GET", "POST"])
def by_email() -> ResponseReturnValue:
    """Show and take over what was imported under the user's own, proven address."""
    if request.method == "POST":
        with writing() as session:
            offer = claim_by_email(session, actor())
        return _done(offer)
    found = claimable_by_email(reading(), actor())
    if found is None:
        raise NotFound
    return _screen(found)


@blueprint.route("/-/me/claim/<token>", methods=["GET", "POST"])
def by_link(token: str) -> ResponseReturnValue:
    """Show and take over what was imported under an address that a mailed link proves."""
    if request.method == "POST":
        with writing() as session:
            offer = claim_by_link(session, actor(), token)
        return _done(offer)
    return _screen(claimable_by_link(reading(), actor(), token))


def work_of(session: Session, actor: Actor, person: Person) -> Work:
    """Return how much of a person's work the actor may read."""
    row = session.execute(
        select(
            func.count(Revision.id),
            func.count(distinct(Revision.page_id)),
            func.min(Revision.created_at),
            func.max(Revision.created_at),
        )
        .join(Page, Page.id == Revision.page_id)
        .where(Revision.author_id == person.id, live_for(actor))
    ).one()
    return Work(*row)


def _screen(offer: ClaimableAccount) -> ResponseReturnValue:
    work = work_of(reading(), actor(), offer.placeholder)
    body = render_template("profiles/claim.html", offer=offer, work=work)
    return body, 200, {"Cache-Control": "no-store"}


def _done(offer: ClaimableAccount) -> ResponseReturnValue:
    flash(_("The work imported under %(address)s is now yours.", address=offer.address), "good")
    return redirect(f"/-/people/{actor().handle}", 303)
