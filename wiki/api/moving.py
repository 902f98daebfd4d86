"""The operation that moves a page: its path, its space, its position, its title."""

from __future__ import annotations

from flask import Response

from wiki.api import wire
from wiki.api.agreeing import CONSENT, agreed
from wiki.api.pages import page_address
from wiki.api.resources import pages as resources
from wiki.api.resources import problems
from wiki.api.saves import check_conditions, page_etag, secrets_answer
from wiki.errors import Invalid, NotFound
from wiki.pages.links.moves import checked_move
from wiki.pages.links.moving import plan_move
from wiki.pages.links.plans import MoveTo
from wiki.pages.links.repairing import Repairs
from wiki.pages.models import Page
from wiki.pages.ordering.actions import is_at, rearrange
from wiki.pages.queries import Place, look_up, see_page
from wiki.pages.revising import text_of
from wiki.pages.revisions import head_of
from wiki.pages.saving import checks
from wiki.pages.saving.secrets import SecretsFound
from wiki.rules.access import May
from wiki.spaces.queries import see_space
from wiki.text.paths import join, name_of, parent_of
from wiki.web.limits.lane import in_lane
from wiki.web.operations import Answer, answer, operation, sent_body
from wiki.web.request import actor, reading, writing


@operation(
    "POST",
    "/pages/{space}/{path}/move",
    "Move, place or rename a page.",
    {
        200: Answer("The page as it is now.", resources.Page),
        409: Answer("More people could read the page.", problems.Problem),
        422: Answer(
            "A value is invalid, a path is taken, or the title looks like a secret.",
            problems.SecretsProblem | problems.Problem,
        ),
    },
    queries=(CONSENT,),
    body=resources.MoveInput,
    writes=True,
    problems=(403, 412, 413, 415),
)
def move_page(slug: str, path: str) -> Response:
    """All of it is done, or nothing. Old addresses redirect. `before` and `after` name a page with
    the same parent; without a `parent` or `path`, the page moves to the parent of that page. If
    more people could read the page, the answer is 409 with the figures and a `consent`; send the
    same request with `?consent=` to agree."""
    sent = sent_body(resources.MoveInput)
    place = look_up(reading(), actor(), slug, path)
    place.seen.require(May.EDIT)
    if place.page is None:
        raise NotFound
    page = place.page
    check_conditions(reading(), page)
    to = _target(place, page, sent)
    repairs = None if is_at(page, to) else _repairs(page, to)
    try:
        with writing() as session:
            check_conditions(session, session.get(Page, page.id))
            agreed(session, lambda: rearrange(session, actor(), page.id, to, repairs))
    except SecretsFound as refused:
        return secrets_answer(refused, "")
    session = reading()
    page = session.get_one(Page, page.id)
    head, label = head_of(session, page), see_page(session, actor(), page).label
    whole = wire.whole_page(page.space.slug, page, head, text_of(session, head), label)
    response = answer(whole)
    response.set_etag(page_etag(page, label))
    response.headers["Location"] = page_address(whole.space, whole.path)
    return response


def _target(place: Place, page: Page, sent: resources.MoveInput) -> MoveTo:
    """Return the place that was sent, with the path in its normal form.

    :raises Invalid: when its parts contradict each other, or name a page that is not there.
    """
    target = place.seen if sent.space is None else see_space(reading(), actor(), sent.space)
    target.require(May.EDIT)
    if sent.path is not None and sent.parent is not None:
        raise Invalid("Send either “path” or “parent”.", field="parent")
    if sent.before is not None and sent.after is not None:
        raise Invalid("Send either “before” or “after”.", field="after")
    spot, parent = "", sent.parent
    field = "before" if sent.before is not None else "after"
    beside = getattr(sent, field)
    if beside is not None:
        found = _at(target.space.slug, beside)
        if found is None:
            raise Invalid("There is no page at this path.", field=field)
        spot = f"{field}:{found.id}"
        if sent.path is None and parent is None:
            parent = parent_of(found.path) or ""
    path = sent.path
    if path is None:
        kept = page.path if parent is None else join(parent.strip("/"), name_of(page.path))
        path = kept if page.path else ""
    title = " ".join((sent.title or "").split())
    if sent.title is not None and not title:
        raise Invalid("A page needs a title.", field="title")
    return MoveTo(
        checks.checked_path(path),
        target.space,
        with_subtree=sent.subtree,
        repair=sent.repair,
        message=sent.message,
        spot=spot,
        title=title,
    )


def _at(slug: str, path: str) -> Page | None:
    try:
        return look_up(reading(), actor(), slug, path).page
    except NotFound:
        return None


def _repairs(page: Page, to: MoveTo) -> Repairs:
    checked_move(page, to.space or page.space, to.path, to.with_subtree)
    with in_lane("moves"):
        return plan_move(reading(), actor(), page, to).repairs
