"""Operations on pages: read, create, change, delete."""

from __future__ import annotations

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from wiki.api import wire
from wiki.api.agreeing import CONSENT, agreed
from wiki.api.resources import pages as resources
from wiki.api.resources import problems
from wiki.api.saves import (
    check_conditions,
    conflict_answer,
    override_sent,
    page_etag,
    refusal_answer,
    saved_answer,
)
from wiki.errors import Forbidden, Invalid, NotFound, WikiError
from wiki.kind import DEFAULT, KEY
from wiki.kind_registry import kind_named, kind_of, require_kind
from wiki.pages.access.access_log import log_read
from wiki.pages.access.label_policy import PlacesShowRestricted, ShowsRestricted
from wiki.pages.access.restrictions import set_label
from wiki.pages.actions import delete_page
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.queries import Place, look_up
from wiki.pages.revising import text_of
from wiki.pages.revisions import get_revision, head_of
from wiki.pages.saving import checks
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.form_saves import max_bytes
from wiki.pages.saving.prescan import prescan
from wiki.pages.saving.secrets import SecretsFound
from wiki.pages.saving.submit import Conflict, submit
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.text.front_matter import block as frontmatter
from wiki.text.paths import title_from
from wiki.web.errors import problem
from wiki.web.operations import Answer, Query, answer, operation, sent_body
from wiki.web.request import actor, reading, writing

AT = "/pages/{space}/{path}"


class BaseNeeded(WikiError):
    """An error for a change without a base revision."""

    status = 428
    title = "Base revision missing"


class PageTaken(WikiError):
    """An error for a page that another request created at the same path at the same time."""

    status = 409
    title = "The page already exists"


class PageGone(WikiError):
    """An error for an edit of a page that is no longer at this path."""

    status = 409
    title = "The page no longer exists here"


@operation(
    "GET",
    AT,
    "Read a page.",
    {
        200: Answer(
            "The page; its `ETag` identifies this revision and its labels.", resources.Page
        ),
        304: Answer("The page matches the `If-None-Match` header."),
        308: Answer("The page has moved to the address in `Location`.", problems.Problem),
    },
)
def read_page(slug: str, path: str) -> Response:
    """Return a page with its latest text. A page that has moved is answered with a redirect."""
    place = look_up(reading(), actor(), slug, path)
    if place.page is None:
        return _elsewhere(place)
    head = head_of(reading(), place.page)
    log_read(place.seen, place.page, head.number)
    text, label = text_of(reading(), head), place.seen.label
    response = answer(wire.whole_page(place.space.slug, place.page, head, text, label))
    response.set_etag(page_etag(place.page, label))
    response.make_conditional(request)
    return response


def _elsewhere(place: Place) -> Response:
    if place.moved_to is None:
        raise NotFound
    url = page_address(place.moved_to.space.slug, place.moved_to.path)
    response = problem(308, "Moved", "The page has moved.")
    response.headers["Location"] = url
    return response


def page_address(slug: str, path: str) -> str:
    """Return the address of a page in the API."""
    return url_for("api.read_page", slug=slug, path=path)


@operation(
    "PUT",
    AT,
    "Create or update a page.",
    {
        200: Answer("The updated page.", resources.SavedPage),
        201: Answer("The new page.", resources.SavedPage),
        409: Answer(
            "Someone else has changed the same lines, or more people could read the page.",
            problems.ConflictProblem | problems.Problem,
        ),
        422: Answer(
            "A value is invalid, looks like a secret, or shows content with a higher label.",
            problems.SecretsProblem | problems.NarrowerProblem | problems.Problem,
        ),
    },
    queries=(CONSENT,),
    body=resources.PageInput,
    writes=True,
    problems=(403, 410, 412, 413, 415, 428),
)
def put_page(slug: str, path: str) -> Response:
    """An update needs `base_revision`. If someone has saved since then, both edits are merged; if
    they overlap, the answer is 409 with both texts and the base, and nothing is saved. A new
    suspected secret is refused with 422, unless `allow_secrets` gives a reason to save it. So is
    content with a higher label than the page, unless `raise_label` raises the page's label. If a
    lower `label` would let more people read, the answer is 409 with the figures and a `consent`,
    and nothing is saved; send the same request with `?consent=` to agree. `If-Match` with a page's
    `ETag` prevents merging; `If-None-Match: *` only creates new pages."""
    sent = sent_body(resources.PageInput)
    if sent.kind is not None:
        require_kind(sent.kind)
    path = checks.checked_path(path)
    place = look_up(reading(), actor(), slug, path)
    place.seen.require(May.EDIT)
    check_conditions(reading(), place.page)
    try:
        if place.page is None:
            return _create(place, sent)
        return _save(place, place.page, sent)
    except (SecretsFound, ShowsRestricted) as refused:
        return refusal_answer(refused, sent.body)


def _raised(sent: resources.PageInput) -> Label | None:
    """Return the lowest label that the page will have, for the check of its text."""
    named = [("label", sent.label), ("raise_label", sent.raise_label)]
    return max((_label_named(name, field) for field, name in named if name), default=None)


def _label_named(name: str, field: str) -> Label:
    try:
        return Label.named(name)
    except KeyError:
        raise Invalid("This label doesn’t exist.", field=field) from None


def _label(session: Session, page_id: int, sent: resources.PageInput) -> bool:
    """Set the label that was sent; return whether this changes anything.

    :raises Forbidden: when the actor could no longer edit the page.
    """
    if sent.label is None:
        return False
    label = Label.named(sent.label)
    was = session.get_one(Page, page_id).label
    try:
        agreed(session, lambda: set_label(session, actor(), page_id, label))
    except PlacesShowRestricted:
        raise
    except Invalid:
        raise Forbidden(
            f"Your role can’t read {label.word} pages in this space. Someone whose role can, or a "
            "lead, can give the page this label."
        ) from None
    return was != label


def _create(place: Place, sent: resources.PageInput) -> Response:
    if sent.base_revision:
        raise PageGone(
            "There is no page at this path, although the edit is based on one. It was moved or "
            "deleted."
        )
    path = checks.checked_path(place.path)
    title = sent.title if sent.title is not None else title_from(path) or place.space.title
    kind = kind_named(sent.kind or DEFAULT)
    sent_fields = kind.fixed | (sent.fields or {})
    text = Text(title, sent.body, tuple(sent.tags or ()), sent.description or "", sent_fields)
    edit = prescan(reading(), place.seen, _edit(NewPage(place.space, path), text, sent))
    if edit.text is not None and sent.kind not in (None, kind_of(edit.text.fields).name):
        raise Invalid("“kind” and the front matter name different kinds of page.", field=KEY)
    try:
        with writing() as session:
            saved = submit(session, actor(), edit)
            _label(session, saved.page.id, sent)
    except Invalid:
        if look_up(reading(), actor(), place.space.slug, path).page is None:
            raise
        raise PageTaken("Someone else has just created a page at this path.") from None
    response = saved_answer(place.space.slug, saved, 201)
    response.headers["Location"] = page_address(place.space.slug, saved.page.path)
    return response


def _save(place: Place, page: Page, sent: resources.PageInput) -> Response:
    base = sent.base_revision
    if base is None and request.if_match and not request.if_match.star_tag:
        base = page.head
    if base is None:
        raise BaseNeeded(
            "There is already a page at this path. Send “base_revision”, the revision your edit is "
            f"based on. The latest is {page.head}."
        )
    if not 1 <= base <= page.head:
        raise Invalid(f"The page has no revision {base}.", field="base_revision")
    if sent.kind not in (None, page.kind):
        raise Invalid(
            f"The kind of a page can’t be changed; this one is of the kind “{page.kind}”.",
            field=KEY,
        )
    before = text_of(reading(), get_revision(reading(), page, base))
    edit = _edit(page.id, _with_what_stays(sent, before), sent, base)
    edit = prescan(reading(), place.seen, edit, page, tells=False)
    try:
        with writing() as session:
            if request.if_match:  # the conditions checked above may no longer hold
                check_conditions(session, session.get(Page, page.id))
            # Before the text, because changing a label locks the space first.
            labelled = _label(session, page.id, sent)
            saved = submit(session, actor(), edit)
    except Conflict as conflict:
        log_read(place.seen, page, conflict.base, conflict.head.number)
        return conflict_answer(conflict, before)
    return saved_answer(place.space.slug, saved, 200, labelled=labelled)


def _edit(target: int | NewPage, text: Text, sent: resources.PageInput, base: int = 0) -> Edit:
    return Edit(
        target,
        text,
        base=base,
        message=sent.message,
        override=override_sent(sent),
        raise_to=_raised(sent),
        max_bytes=max_bytes(),
    )


def _with_what_stays(sent: resources.PageInput, before: Text) -> Text:
    """Return the text to save. Values that neither the request nor the front matter in its body
    states are taken from the page."""
    stated, _ = frontmatter.split(sent.body)
    has_tags = "tags" in stated.entries()
    has_fields = not {"title", "description", "tags"}.issuperset(stated.rest)
    tags = sent.tags if sent.tags is not None else () if has_tags else before.tags
    other = sent.fields if sent.fields is not None else {} if has_fields else before.fields
    return Text(
        before.title if sent.title is None else sent.title,
        sent.body,
        tuple(tags),
        before.description if sent.description is None else sent.description,
        other,
    )


@operation(
    "DELETE",
    AT,
    "Delete a page.",
    {204: Answer("The page was deleted; it can be restored in the browser.")},
    queries=(
        Query("subtree", "`true` also deletes the pages below it.", {"enum": ["true", "false"]}),
    ),
    writes=True,
    problems=(403, 412),
)
def remove_page(slug: str, path: str) -> Response:
    """Delete a page. Its revisions are kept."""
    subtree = request.args.get("subtree") == "true"
    place = look_up(reading(), actor(), slug, path)
    place.seen.require(May.EDIT)
    if place.page is None:
        raise NotFound
    with writing() as session:
        check_conditions(session, session.get(Page, place.page.id))
        delete_page(session, actor(), place.page.id, with_subtree=subtree)
    return Response(status=204)
