"""Operations on the discussions of pages, their messages and reactions."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request, url_for

from wiki.api import wire
from wiki.api.resources import threads as resources
from wiki.comments import actions, queries, suggesting
from wiki.comments.access import see_commented_page, see_message, see_thread
from wiki.comments.composing import compose
from wiki.comments.locating import Quoted, locate
from wiki.comments.queries import ThreadRead
from wiki.comments.quoting import about_passage
from wiki.comments.shown import html_of
from wiki.pages.access.access_log import log_read
from wiki.pages.models import Page
from wiki.pages.saving.form_saves import max_bytes
from wiki.spaces.queries import SpaceAccess
from wiki.web.limits.rate_limit import costs
from wiki.web.operations import (
    AFTER,
    Answer,
    Query,
    answer,
    cursor_asked,
    limit_query,
    number_asked,
    number_query,
    operation,
    sent_body,
    with_next,
)
from wiki.web.request import actor, reading, writing

MOST_THREADS = 100
_POSTED = {201: Answer("The message.", resources.Message)}
_WHOLE = {200: Answer("The thread.", resources.WholeThread)}


@operation(
    "GET",
    "/pages/{space}/{path}/threads",
    "List the discussions on a page.",
    {200: Answer("Threads, the newest first.", resources.ThreadList)},
    queries=(
        Query(
            "state", "Only threads in this state.", {"enum": [*queries.STATES], "default": "open"}
        ),
        AFTER,
        limit_query(queries.THREADS, MOST_THREADS),
    ),
)
def list_threads(slug: str, path: str) -> Response:
    """Each thread has its first message and its last replies; read a thread for the others."""
    page, seen = see_commented_page(reading(), actor(), slug, path)
    log_read(seen, page, page.head)
    limit, asked = number_asked("limit"), request.args.get("state", "open")
    state = next(one for one in queries.STATES if one == asked)
    found = queries.list_threads(reading(), page, state, after=cursor_asked(), limit=limit)
    read = queries.read_threads(reading(), found.rows, actor().person_id)
    following = None
    if found.after:
        following = url_for(
            "api.list_threads", slug=slug, path=path, state=state, limit=limit, after=found.after
        )
    listed = resources.ThreadList(_threads(seen, page, read), following)
    return with_next(answer(listed), following)


@operation(
    "POST",
    "/pages/{space}/{path}/threads",
    "Start a discussion on a page.",
    {201: Answer("The thread.", resources.WholeThread)},
    body=resources.ThreadInput,
    writes=True,
    problems=(403, 413, 415),
)
@costs("comments")
def post_thread(slug: str, path: str) -> Response:
    """Needs the role of a commenter in the space. With a quote, it is about this passage; if the
    passage occurs several times and `before` and `after` do not tell which one is meant, `place`
    is needed."""
    sent = sent_body(resources.ThreadInput)
    page, seen = see_commented_page(reading(), actor(), slug, path)
    composed = compose(sent.body, seen.space.slug, page)
    quoted = _quoted(sent) if sent.quote.strip() else None
    composed = about_passage(composed, page, seen.space.slug, quoted, sent.suggestion)
    with writing() as session:
        message = actions.open_thread(session, actor(), slug, path, composed)
    response = _whole(message.thread_id)
    response.status_code = 201
    return response


@operation(
    "GET",
    "/threads/{thread}",
    "Read a discussion.",
    _WHOLE,
    queries=(number_query("after_number", "Only messages after this number.", least=0, default=0),),
)
def read_thread(thread: int) -> Response:
    """Return a slice of the messages; `next` is the address of the next one."""
    return _whole(thread, number_asked("after_number"))


@operation(
    "POST",
    "/threads/{thread}/messages",
    "Reply in a discussion.",
    _POSTED,
    body=resources.ReplyInput,
    writes=True,
    problems=(403, 409, 413, 415),
)
@costs("comments")
def post_message(thread: int) -> Response:
    """Needs the role of a commenter in the space."""
    sent = sent_body(resources.ReplyInput)
    found = see_thread(reading(), actor(), thread)
    composed = compose(sent.body, found.seen.space.slug, found.page)
    with writing() as session:
        posted = actions.reply(session, actor(), thread, composed, sent.answers)
    return answer(_message(posted.id), 201)


@operation(
    "PUT",
    "/threads/{thread}/state",
    "Resolve or reopen a discussion.",
    _WHOLE,
    body=resources.StateInput,
    writes=True,
    problems=(403, 415),
)
def put_state(thread: int) -> Response:
    """The person who opened it may do this, and editors of the space may. A thread that has the
    state already stays as it is."""
    sent = sent_body(resources.StateInput)
    with writing() as session:
        resolved = sent.state == "resolved"
        actions.set_state(session, actor(), thread, resolved=resolved, reason=sent.reason)
    return _whole(thread)


@operation(
    "PUT",
    "/threads/{thread}/passage",
    "Say where the passage of a discussion is now.",
    _WHOLE,
    body=resources.PassageInput,
    writes=True,
    problems=(403, 413, 415),
)
def put_passage(thread: int) -> Response:
    """Needs the role of a commenter in the space. Only discussions about a passage have one."""
    sent = sent_body(resources.PassageInput)
    found = see_thread(reading(), actor(), thread)
    located = locate(reading(), found.page, found.seen.space.slug, _quoted(sent))
    with writing() as session:
        actions.place_passage(session, actor(), thread, located)
    return _whole(thread)


@operation(
    "PUT",
    "/threads/{thread}/suggestion",
    "Accept or dismiss a suggestion.",
    _WHOLE,
    body=resources.SuggestionInput,
    writes=True,
    problems=(403, 409, 413, 415),
)
def put_suggestion(thread: int) -> Response:
    """Accepting it saves the suggested text as a revision, merged with what was saved since, and
    resolves the discussion; this needs the role of an editor. If the same lines have changed, the
    answer is a conflict with both texts, as for an edit. The person who made it may dismiss it,
    too."""
    sent = sent_body(resources.SuggestionInput)
    with writing() as session:
        if sent.state == "accepted":
            suggesting.accept(session, actor(), thread, max_bytes())
        else:
            suggesting.dismiss(session, actor(), thread, sent.reason)
    return _whole(thread)


@operation(
    "PATCH",
    "/messages/{message}",
    "Change the text of your message.",
    {200: Answer("The message.", resources.Message)},
    body=resources.MessageInput,
    writes=True,
    problems=(403, 409, 413, 415),
)
def patch_message(message: int) -> Response:
    """The former text stays visible to everyone who can read the page."""
    sent = sent_body(resources.MessageInput)
    _, found = see_message(reading(), actor(), message)
    composed = compose(sent.body, found.seen.space.slug, found.page)
    with writing() as session:
        actions.edit_message(session, actor(), message, composed)
    return answer(_message(message))


@operation(
    "DELETE",
    "/messages/{message}",
    "Delete a message.",
    {204: Answer("The message is deleted.")},
    writes=True,
    problems=(403,),
)
def delete_message(message: int) -> Response:
    """Its author may delete it, and leads of the space may. Its text, the former texts and the
    reactions are deleted for good; its place in the thread stays."""
    with writing() as session:
        actions.delete_message(session, actor(), message)
    return Response(status=204)


@operation(
    "PUT",
    "/messages/{message}/reactions/{sign}",
    "React to a message.",
    {204: Answer("You have reacted.")},
    writes=True,
    problems=(403, 409),
)
def put_reaction(message: int, sign: str) -> Response:
    """A sign that you have used already stays."""
    with writing() as session:
        actions.react(session, actor(), message, sign, on=True)
    return Response(status=204)


@operation(
    "DELETE",
    "/messages/{message}/reactions/{sign}",
    "Take back your reaction to a message.",
    {204: Answer("You have not reacted with this sign.")},
    writes=True,
    problems=(403,),
)
def remove_reaction(message: int, sign: str) -> Response:
    """Nothing happens if you had not used this sign."""
    with writing() as session:
        actions.react(session, actor(), message, sign, on=False)
    return Response(status=204)


def _quoted(sent: resources.ThreadInput | resources.PassageInput) -> Quoted:
    return Quoted(sent.quote, sent.before, sent.after, sent.revision, sent.place, source_seen=True)


def _whole(thread_id: int, after: int = 0) -> Response:
    found = see_thread(reading(), actor(), thread_id)
    log_read(found.seen, found.page, found.page.head)
    after = min(after, found.thread.last_number)
    read = queries.read_thread(reading(), found.thread, actor().person_id, after=after)
    [whole] = _threads(found.seen, found.page, [read])
    last, following = after + queries.MESSAGES, None
    if last < found.thread.last_number:
        following = url_for("api.read_thread", thread=thread_id, after_number=last)
    return with_next(answer(resources.WholeThread(**vars(whole), next=following)), following)


def _message(message_id: int) -> resources.Message:
    message, found = see_message(reading(), actor(), message_id)
    read = queries.read_thread(
        reading(), found.thread, actor().person_id, after=max(message.number - 1, 0)
    )
    [whole] = _threads(found.seen, found.page, [read])
    return next(one for one in whole.messages if one.id == message_id)


def _threads(seen: SpaceAccess, page: Page, read: Sequence[ThreadRead]) -> list[resources.Thread]:
    messages = [message for one in read for message in one.messages]
    html = html_of(reading(), actor(), seen.space.slug, page, messages)
    return [wire.thread(one, seen.space.slug, page, html) for one in read]
