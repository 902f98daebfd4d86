"""Answers to operations that save a page, and the conditions of such requests."""

from __future__ import annotations

from dataclasses import fields
from functools import partial

from flask import Response, request
from sqlalchemy.orm import Session

from wiki.api import wire
from wiki.api.resources import pages as resources
from wiki.api.resources import problems
from wiki.errors import WikiError
from wiki.pages.access.label_policy import ShowsRestricted
from wiki.pages.forms import shown_in, suspects
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.queries import see_page
from wiki.pages.rendering.stored import ensure_head
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision
from wiki.pages.saving.edit import Saved
from wiki.pages.saving.secrets import Override, SecretsFound, checked_override
from wiki.pages.saving.submit import Conflict
from wiki.pages.saving.unseen import unseen_notice
from wiki.rules.labels import Label
from wiki.text.positions import UNPLACED
from wiki.web.errors import problem
from wiki.web.limits.rate_limit import requester
from wiki.web.operations import answer
from wiki.web.request import actor, afterwards, parts, reading
from wiki.web.shapes import to_json


class Stale(WikiError):
    """An error for a condition in the headers that does not hold."""

    status = 412
    title = "The page has changed"


def page_etag(page: Page, effective: Label) -> str:
    """Return the entity tag of a page with its head and labels."""
    place = "" if page.position == UNPLACED else f".{page.position}"
    return f"{etag_of(page, page.head)}.{page.label}{int(effective)}{place}"


def etag_of(page: Page, number: int) -> str:
    """Return the entity tag of a page's revision; it changes when the revision is redacted."""
    return f"{page.id}.{number}" + (f".{page.redacted}" if page.redacted else "")


def secrets_answer(refused: SecretsFound, body: str) -> Response:
    """Return the answer to a text that seems to contain secrets."""
    shown = suspects(refused.secrets, body)
    findings = [
        problems.FoundSecret(
            secret.finding.kind, one.words, one.place, one.line, one.column, one.masked
        )
        for secret, one in zip(refused.secrets, shown, strict=True)
    ]
    return problem(
        refused.status,
        refused.title,
        f"{refused.sentence} Send “allow_secrets” with a reason.",
        type="urn:trellis:problem:secrets",
        field=refused.field,
        findings=[to_json(one) for one in findings],
    )


def restricted_answer(refused: ShowsRestricted, body: str) -> Response:
    """Return the answer to a text that shows content with a higher label than its page."""
    shown = [
        problems.ShownRestricted(
            one.line,
            one.what,
            one.name,
            one.source.label.word,
            problems.PagePlace(one.source.slug, one.source.path, one.source.title),
        )
        for one in shown_in(refused, body)
    ]
    how = f" Send “raise_label”: “{refused.needed.word}” to do that." if refused.may_raise else ""
    return problem(
        refused.status,
        refused.title,
        refused.sentence + how,
        type="urn:trellis:problem:labels",
        field="raise_label" if refused.may_raise else "body",
        shown=[to_json(one) for one in shown],
        label=refused.own.word,
        needed=refused.needed.word,
        may_raise=refused.may_raise,
    )


def refusal_answer(refused: SecretsFound | ShowsRestricted, body: str) -> Response:
    """Return the answer to a text that a guard refused."""
    if isinstance(refused, SecretsFound):
        return secrets_answer(refused, body)
    return restricted_answer(refused, body)


def override_sent(sent: resources.PageInput | resources.UndoInput) -> Override | None:
    """Return the reason to save what looks like a secret, if one was sent."""
    return None if sent.allow_secrets is None else checked_override(sent.allow_secrets)


def check_conditions(session: Session, page: Page | None) -> None:
    """Check the conditions in the headers of the request.

    :raises Stale: when one does not hold.
    """
    wanted = request.if_match
    if wanted and (page is None or not (wanted.star_tag or _matches(session, page))):
        raise Stale("The page’s revision or label no longer matches “If-Match”.")
    if page is not None and request.if_none_match.star_tag:
        raise Stale("The page already exists.")


def _matches(session: Session, page: Page) -> bool:
    return request.if_match.contains(page_etag(page, see_page(session, actor(), page).label))


def conflict_answer(conflict: Conflict, base: Text) -> Response:
    """Return the answer to an edit that overlaps with another one, with all three texts."""
    return problem(
        conflict.status,
        conflict.title,
        f"{conflict.sentence} Nothing was saved. Merge “yours” and “theirs” and send "
        f"the result with base_revision {conflict.head.number}.",
        type="urn:trellis:problem:conflict",
        base=to_json(wire.side(conflict.base, base)),
        yours=to_json(wire.side(None, conflict.mine)),
        theirs=to_json(wire.side(conflict.head.number, conflict.theirs)),
    )


def saved_answer(slug: str, saved: Saved, status: int, *, labelled: bool = False) -> Response:
    """Return a saved page. Its head is rendered after the response."""
    session = reading()
    page = session.get_one(Page, saved.page.id)
    head = get_revision(session, page, saved.revision.number)
    label = see_page(session, actor(), page).label
    whole = wire.whole_page(slug, page, head, text_of(session, head), label)
    plain = {one.name: getattr(whole, one.name) for one in fields(whole)}
    told = unseen_notice(session, saved)
    response = answer(
        resources.SavedPage(
            **plain,
            changed=saved.changed or labelled,
            merged=saved.merged,
            notices=[told] if told else [],
        ),
        status,
    )
    if page.head == head.number:
        response.set_etag(page_etag(page, label))
    # The page is saved; derived data can follow after the response.
    afterwards(response, partial(ensure_head, parts().database, page.id, requester()))
    return response
