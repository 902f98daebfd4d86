"""Entries of activity: sentences that read, with links to the person, the page and the change."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.pages.access import restrictions
from wiki.pages.models import Page
from wiki.rules.labels import Label
from wiki.spaces.consent import UNASKED
from wiki.spaces.queries import see_space
from wiki.transfer.importing import TreeImport
from wiki.transfer.sources.source import FolderSource, limits_of

LISTS = ("/", "/-/changes", "/eng/-/changes")


def entries(shown: str) -> list[str]:
    """The entries of a list of changes, without markup."""
    found = re.search(r'<ul class="rows changes">(.*)</ul>', shown, re.S)
    parts = re.split(r"<li><span class=\"avatar", found[1])[1:] if found else []
    return [
        " ".join(re.sub(r"<[^>]+>", " ", part.partition("</span>")[2]).split()) for part in parts
    ]


def bring_in(wiki: Scene, folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        folder.joinpath(name).write_text(text)
    with wiki.database.read() as session:
        space_id = see_space(session, wiki.actor("eve"), "eng").space.id
    source = FolderSource(folder, limits_of(wiki.settings))
    tree = TreeImport(wiki.database, wiki.settings, wiki.actor("ben"), space_id, source)
    tree.run()
    tree.finish()


def test_a_page_that_is_called_like_a_date_reads_well(wiki: Scene) -> None:
    wiki.write("standup", "[plan](plan.md)", title="11 Nov")
    wiki.write("plan", "x")
    wiki.post("ben", "/eng/plan/-/move", path="goal", space="eng", repair="1")
    wiki.deliver()
    told = entries(wiki.get("cai", "/eng/-/changes").text)
    assert told[0].startswith("Ben repaired links on 11 Nov ")
    assert told[1].startswith("Ben moved plan from plan to goal ")
    meta = re.search(r'class="page-meta">(.*?)</p>', wiki.get("cai", "/eng/standup").text, re.S)
    assert meta is not None
    assert "repaired links on this page just now" in re.sub(r"<[^>]+>", "", meta[1])


def test_every_entry_leads_to_its_change_and_to_who_did_it(wiki: Scene, tmp_path: Path) -> None:
    wiki.write("made", "x", by="eve")
    wiki.write("moved", "x", by="eve")
    wiki.post("ben", "/eng/moved/-/move", path="there", space="eng")
    bring_in(wiki, tmp_path, {"imported.md": "one"})
    bring_in(wiki, tmp_path, {"imported.md": "two"})
    for url in LISTS:
        shown = wiki.get("cai", url).text
        for change in ("made/-/diff/0..1", "there/-/diff/1..2", "imported/-/diff/0..2"):
            assert f'href="/eng/{change}"' in shown, (url, change)
        assert '<a class="by-name" href="/-/people/ben" dir="auto">Ben</a>' in shown
        assert "Ben created Imported in 2 revisions" in " ".join(entries(shown))
    assert wiki.get("cai", "/eng/there/-/diff/1..2").status_code == 200
    assert "/eng/imported/-/diff/1..2" in wiki.get("cai", "/-/people/ben").text


def test_imported_edits_are_edits_with_a_badge(wiki: Scene, tmp_path: Path) -> None:
    wiki.write("page", "x", by="eve")
    bring_in(wiki, tmp_path, {"page.md": "two"})
    shown = wiki.get("cai", "/eng/-/changes").text
    assert entries(shown)[0].startswith("Ben edited Page imported")
    assert '<span class="badge">imported</span>' in shown
    assert "edited this page just now" in re.sub(r"<[^>]+>", "", wiki.get("cai", "/eng/page").text)


def test_what_was_done_to_many_pages_unfolds_and_is_listed_in_full(
    wiki: Scene, tmp_path: Path
) -> None:
    bring_in(wiki, tmp_path, {f"page-{n:02}.md": f"text {n}" for n in range(40)})
    with wiki.database.write() as session:
        for number in (0, 7, 39):
            page = wiki.page(f"page-{number:02}")
            restrictions.set_label(
                session, wiki.actor("eve"), page.id, Label.CONFIDENTIAL, consent=UNASKED
            )
    for url in LISTS:
        shown = wiki.get("cai", url).text
        assert "edited 37 pages" in shown
        assert "<summary>and 34 more</summary>" in shown
        assert shown.count("view changes<") == 15
        assert "page-00" not in shown
        assert "page-07" not in shown
        assert "page-39" not in shown
        link = re.search(r'href="([^"]*run=[^"]*)">Show all 37 pages', shown)
        assert link is not None
        all_of_them = wiki.get("cai", link[1]).text
        found = set(re.findall(r'row-title" href="/eng/page-(\d+)"', all_of_them))
        assert found == {f"{n:02}" for n in range(40)} - {"00", "07", "39"}
        assert all_of_them.count("view changes<") == 37
    assert "edited 40 pages" in wiki.get("eve", "/eng/-/changes").text


def test_entries_of_many_pages_ask_no_more_queries(wiki: Scene, tmp_path: Path) -> None:
    wiki.alone()
    numbers = []
    for count in (2, 12):
        bring_in(wiki, tmp_path, {f"page-{count}-{n:02}.md": "text" for n in range(count)})
        wiki.get("cai", "/eng/-/changes?before=999999")
        with counted(wiki) as statements:
            wiki.get("cai", "/eng/-/changes")
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_people_are_no_links_for_those_who_may_not_see_them(wiki: Scene) -> None:
    wiki.write("page", "x", space="open", by="ben")
    for url in ("/open/page", "/open/page/-/history", "/open/-/changes", "/"):
        shown = wiki.get("nobody", url).text
        assert "Ben" in shown
        assert "/-/people/" not in shown


def test_a_history_names_who_did_what_in_sentences(wiki: Scene) -> None:
    wiki.write("page", "x", by="ben")
    for label in ("confidential", "internal", "inherit"):
        wiki.agree("eve", wiki.post("eve", "/eng/page/-/access", label=label))
    wiki.post("ben", "/eng/page/-/delete")
    wiki.post("ben", f"/-/p/{wiki_id(wiki)}/restore")
    shown = wiki.get("eve", "/eng/page/-/history").text
    told = " ".join(re.sub(r"<[^>]+>", "", shown).split())
    for sentence in (
        "Eve labelled the page confidential",
        "Eve changed the page’s own label from confidential to internal",
        "Eve removed the page’s own label, internal",
        "Ben deleted the page",
        "Ben restored the page",
    ):
        assert sentence in told
    assert '<a class="by-name" href="/-/people/ben" dir="auto">Ben</a>' in shown


def wiki_id(wiki: Scene) -> int:
    """The id of the deleted page ``page``."""
    with wiki.database.read() as session:
        return session.query(Page.id).filter_by(path="page").one()[0]
