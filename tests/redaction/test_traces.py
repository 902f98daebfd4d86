"""After a redaction nothing of it lies in the data folder any more, down to the bytes."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text

from tests.cast import Scene
from wiki.attachments.actions import remove_file
from wiki.cli import main
from wiki.mail.models import Mail
from wiki.outbox.models import EventRow
from wiki.pages.links.models import PageLink
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Content
from wiki.pages.rendering.own_renderer import renderer
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.submit import submit
from wiki.pages.texts.stored import get_texts
from wiki.redaction.models import Redaction

pytestmark = pytest.mark.every_database

CANARY = "quinsyberry"


@pytest.fixture
def shell(wiki: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WIKI_DATA_DIR", str(wiki.settings.data_dir))
    monkeypatch.setenv("WIKI_SECRET_KEY", wiki.settings.secret_key)
    if not wiki.database.is_sqlite:
        monkeypatch.setenv("WIKI_DATABASE_URL", wiki.settings.database_url)
    return lambda *arguments: CliRunner().invoke(main, [str(one) for one in arguments])


def canary_page(wiki: Scene) -> int:
    """A page with the canary wherever a page can have it, and others around it."""
    for number in range(12):
        wiki.write(f"around/{number}", f"Words {number}. " * (number % 9 + 1))
    page = wiki.write(f"old-{CANARY}", "Harmless.\n", title="Harmless")
    body = f"# About {CANARY}\n\n" + f"The {CANARY} is secret. " * 40 + "\n\nThe end.\n"
    with wiki.database.write() as session:
        submit(
            session,
            wiki.actor("eve"),
            Edit(
                page.id,
                Text(
                    f"The {CANARY.title()} file",
                    body + f"\n![plan](plans/{CANARY}.txt)\n",
                    (CANARY, "plan"),
                    f"All on {CANARY}",
                    {"codename": CANARY, CANARY: [1, {"x": f"the {CANARY}"}]},
                ),
                base=1,
                message=f"Adds {CANARY}",
            ),
        )
        move_page(session, wiki.actor("eve"), page.id, MoveTo(f"new-{CANARY}"))
    wiki.attach(f"new-{CANARY}/plans/{CANARY}.txt", b"the plan: " + CANARY.encode())
    wiki.attach(f"new-{CANARY}/blob.bin", b"\x00\xff\xfe" + CANARY.encode() + b"\x00")
    removed = wiki.attach(f"new-{CANARY}/other.txt", b"x " + CANARY.encode())
    with wiki.database.write() as session:
        remove_file(session, wiki.actor("eve"), removed)
    wiki.deliver()
    for url in ("", "/-/diff/1..2", "/-/blame", "/-/raw", "/-/history"):
        wiki.get("eve", f"/eng/new-{CANARY}{url}")
    wiki.get("eve", f"/-/search?q={CANARY}")
    with wiki.database.write() as session:
        session.add(Mail(recipient="ben@example.org", subject=f"On {CANARY}", body=f"{CANARY}!"))
    for number in range(12):
        wiki.write(f"behind/{number}", f"Words {number}. " * (number % 9 + 1))
    return page.id


def redact(wiki: Scene, who: str, page_id: int, words: str = CANARY, **more: object):
    """Redact a text on a page, having looked at what goes."""
    form = {"text": words, "reason": "It was told in confidence", **more}
    shown = wiki.post(who, f"/-/p/{page_id}/redact", **form)
    assert shown.status_code == 200, shown.text
    return wiki.post(who, f"/-/p/{page_id}/redact", **form, confirm="1")


def files_with(wiki: Scene, word: str = CANARY) -> list[str]:
    words = {one.encode() for one in (word, word.title(), word.upper())}
    paths = [path for path in wiki.settings.data_dir.rglob("*") if path.is_file()]
    return [str(path) for path in paths if any(one in path.read_bytes() for one in words)]


def texts(wiki: Scene) -> str:
    with wiki.database.read() as session:
        found = get_texts(session, session.scalars(select(Content.hash)).all())
    return "".join(found.values())


def tables_with(wiki: Scene, word: str = CANARY) -> list[str]:
    """The tables of PostgreSQL that have a word in some row."""
    with wiki.database.read() as session:
        tables = session.scalars(
            text(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname = 'public' OR schemaname LIKE 'search%'"
            )
        ).all()
        return [
            table
            for table in tables
            if word in str(session.execute(text(f"SELECT t::text FROM {table} t")).all()).lower()
        ]


def test_what_was_redacted_is_in_no_byte_any_more(wiki: Scene) -> None:
    page_id = canary_page(wiki)
    assert files_with(wiki)
    done = redact(wiki, "ada", page_id)
    assert done.status_code == 303, done.text
    wiki.deliver()
    with wiki.database.read() as session:
        row = session.scalars(select(Redaction)).one()
        assert row.finished_at is not None
        assert {"texts", "titles", "messages", "mails", "files"} <= row.places.keys()
        assert session.scalars(select(Mail.body)).one() == "[redacted]!"
    assert files_with(wiki) == []
    assert CANARY not in texts(wiki).lower()
    assert not any(CANARY in str(one.result()) for one in renderer._recent.values())
    if not wiki.database.is_sqlite:
        assert tables_with(wiki) == []


def test_the_page_goes_on_with_marks_where_the_text_was(wiki: Scene, shell) -> None:
    page_id = canary_page(wiki)
    redact(wiki, "eve", page_id)
    page = wiki.page("new-redacted")
    assert (page.id, page.head, page.title) == (page_id, 3, "The [redacted] file")
    raw = wiki.get("eve", "/eng/new-redacted/-/raw?revision=2").text
    assert raw.startswith("# About [redacted]\n\nThe [redacted] is secret.")
    assert "![plan](plans/redacted.txt)" in raw
    assert raw.count("\n") == wiki.get("eve", "/eng/new-redacted/-/raw").text.count("\n")
    for verb in ("", "/-/diff/1..2", "/-/blame", "/-/history", "/-/files", "/-/edit"):
        seen = wiki.get("eve", f"/eng/new-redacted{verb}")
        assert seen.status_code == 200
        assert CANARY not in seen.text.lower()
        assert "redacted" in seen.text
    assert wiki.get("eve", f"/eng/new-{CANARY}").status_code == 404
    assert wiki.get("eve", f"/eng/old-{CANARY}").status_code == 404
    plan = wiki.get("eve", "/eng/new-redacted/-/files/plans/redacted.txt")
    assert plan.text == "the plan: [redacted]"
    assert wiki.get("eve", "/eng/new-redacted/-/files/blob.bin").text == "This file was redacted.\n"
    wiki.deliver()
    with wiki.database.read() as session:
        assert session.scalars(select(PageLink.path_key).where(PageLink.page_id == page_id)).all()
        events = session.scalars(select(EventRow).where(EventRow.page_id == page_id)).all()
        assert CANARY not in str([one.payload for one in events]).lower()
    # A lead reads no mails of others, so none is touched for one.
    with wiki.database.write() as session:
        mail = session.scalars(select(Mail)).one()
        assert mail.body == f"{CANARY}!"
        session.delete(mail)
    checked = shell("check")
    assert checked.output.endswith("No problems found.\n"), checked.output


def test_search_never_finds_it_once_it_is_redacted(wiki: Scene) -> None:
    page_id = canary_page(wiki)
    assert f"new-{CANARY}" in wiki.get("eve", f"/-/search?q={CANARY}").text
    redact(wiki, "eve", page_id)
    # The worker has not been here yet.
    for url in (f"/-/search?q={CANARY}", "/-/search?q=secret", f"/-/search/switch?q={CANARY}"):
        found = wiki.get("eve", url).text
        assert f"/eng/new-{CANARY}" not in found
        assert "/eng/new-redacted" not in found
    wiki.deliver()
    assert "/eng/new-redacted" in wiki.get("eve", "/-/search?q=secret").text


@pytest.mark.thorough
@pytest.mark.parametrize("before", ["index", "log"])
def test_what_was_interrupted_is_ended_by_the_worker(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    page_id = canary_page(wiki)
    redact(wiki, "ada", page_id)
    with monkeypatch.context() as patch:
        what = "wiki.redaction.handlers.forget" if before == "index" else None

        def die(*_: object) -> None:
            raise RuntimeError("killed")

        if what:
            patch.setattr(what, die)
        else:
            patch.setattr(wiki.database, "empty_log", die)
        wiki.deliver()
    with wiki.database.write() as session:
        assert session.scalars(select(Redaction.finished_at)).one() is None
        session.execute(text("UPDATE deliveries SET due_at = '2020-01-01 00:00:00'"))
    wiki.deliver()
    with wiki.database.read() as session:
        assert session.scalars(select(Redaction.finished_at)).one() is not None
    assert files_with(wiki) == []


def test_bytes_that_another_page_has_too_stay_there(wiki: Scene) -> None:
    page_id = canary_page(wiki)
    other = wiki.attach("around/1/same.txt", b"the plan: " + CANARY.encode())
    redact(wiki, "eve", page_id)
    wiki.deliver()
    assert wiki.get("eve", f"/-/f/{other}").text == f"the plan: {CANARY}"
