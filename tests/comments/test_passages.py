"""Discussions about passages: quoted with a form, followed through edits, suggested anew."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import select

from tests.cast import Scene
from tests.comments.test_threads import lets_comment, posted, thread_of
from wiki.attachments.storage import Storage
from wiki.comments.checking import check_threads
from wiki.comments.models import Anchor, SuggestedText, Thread
from wiki.pages.models import Page, Revision
from wiki.pages.revising import text_of
from wiki.pages.revisions import head_of
from wiki.purging.actions import purge_revisions
from wiki.redaction.actions import redact_span
from wiki.redaction.targets import SpanTarget

TEXT = """Before the launch, **Ben** tells the people on call about it by phone.

Everybody reads the rota on Monday. The rota is short.

| who | when |
| --- | --- |
| Ada | 7 |

```
def rota(): return "x"
```

The formula $a^2 + b$ is known, שלום עולם, 日本語のテキスト。
"""


@pytest.fixture(autouse=True)
def page(wiki: Scene) -> None:
    wiki.write("rota", TEXT, title="The rota")
    lets_comment(wiki, "cai")


def about(wiki: Scene, quote: str, who: str = "cai", **more: object) -> int:
    """Comment on a passage; the id of the thread."""
    sent = {"body": "Why?", "quote": quote, **more}
    return thread_of(wiki, posted(wiki.post(who, "/eng/rota/-/comments", **sent))).id


def text(wiki: Scene) -> str:
    """The Markdown text of the page."""
    with wiki.database.read() as session:
        page = session.get_one(Page, wiki.page("rota").id)
        return text_of(session, head_of(session, page)).body


def rewrite(wiki: Scene, old: str, new: str) -> None:
    wiki.write("rota", text(wiki).replace(old, new), title="The rota")
    wiki.deliver()


def anchor(wiki: Scene, thread_id: int) -> Anchor:
    with wiki.database.read() as session:
        return session.get_one(Anchor, thread_id)


def quoted(wiki: Scene, thread_id: int) -> str:
    """The Markdown at the place of a passage now."""
    at = anchor(wiki, thread_id)
    return text(wiki)[at.start : at.end]


def listed(wiki: Scene, query: str = "") -> str:
    return unescape(wiki.get("ben", f"/eng/rota/-/comments{query}").text)


def test_a_passage_is_quoted_without_scripts(wiki: Scene) -> None:
    thread = about(wiki, "Ben tells\n the  people")
    assert quoted(wiki, thread) == "**Ben** tells the people"
    shown = listed(wiki)
    assert '<blockquote dir="auto">Ben tells the people</blockquote>' in shown
    assert "The passage is unchanged." in shown
    assert "<q>Ben tells the people</q>" in wiki.get("ben", "/eng/rota").text


@pytest.mark.parametrize(
    ("seen", "source"),
    [
        ("7", "7"),
        ("Ada", "Ada"),
        ('return "x"', 'return "x"'),
        ("$a^2 + b$", "$a^2 + b$"),
        ("שלום עולם", "שלום עולם"),
        ("語", "語"),
        ("Ben", "**Ben**"),
    ],
)
def test_whatever_is_on_the_page_can_be_quoted(wiki: Scene, seen: str, source: str) -> None:
    thread = about(wiki, seen)
    assert quoted(wiki, thread).strip("*") == source.strip("*")
    rewrite(wiki, "Everybody reads", "A new line.\n\nEverybody reads")
    assert quoted(wiki, thread).strip("*") == source.strip("*")
    assert anchor(wiki, thread).certainty == "exact"


def test_the_form_asks_which_one_if_the_words_occur_twice(wiki: Scene) -> None:
    sent = {"body": "Which?", "quote": "rota"}
    asked = wiki.post("cai", "/eng/rota/-/comments", **sent)
    assert asked.status_code == 422
    assert "Which one?" in asked.text and asked.text.count('name="place"') == 3
    assert ">Which?</textarea>" in asked.text.replace("\n", "")
    second = about(wiki, "rota", place="2")
    near = about(wiki, "rota", before="reads the ", after=" on Monday")
    body = text(wiki)
    assert anchor(wiki, second).start == body.index("rota is")
    assert anchor(wiki, near).start == body.index("rota on")


def test_a_passage_that_is_not_on_the_page_is_refused_and_the_text_kept(wiki: Scene) -> None:
    refused = wiki.post("cai", "/eng/rota/-/comments", body="My words", quote="zeppelin")
    assert refused.status_code == 422
    assert "contain this passage" in refused.text
    assert "My words" in refused.text and "zeppelin" in refused.text
    long = wiki.post("cai", "/eng/rota/-/comments", body="My words", quote="x" * 4001)
    assert long.status_code == 413


def test_a_passage_is_followed_and_says_how_sure_it_is(wiki: Scene) -> None:
    thread = about(wiki, "tells the people on call about it by phone")
    rewrite(wiki, "by phone", "by mail")
    assert quoted(wiki, thread) == "tells the people on call about it by mail"
    assert "The passage has changed since." in listed(wiki)
    assert "tells the people on call about it by phone" in listed(wiki)
    rewrite(wiki, "by mail", "by phone")
    assert anchor(wiki, thread).certainty == "exact"
    body = text(wiki)
    first, _, rest = body.partition("\n")
    wiki.write("rota", f"{rest}\n{first}\n", title="The rota")
    wiki.deliver()
    assert quoted(wiki, thread) == "tells the people on call about it by phone"
    assert "The passage has moved." in listed(wiki)


def test_a_lost_passage_is_listed_and_gets_a_new_place(wiki: Scene) -> None:
    thread = about(wiki, "Everybody reads the rota on Monday.")
    other = about(wiki, "Ada")
    rewrite(wiki, "Everybody reads the rota on Monday. The rota is short.", "Gone")
    assert anchor(wiki, thread).certainty == "lost"
    shown = listed(wiki)
    assert "lost its place" in shown and "Open (2)" in shown and "Lost their place (1)" in shown
    assert "Everybody reads the rota on Monday." in shown
    assert "/eng/rota?revision=1" in shown
    assert f'id="t{other}"' not in listed(wiki, "?state=lost")
    assert f'id="t{thread}"' in listed(wiki, "?state=lost")
    assert wiki.post("dot", f"/-/threads/{thread}/passage", quote="Gone").status_code == 403
    refused = wiki.post("cai", f"/-/threads/{thread}/passage", quote="zeppelin")
    assert refused.status_code == 422 and "zeppelin" in refused.text
    assert wiki.post("cai", f"/-/threads/{thread}/passage", quote="Gone").status_code == 303
    assert quoted(wiki, thread) == "Gone"
    assert "Lost their place" not in listed(wiki)
    assert wiki.post("cai", "/-/threads/99/passage", quote="Gone").status_code == 404


def test_a_comment_on_an_older_revision_is_where_its_passage_is_now(wiki: Scene) -> None:
    rewrite(wiki, "by phone", "by mail")
    thread = about(wiki, "about it by phone", revision=1)
    assert quoted(wiki, thread) == "about it by mail"


def test_the_script_learns_the_passages_that_are_on_the_page(wiki: Scene) -> None:
    thread = about(wiki, "Ben tells")
    found = wiki.get("ben", "/eng/rota/-/passages").json
    assert [(one["thread"], one["words"]) for one in found] == [(thread, "Ben tells")]
    assert found[0]["before"].endswith("launch,")
    assert wiki.get("gus", "/eng/rota/-/passages").status_code == 404
    wiki.post("cai", f"/-/threads/{thread}/state", resolve="1")
    assert wiki.get("ben", "/eng/rota/-/passages").json == []


def test_the_check_finds_a_passage_without_a_place(wiki: Scene) -> None:
    thread = about(wiki, "Ben tells")
    with wiki.database.write() as session:
        session.delete(session.get_one(Anchor, thread))
    [finding] = check_threads(wiki.database, wiki.settings, lambda _done, _of: None)
    assert "place is unknown" in finding.sentence and finding.repair
    finding.repair()
    assert "lost its place" in listed(wiki)
    wiki.post("eve", "/eng/rota/-/comments", body="So that the worker looks")
    wiki.deliver()
    assert quoted(wiki, thread) == "**Ben** tells"


def suggest(wiki: Scene, quote: str, text: str) -> int:
    return about(wiki, quote, suggest="1", suggestion=text)


def test_a_suggestion_is_accepted_with_one_press(wiki: Scene) -> None:
    thread = suggest(wiki, "on Monday", "on Tuesday")
    shown = listed(wiki)
    assert "<del>Monday</del>" in shown and "<ins>Tuesday</ins>" in shown
    assert wiki.post("cai", f"/-/threads/{thread}/suggestion", accept="1").status_code == 403
    rewrite(wiki, "by phone", "by mail")
    assert wiki.post("ben", f"/-/threads/{thread}/suggestion", accept="1").status_code == 303
    body = text(wiki)
    assert "the rota on Tuesday." in body and "by mail" in body
    assert thread_of(wiki, 1).resolved_at is not None
    with wiki.database.read() as session:
        applied = session.get_one(SuggestedText, thread).applied
        revision = session.scalars(select(Revision).where(Revision.number == applied)).one()
    assert revision.author_id == wiki.actor("ben").person_id
    history = re.sub("<[^>]+>", "", wiki.get("dot", "/eng/rota/-/history").text)
    assert "by Ben, suggested by Cai" in history
    again = wiki.post("ben", f"/-/threads/{thread}/suggestion", accept="1")
    assert again.status_code == 409


def test_a_suggestion_that_cannot_be_merged_is_refused_with_both_sides(wiki: Scene) -> None:
    thread = suggest(wiki, "on Monday", "on Tuesday")
    rewrite(wiki, "on Monday", "on Friday")
    refused = wiki.post("ben", f"/-/threads/{thread}/suggestion", accept="1")
    assert refused.status_code == 409
    assert "Tuesday" in refused.text and "Friday" in refused.text
    assert "on Friday" in text(wiki)
    with wiki.database.read() as session:
        assert session.get_one(SuggestedText, thread).state == "open"


def test_a_suggestion_is_dismissed_with_a_reason(wiki: Scene) -> None:
    thread = suggest(wiki, "on Monday", "on Tuesday")
    sent = {"dismiss": "1", "reason": "Monday it is"}
    assert wiki.post("dot", f"/-/threads/{thread}/suggestion", **sent).status_code == 403
    assert wiki.post("ben", f"/-/threads/{thread}/suggestion", **sent).status_code == 303
    assert "Monday it is" in listed(wiki)
    assert wiki.post("ben", f"/-/threads/{thread}/suggestion", accept="1").status_code == 409


def test_who_suggests_for_a_formatted_passage_sees_its_markdown_first(wiki: Scene) -> None:
    sent = {"body": "x", "quote": "Ben tells", "suggest": "1", "suggestion": "Eve tells"}
    asked = wiki.post("cai", "/eng/rota/-/comments", **sent)
    assert asked.status_code == 422
    assert "**Ben** tells" in asked.text and 'name="source_seen"' in asked.text
    sent |= {"suggestion": "**Eve** tells", "source_seen": "1"}
    posted(wiki.post("cai", "/eng/rota/-/comments", **sent))
    without = wiki.post("cai", "/eng/rota/-/comments", body="x", suggest="1", suggestion="y")
    assert without.status_code == 422


def test_a_redaction_reaches_passages_and_suggestions(wiki: Scene) -> None:
    thread = suggest(wiki, "on call about it", "on call about Monday and phone")
    with wiki.database.write() as session:
        target = SpanTarget("call", [wiki.page("rota").id])
        redact_span(session, wiki.actor("eve"), Storage(wiki.settings.data_dir), target, "leaked")
    wiki.deliver()
    with wiki.database.read() as session:
        rows = [session.get_one(Thread, thread), session.get_one(Anchor, thread)]
        rows.append(session.get_one(SuggestedText, thread))
        words = " ".join(str(vars(row)) for row in rows)
    assert "call" not in words
    assert "about it" in quoted(wiki, thread)
    assert "about it" in listed(wiki)


def test_purging_a_revision_takes_the_words_that_only_it_had(wiki: Scene) -> None:
    thread = about(wiki, "Everybody reads the rota")
    kept = about(wiki, "Ada")
    rewrite(wiki, "Everybody reads the rota on Monday. The rota is short.", "Gone")
    with wiki.database.write() as session:
        purge_revisions(session, wiki.actor("ada"), wiki.page("rota").id, [1], seen=2)
    wiki.deliver()
    with wiki.database.read() as session:
        row = session.get_one(Thread, thread)
        assert (row.quote, row.words) == ("", "")
        assert "Everybody" not in row.prefix + row.suffix
        assert session.get_one(Thread, kept).quote == "Ada"
    assert "deleted for good" in listed(wiki)
