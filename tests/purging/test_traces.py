"""After a purge nothing of it lies in the data folder any more, down to the bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select, text

from tests.cast import Scene
from wiki.attachments.actions import remove_file
from wiki.db import StillRead
from wiki.outbox.models import Delivery
from wiki.pages.diffs import _diffs
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Content
from wiki.pages.rendering.own_renderer import renderer
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.submit import submit
from wiki.pages.texts.stored import get_texts
from wiki.search.index import whoosh_of

pytestmark = pytest.mark.every_database

# Words that occur nowhere else, each where another part of a page keeps it.
SECRETS = {
    "title": "Xylovorax",
    "body": "quinsyberry",
    "tag": "zorbledex",
    "message": "wumpledash",
    "description": "frinkelbop",
    "field": "splendiforth",
    "path": "grobnaxle",
    "old path": "plinquort",
    "file": "vexidrumb",
    "bytes": "drumlicore",
    "heading": "hobberwick",
}


def where(wiki: Scene, secret: str) -> list[str]:
    """The files of the data folder in which a word is, in whatever case."""
    words = {one.encode() for one in (secret, secret.lower(), secret.capitalize())}
    paths = [path for path in wiki.settings.data_dir.rglob("*") if path.is_file()]
    return [str(path) for path in paths if any(word in path.read_bytes() for word in words)]


def texts(wiki: Scene) -> str:
    """All stored texts, unpacked."""
    with wiki.database.read() as session:
        found = get_texts(session, session.scalars(select(Content.hash)).all())
    return "".join(found.values())


def others(wiki: Scene, count: int) -> None:
    """Pages around it, so that the database's pages are shared and split."""
    for number in range(count):
        wiki.write(f"around/{number}", f"Words {number}. " * (number % 9 + 1), message="m" * number)


def secret_page(wiki: Scene) -> int:
    """A page with each of the words, edited, moved, with files, deleted and back, searchable."""
    others(wiki, 15)
    page = wiki.write(SECRETS["old path"], "Harmless.\n", title="Harmless")
    body = f"# {SECRETS['heading']}\n\n" + f"The {SECRETS['body']} is secret. " * 40
    with wiki.database.write() as session:
        submit(
            session,
            wiki.actor("eve"),
            Edit(
                page.id,
                Text(
                    SECRETS["title"],
                    body,
                    (SECRETS["tag"],),
                    SECRETS["description"],
                    {"x": SECRETS["field"]},
                ),
                base=1,
                message=SECRETS["message"],
            ),
        )
        move_page(session, wiki.actor("eve"), page.id, MoveTo(SECRETS["path"]))
    wiki.attach(f"{SECRETS['path']}/{SECRETS['file']}.txt", SECRETS["bytes"].encode())
    id = wiki.attach(
        f"{SECRETS['path']}/{SECRETS['file']}.txt", b"new " + SECRETS["bytes"].encode()
    )
    with wiki.database.write() as session:
        remove_file(session, wiki.actor("eve"), id)
    wiki.deliver()
    wiki.get("eve", f"/eng/{SECRETS['path']}")
    wiki.get("eve", f"/eng/{SECRETS['path']}/-/diff/1..2")
    wiki.get("eve", f"/eng/{SECRETS['path']}/-/blame")
    wiki.get("eve", f"/-/search?q={SECRETS['body']}")
    others(wiki, 25)
    return page.id


def purge(wiki: Scene, page_id: int, **form: object) -> None:
    done = wiki.post("ada", f"/-/p/{page_id}/purge", **form)
    assert done.status_code == 303, done.text
    wiki.deliver()


def left(wiki: Scene, *besides: str) -> dict[str, list[str]]:
    """Where each of the secrets still is."""
    found = {name: where(wiki, word) for name, word in SECRETS.items() if name not in besides}
    return {name: paths for name, paths in found.items() if paths}


def test_a_purged_page_is_in_no_file_any_more(wiki: Scene) -> None:
    page_id = secret_page(wiki)
    assert set(left(wiki)) >= (
        {"bytes"} if not wiki.database.is_sqlite else set(SECRETS) - {"body"}
    )
    assert SECRETS["body"] in texts(wiki)
    purge(wiki, page_id, name=SECRETS["title"], head=3)
    others(wiki, 3)
    # Its address at the time is what the tombstone says.
    assert left(wiki, "path") == {}
    assert SECRETS["body"] not in texts(wiki)
    assert not _diffs._kept
    assert not any(SECRETS["body"] in str(one.result()) for one in renderer._recent.values())
    if not wiki.database.is_sqlite:
        assert dump(wiki).isdisjoint(SECRETS.keys() - {"path"})


def dump(wiki: Scene) -> set[str]:
    """Which secrets are in some row of some table."""
    found = set()
    with wiki.database.read() as session:
        tables = session.scalars(
            text(
                "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
                " WHERE schemaname = 'public' OR schemaname LIKE 'search%'"
            )
        ).all()
        for table in tables:
            rows = str(session.execute(text(f"SELECT t::text FROM {table} t")).all())
            found |= {name for name, word in SECRETS.items() if word.lower() in rows.lower()}
    return found


def test_what_a_purged_revision_said_is_in_no_file_any_more(wiki: Scene) -> None:
    page_id = secret_page(wiki)
    with wiki.database.write() as session:
        submit(
            session,
            wiki.actor("eve"),
            Edit(page_id, Text("Harmless", "Harmless again.\n", (), "", {}), base=3),
        )
    wiki.deliver()
    purge(wiki, page_id, name="Harmless", head=4, revision=2, same=1)
    others(wiki, 3)
    assert left(wiki, "path", "old path", "file", "bytes") == {}
    assert SECRETS["body"] not in texts(wiki)
    assert "Harmless again." in texts(wiki)


def test_the_index_in_use_is_a_new_one(wiki: Scene) -> None:
    page_id = secret_page(wiki)
    before = whoosh_of(wiki.settings).shelf.name()
    purge(wiki, page_id, name=SECRETS["title"], head=3)
    after = whoosh_of(wiki.settings).shelf.name()
    assert after not in (None, before)
    assert not (Path(whoosh_of(wiki.settings).shelf.root) / str(before)).exists()


def test_the_log_is_emptied_as_soon_as_nobody_reads_it(wiki: Scene) -> None:
    if not wiki.database.is_sqlite:
        wiki.database.empty_log()
        return
    page_id = secret_page(wiki)
    with wiki.database.read() as reader:
        reader.execute(text("SELECT 1 FROM pages")).all()
        wiki.post("ada", f"/-/p/{page_id}/purge", name=SECRETS["title"], head=3)
        with pytest.raises(StillRead):
            wiki.database.empty_log()
        wiki.deliver()
        with wiki.database.read() as session:
            owed = {one.subscriber: one.error for one in session.query(Delivery)}
        assert list(owed) == ["purging.wipe_freed"]
        assert "StillRead" in str(owed["purging.wipe_freed"])
        # Others write on meanwhile.
        wiki.write("more", "words")
    wiki.database.empty_log()
    assert left(wiki, "path") == {}
