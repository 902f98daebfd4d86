"""Pages that were cut off while they were rendered: nothing is lost, and they are tried again."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner
from flask import has_request_context, request
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from tests.cast import Scene
from wiki import worker
from wiki.attachments.models import Attachment
from wiki.cli import main
from wiki.db import Database, now
from wiki.pages.access import restrictions
from wiki.pages.links.models import PageAnchor, PageLink
from wiki.pages.models import Page, Revision
from wiki.pages.rendering import cut_off, own_renderer, renderer
from wiki.pages.rendering import stored as rendering
from wiki.pages.rendering.models import RenderingRow
from wiki.pages.rendering.own_renderer import forget_rendered, limit_rendering
from wiki.pages.rendering.queueing import Work
from wiki.pages.rendering.renderer import Renderer
from wiki.pages.texts.stored import get_text
from wiki.rules.labels import Label
from wiki.search import handlers
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.markup import Rendering, render
from wiki.text.sandbox import parent as sandbox

BODY = "# Parts\n\nSee [plan](plan.md), [notes](notes.txt) and [[rota]].\n\n" + "*word* " * 3300
SOON = "Its source is shown until then."


@pytest.fixture(autouse=True)
def limits() -> Iterator[None]:
    """Reset the limits, which belong to the process."""
    before = own_renderer.first_seconds(), own_renderer.most_seconds()
    forget_rendered()
    yield
    limit_rendering(*before)
    forget_rendered()


@pytest.fixture
def hasty(wiki: Scene) -> Scene:
    """A wiki that gives no page the time to be rendered, with a page that would need it."""
    wiki.write("plan", "The plan")
    wiki.attach("notes.txt", b"Some notes")
    limit_rendering(0.004, 0.004)
    wiki.write("long", BODY)
    wiki.deliver()
    return wiki


def patient() -> None:
    """Set the state after a restart with higher limits."""
    forget_rendered()
    limit_rendering(20, 20)


def due_now(wiki: Scene) -> None:
    """Let the pause until the next attempt pass."""
    forget_rendered()
    with wiki.database.write() as session:
        session.execute(
            update(RenderingRow).where(RenderingRow.due_at.is_not(None)).values(due_at=now())
        )


def stored(wiki: Scene) -> RenderingRow:
    with wiki.database.read() as session:
        key = select(RenderingRow).order_by(RenderingRow.created_at.desc()).limit(1)
        return session.scalars(key).one()


def test_its_source_is_shown_and_why(hasty: Scene) -> None:
    shown = hasty.get("cai", "/eng/long").text
    assert "This page couldn’t be rendered within 0.004 seconds of CPU time" in shown
    limit_rendering(0.004, 5)
    hasty.write("longer", BODY + "more")
    assert SOON in hasty.get("cai", "/eng/longer").text


def test_it_is_rendered_when_there_is_more_time(hasty: Scene) -> None:
    assert 'class="source"' in hasty.get("cai", "/eng/long").text
    patient()
    shown = hasty.get("cai", "/eng/long").text
    assert 'class="source"' not in shown and "<em>word</em>" in shown
    assert stored(hasty).cut_off_after is None


def test_the_worker_tries_again_with_more_and_more_time(hasty: Scene) -> None:
    limit_rendering(0.004, 20)
    forget_rendered()
    cut_off.look_again(hasty.database)
    budgets = []
    while (row := stored(hasty)).cut_off_after is not None:
        budgets.append(row.cut_off_after)
        due_now(hasty)
        handlers.finish_renderings(hasty.database, hasty.settings)
    assert budgets == sorted(set(budgets))
    assert budgets[1] == pytest.approx(4 * budgets[0])
    assert "<em>word</em>" in hasty.get("cai", "/eng/long").text


def test_the_worker_has_the_limits_of_the_settings(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker.Worker, "run", lambda _: None)
    settings = replace(wiki.settings, render_seconds=7.0, render_retry_seconds=8.0)
    worker.run_until_told(wiki.database, settings)
    assert (own_renderer.first_seconds(), own_renderer.most_seconds()) == (7.0, 8.0)


def test_search_gets_its_words_as_they_are_laid_out(hasty: Scene) -> None:
    patient()
    cut_off.look_again(hasty.database)
    for _ in range(2):  # it is rendered, and then taken into the index
        due_now(hasty)
        handlers.finish_renderings(hasty.database, hasty.settings)
    assert stored(hasty).due_at is None
    found = hasty.get("cai", "/-/search?q=word").text
    assert "/eng/long" in found and "*word*" not in found


def test_it_is_left_at_its_source_until_the_limit_grows(hasty: Scene) -> None:
    assert stored(hasty).due_at is None
    cut_off.look_again(hasty.database)
    assert stored(hasty).due_at is None
    limit_rendering(0.004, 1)
    cut_off.look_again(hasty.database)
    assert stored(hasty).due_at is not None


def test_it_is_tried_again_by_another_renderer(
    hasty: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = stored(hasty).key
    monkeypatch.setattr(rendering, "RENDERER_VERSION", "another")
    cut_off.look_again(hasty.database)
    patient()
    handlers.finish_renderings(hasty.database, hasty.settings)
    assert stored(hasty).key != old
    assert stored(hasty).cut_off_after is None
    with hasty.database.read() as session:
        assert old not in session.scalars(select(RenderingRow.key)).all()


def test_a_file_that_it_links_to_is_not_removed(hasty: Scene) -> None:
    with hasty.database.read() as session:
        file = session.scalars(select(Attachment.id)).one()
    refused = hasty.post("eve", f"/-/f/{file}/remove")
    assert refused.status_code == 409
    assert "/eng/long" in refused.text


def test_it_is_among_the_backlinks_of_pages(hasty: Scene) -> None:
    assert "/eng/long" in hasty.get("cai", "/eng/plan/-/backlinks").text


def test_a_move_repairs_its_links(hasty: Scene) -> None:
    hasty.post("eve", "/eng/plan/-/move", space="eng", path="old/plan", repair="1")
    with hasty.database.read() as session:
        head = session.scalars(
            select(Revision).where(Revision.page_id == hasty.page("long").id, Revision.number == 2)
        ).one()
        assert "[plan](old/plan.md)" in get_text(session, head.content_hash)


def test_it_cannot_show_what_is_narrower(hasty: Scene) -> None:
    with hasty.database.write() as session:
        restrictions.raise_label(
            session, hasty.actor("eve"), hasty.page("plan").id, Label.CONFIDENTIAL
        )
    sent = {"title": "Wide", "path": "wide", "body": f"![[plan]]\n\n{BODY}"}
    refused = hasty.post("eve", "/eng/-/new", **sent)
    assert refused.status_code == 422
    assert "which is confidential" in refused.text


def test_its_sections_are_not_said_to_be_gone(hasty: Scene) -> None:
    patient()
    hasty.write("guide", "# Guide\n\n## Part\n\nWords.")
    limit_rendering(0.004, 0.004)
    hasty.write("rota", "See [the part](guide.md#part).")
    hasty.write("guide", "# Guide\n\n## Part\n\n" + BODY)
    with hasty.database.read() as session:
        page = hasty.page("guide")
        names = set(session.scalars(select(PageAnchor.anchor).where(PageAnchor.page_id == page.id)))
    assert "sec-part" in names


@pytest.mark.thorough
def test_a_process_that_died_over_it_is_no_verdict(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise EOFError

    monkeypatch.setattr(sandbox._Child, "ask", die)
    limit_rendering(20, 20)
    wiki.write("page", "Some *words*.")
    assert "couldn’t be rendered just now" in wiki.get("cai", "/eng/page").text
    monkeypatch.undo()
    for _ in range(2):
        due_now(wiki)
        handlers.finish_renderings(wiki.database, wiki.settings)
    assert "<em>words</em>" in wiki.get("cai", "/eng/page").text


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let the quick lane never be enough, and the slow one wait for this."""
    go = threading.Event()

    def attempt(
        source: str, context: RenderContext, seconds: float, *, slow: bool = False
    ) -> tuple[Rendering | None, float]:
        if not slow:
            return None, seconds
        go.wait(60)
        return render(source, context), seconds

    monkeypatch.setattr(renderer, "try_to_render", attempt)
    monkeypatch.setattr(renderer, "PATIENCE", 0.01)
    monkeypatch.setattr(rendering, "AFTERWARDS", 0.0)
    limit_rendering(20, 20)
    yield go
    go.set()


def test_a_save_and_a_view_do_not_wait_for_what_takes_long(
    wiki: Scene, held: threading.Event
) -> None:
    sent = {"title": "Long", "path": "long", "body": "Some *words*."}
    assert wiki.post("ben", "/eng/-/new", **sent).status_code == 303
    shown = wiki.get("cai", "/eng/long").text
    assert "still being rendered" in shown and "Some *words*." in shown
    assert wiki.page("long").rendered == 0
    previewed = wiki.post("ben", "/eng/-/preview", title="x", path="x", body="*y*").json
    assert previewed and "still being rendered" in previewed["source_shown"]
    held.set()
    wiki.deliver()
    assert "<em>words</em>" in wiki.get("cai", "/eng/long").text


def test_a_view_that_may_not_wait_keeps_no_later_view_from_waiting(
    wiki: Scene, held: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "PATIENCE", 60.0)
    places = threading.BoundedSemaphore(1)
    monkeypatch.setattr(own_renderer.renderer, "_patient", places)
    wait, waits = renderer.wait, 0

    def finish_once_waited_for(works: Sequence[Future[object]], patience: float) -> None:
        nonlocal waits
        waits += 1
        if waits == 2:  # the first is for the quick lane
            held.set()
        wait(works, patience)

    sent = {"title": "Long", "path": "long", "body": "Some *words*."}
    assert wiki.post("ben", "/eng/-/new", **sent).status_code == 303
    with places:
        assert "still being rendered" in wiki.get("cai", "/eng/long").text
    monkeypatch.setattr(renderer, "wait", finish_once_waited_for)
    assert "<em>words</em>" in wiki.get("dot", "/eng/long").text


def test_a_check_finds_it_and_gives_it_the_time(
    hasty: Scene, monkeypatch: pytest.MonkeyPatch, nothing_recent: None
) -> None:
    monkeypatch.setattr("wiki.commands.check.opened", lambda: (hasty.settings, hasty.database))
    forget_rendered()
    hasty.deliver()
    checked = CliRunner().invoke(main, ["check"])
    assert "1 page was cut off while being rendered" in checked.output
    assert CliRunner().invoke(main, ["check"]).output == "No problems found.\n"
    assert "<em>word</em>" in hasty.get("cai", "/eng/long").text


def test_what_earlier_releases_stored_as_final_is_tried_again(hasty: Scene) -> None:
    """Mark the rows as the migration does."""
    patient()
    with hasty.database.write() as session:
        page = hasty.page("long")
        session.execute(
            update(RenderingRow)
            .where(RenderingRow.source_shown != "")
            .values(cut_off_after=0, attempts=0, due_at=now(), links=[])
        )
        session.execute(delete(PageLink).where(PageLink.page_id == page.id))
    handlers.finish_renderings(hasty.database, hasty.settings)
    assert "/eng/long" in hasty.get("cai", "/eng/plan/-/backlinks").text


@pytest.fixture
def waits(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses of requests that wait for a rendering while nobody else can save."""
    found: list[str] = []
    write, wait = Database.write, Renderer.wait
    writing: ContextVar[bool] = ContextVar("writing", default=False)

    @contextmanager
    def watched_write(database: Database) -> Iterator[Session]:
        before = writing.set(True)
        with write(database) as session:
            yield session
        writing.reset(before)

    def watched_wait(
        self: Renderer, works: Sequence[Work], asker: str | None, patience: float | None = None
    ) -> list[Work]:
        if writing.get() and has_request_context() and not all(work.made.done() for work in works):
            found.append(request.path)
        return wait(self, works, asker, patience)

    monkeypatch.setattr(Database, "write", watched_write)
    monkeypatch.setattr(Renderer, "wait", watched_wait)
    return found


def test_no_save_renders_while_others_wait_to_save(wiki: Scene, waits: list[str]) -> None:
    wiki.write("secret", "Something confidential")
    with wiki.database.write() as session:
        restrictions.raise_label(
            session, wiki.actor("eve"), wiki.page("secret").id, Label.CONFIDENTIAL
        )
    texts = ["![x](one.png)\n\nMiddle\n\nEnd", "![x](two.png)\n\nMiddle\n\nEnd", "Nothing\n\nEnd"]
    for text in texts:
        wiki.write("rota", text)
    forget_rendered()
    restored = wiki.post("ben", "/eng/rota/-/restore", revision="1", head="3")
    assert restored.status_code == 303 and wiki.page("rota").head == 4
    merged = {"title": "Other", "body": "![x](two.png)\n\nMiddle\n\nThe end", "base": "2"}
    assert wiki.post("ben", "/eng/rota/-/edit", **merged).status_code == 303
    assert waits == []


def test_two_transactions_that_store_one_rendering_do_not_fail(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = wiki.write("long", "Some *words*.")
    with wiki.database.write() as session:
        session.execute(delete(RenderingRow))
        session.execute(update(Page).values(rendered=0))
    keep, both = rendering._keep_made, threading.Barrier(2)

    def keep_when_both_have_rendered(*args: Any) -> None:
        both.wait(20)
        keep(*args)

    monkeypatch.setattr(rendering, "_keep_made", keep_when_both_have_rendered)
    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(rendering.ensure_head, wiki.database, page.id) for _ in range(2)]
    assert [one.exception() for one in done] == [None, None]
    assert "<em>words</em>" in wiki.get("cai", "/eng/long").text
