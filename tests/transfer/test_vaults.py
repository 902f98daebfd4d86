"""Obsidian vaults: the targets of notes are found and shown, and the texts stay as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cast import Scene
from tests.pages.test_includes import prose
from tests.pages.test_links_by_name import links
from tests.transfer.trees import PNG
from wiki.pages.revising import text_of
from wiki.pages.revisions import head_of
from wiki.spaces.queries import see_space
from wiki.transfer.importing import TreeImport
from wiki.transfer.report import Kind, Report
from wiki.transfer.sources.source import FolderSource, limits_of

START = """# Start

[[Daily note]] [[daily NOTE|with words]] [[Čaj & káva]] [[Projects/Plan]] [[Plan]]
[[Plan#Next steps]] [[Daily note#^first-b]] [[#Here]] [[The other name]] [[Nobody wrote this]]

## Here

![[Chart one.png]] and small ![[chart ONE.png|120]] ![[report.pdf]]

![[Daily note#^first-b]]

> [!tip]- Folded *title*
> Inside.
"""
VAULT = {
    "Start.md": START,
    "Journal/2024/Daily note.md": "First block. ^first-b\n\nSecond block.",
    "Areas/Food/Čaj & káva.md": "---\naliases:\n  - The other name\n---\nTea.",
    "Projects/Plan.md": "## Next steps\n\nShort way.",
    "Archive/Old/Projects/Plan.md": "Long way. [[Plan]]",
    "Archive/Old/Projects/Near.md": "[[Deep]]",
    "Archive/Old/Deep.md": "x",
    "Other/Side/Deep.md": "x",
}
FILES = {
    "Files/pictures/Chart one.png": PNG,
    "Files/report.pdf": b"%PDF-1.4 report",
    "Files/unused.pdf": b"%PDF-1.4 unused",
}


@pytest.fixture
def report(wiki: Scene, tmp_path: Path) -> Report:
    for name, data in {**{k: v.encode() for k, v in VAULT.items()}, **FILES}.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
    source = FolderSource(tmp_path, limits_of(wiki.settings))
    work = TreeImport(wiki.database, wiki.settings, wiki.actor("eve"), space.id, source)
    work.run()
    return work.finish()


def test_every_note_and_file_that_is_named_is_found(wiki: Scene, report: Report) -> None:
    daily, tea = "/eng/Journal/2024/Daily-note", "/eng/Areas/Food/%C4%8Caj-&-k%C3%A1va"
    assert links(wiki, "Start")[:9] == [
        (False, daily),
        (False, daily),
        (False, tea),
        (False, "/eng/Projects/Plan"),
        (False, "/eng/Projects/Plan"),
        (False, "/eng/Projects/Plan#sec-next-steps"),
        (False, f"{daily}#sec-%5Efirst-b"),
        (False, tea),
        (True, "/eng/Nobody-wrote-this"),
    ]
    assert links(wiki, "Archive/Old/Projects/Near") == [(False, "/eng/Archive/Old/Deep")]
    told = [one for one in report.problems if one.kind in (Kind.LINK, Kind.FILE)]
    assert [one.sentence for one in told] == [
        "“Nobody wrote this” leads to Nobody-wrote-this: no page."
    ]


def test_pictures_blocks_and_callouts_are_shown(wiki: Scene, report: Report) -> None:
    shown = prose(wiki, "Start")
    picture = "/eng/Files/pictures/-/files/Chart-one.png"
    assert shown.count(f'<img src="{picture}"') == 2
    assert 'width="120"' in shown
    assert wiki.get("eve", picture).data == PNG
    assert 'href="/eng/Files/-/files/report.pdf"' in shown
    assert wiki.get("eve", "/eng/Files/-/files/report.pdf").status_code == 200
    assert wiki.get("eve", "/eng/Files/-/files/unused.pdf").status_code == 404
    assert "First block." in shown
    assert "Second block." not in shown
    assert "Folded <em>title</em></summary>" in shown


def test_the_text_of_a_note_stays_as_its_author_wrote_it(wiki: Scene, report: Report) -> None:
    with wiki.database.read() as session:
        assert text_of(session, head_of(session, wiki.page("Start"))).body == START
