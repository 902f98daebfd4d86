"""Addresses that begin at the root of a tree, and files that are kept beside their places."""

import posixpath
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import Scene
from tests.transfer.test_importing import begin, bring_in, everything, export, said, text
from tests.transfer.trees import PNG, write_tree
from wiki.pages.links.models import PageLink
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.models import Page
from wiki.purging.actions import purge_revisions
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.destinations import resolve_link
from wiki.transfer import importing
from wiki.transfer.layout import lay_out
from wiki.transfer.report import Kind
from wiki.transfer.routes.router import Router
from wiki.transfer.routes.sites import find_sites, roots_for
from wiki.transfer.sources.source import Entry

ROOTED: dict[str, str | bytes] = {
    "README.md": (
        "# Home\n\n[a](/guide/page.md) ![p](/img/logo.png) [b][ref] [c](</guide/On Call.md#now>)\n"
        '[d](/guide/) [f](/files/plan.pdf) <img src="/img/logo.png"> <a href="/guide/page">e</a>\n'
        "[g](/guide/page.html) [h](/Guide/Page.md?x=1)\n\n[ref]: /guide/page.md 'T'\n"
    ),
    "guide/index.md": "# Guide\n\n[home](/README.md) [root](/)\n",
    "guide/page.md": (
        "# Page\n\n[dead](/guide/nowhere.md) [gone](/nowhere/x.md) ![no](/img/no.png)\n"
    ),
    "guide/On Call.md": "# On call\n\n## Now\n",
    "img/logo.png": PNG,
    "files/plan.pdf": b"%PDF-1.7",
}


def addresses(wiki: Scene, path: str, who: str = "ben", space: str = "eng") -> list[str]:
    """The targets of the links and pictures of a page."""
    page = wiki.get(who, f"/{space}/{path}").text
    body = page.partition("<article")[2].partition("</article>")[0] or page
    found = re.findall(r'<(?:a|img) [^>]*?(?:href|src)="([^"]*)"', body)
    return [one for one in found if "/-/history" not in one and not one.startswith("#")]


def links(wiki: Scene, path: str) -> list[tuple[str, str, str]]:
    with wiki.database.read() as session:
        page = wiki.page(path)
        rows = session.query(PageLink).filter_by(page_id=page.id).order_by(PageLink.ordinal)
        return [(row.kind, row.space_slug, row.path_key) for row in rows]


def test_addresses_from_the_root_of_a_tree_lead_into_it(wiki, tmp_path):
    report = bring_in(wiki, write_tree(tmp_path / "tree", ROOTED))
    page, logo = ("page", "eng", "guide/page"), ("file", "eng", "img/logo.png")
    assert links(wiki, "") == [
        *(page, logo, page, ("page", "eng", "guide/on-call"), ("page", "eng", "guide")),
        *(("file", "eng", "files/plan.pdf"), logo, page, page, page),
    ]
    shown = addresses(wiki, "")
    assert "/eng/guide/page" in shown
    assert "/eng/guide/On-Call#sec-now" in shown
    assert "/eng/guide/page?x=1" in shown
    assert any(one.startswith("/eng/img/-/files/logo.png") for one in shown)
    assert links(wiki, "guide")[0] == ("page", "eng", "")
    assert text(wiki, "").body == ROOTED["README.md"]
    assert not said(report, Kind.LEFT_OUT)
    dead = [one.sentence for one in report.problems if one.where == "guide/page.md"]
    assert dead == [
        "“dead” leads to /guide/nowhere, which doesn’t exist.",
        "“gone” leads to /nowhere/x, which doesn’t exist.",
        "“no” leads to /img/no.png, which doesn’t exist.",
    ]


def test_a_file_that_comes_later_revives_its_addresses_and_a_second_run_changes_nothing(
    wiki, tmp_path
):
    wiki.alone()
    tree = write_tree(tmp_path / "tree", ROOTED)
    bring_in(wiki, tree)
    before = wiki.database.version()
    bring_in(wiki, tree)
    assert wiki.database.version() == before
    write_tree(tree, {"guide/nowhere.md": "# Somewhere\n"})
    report = bring_in(wiki, tree)
    assert (report.created, report.changed) == (1, 0)
    assert links(wiki, "guide/page")[0] == ("page", "eng", "guide/nowhere")
    assert "/eng/guide/nowhere" in addresses(wiki, "guide/page")


def test_what_such_an_address_leads_to_can_move_and_its_page_too(wiki, tmp_path):
    bring_in(wiki, write_tree(tmp_path / "tree", ROOTED))
    with wiki.database.write() as session:
        move_page(session, wiki.actor("eve"), wiki.page("guide/page").id, MoveTo("guide/moved"))
    assert links(wiki, "").count(("page", "eng", "guide/moved")) == 5
    assert "[a](guide/moved.md)" in text(wiki, "").body
    with wiki.database.write() as session:
        move_page(
            session, wiki.actor("eve"), wiki.page("guide").id, MoveTo("manual", with_subtree=True)
        )
    assert ("page", "eng", "") in links(wiki, "manual")
    assert ("page", "eng", "manual/moved") in links(wiki, "")


def test_an_edit_in_the_wiki_keeps_them(wiki, tmp_path):
    bring_in(wiki, write_tree(tmp_path / "tree", ROOTED))
    before = links(wiki, "")
    form = {"title": "Home", "body": text(wiki, "").body + "More.\n", "base": "1"}
    assert wiki.client("ben").post("/eng/-/edit", data=form).status_code == 303
    assert links(wiki, "") == before
    form |= {"path": "", "folder": "1", "base": "2"}
    preview = wiki.client("ben").post("/eng/-/preview", data=form)
    assert "/eng/guide/page" in preview.get_json()["html"]


def test_purging_what_said_an_address_forgets_it(wiki, tmp_path):
    bring_in(wiki, write_tree(tmp_path / "tree", ROOTED))
    wiki.write("", "# Home\n\n[a](/guide/page.md)\n", title="Home", by="ben")
    with wiki.database.write() as session:
        purge_revisions(session, wiki.actor("ada"), wiki.page("").id, [1], seen=2)
    kept = {route[0] for route in wiki.page("").routes}
    assert kept == {"/guide/", "/guide/page", "/guide/page.md"}
    assert "/eng/guide/page" in addresses(wiki, "")


def test_files_that_are_one_page_by_name_are_told_apart_by_links(wiki, tmp_path):
    tree = {
        "index.md": (
            "[one](teams.md) [two](teams/README.md) [three](Page.md) [four](page.md) "
            "[five](<a b.md>) [six](a-b.md) ![up](i/Logo.png) ![low](i/logo.png)\n"
        ),
        "teams.md": "# List\n\n[other](teams/README.md)\n",
        "teams/README.md": "# How\n\n[other](../teams.md)\n",
        "Page.md": "# Upper\n",
        "page.md": "# Lower\n",
        "a b.md": "# B\n",
        "a-b.md": "# H\n",
        "i/Logo.png": PNG + b"1",
        "i/logo.png": PNG + b"2",
    }
    bring_in(wiki, write_tree(tmp_path / "tree", tree))
    assert [path for _, _, path in links(wiki, "")] == [
        *("teams-2", "teams", "page", "page-2", "a-b", "a-b-2", "i/logo.png", "i/logo-2.png")
    ]
    assert links(wiki, "teams") == [("page", "eng", "teams-2")]
    assert links(wiki, "teams-2") == [("page", "eng", "teams")]
    report = bring_in(wiki, export(wiki, tmp_path / "out"), "lab")
    assert report.created == 7


def test_files_in_hidden_folders_come_when_pages_show_or_link_them(wiki, tmp_path):
    tree = {
        "index.md": (
            "# Home\n\n![x](.gitbook/assets/x.png) [y](<.gitbook/assets/y 1.pdf>) [e](.env)\n"
            "[c](.github/CONTRIBUTING.md) [g](.git/config) [s](.ssh/.key)\n"
        ),
        "a/page.md": "# A\n\n![x](../.gitbook/assets/x.png)\n",
        ".gitbook/assets/x.png": PNG,
        ".gitbook/assets/unused.png": PNG + b"unused",
        ".gitbook/assets/y 1.pdf": b"%PDF",
        ".github/CONTRIBUTING.md": "# How\n",
        ".env": "SECRET=1",
        ".ssh/.key": "secret",
        ".git/config": "[core]",
    }
    report = bring_in(wiki, write_tree(tmp_path / "tree", tree))
    assert wiki.get("cai", "/eng/gitbook/assets/-/files/x.png").data == PNG
    assert links(wiki, "a/page") == [("file", "eng", "gitbook/assets/x.png")]
    assert links(wiki, "") == [
        ("file", "eng", "gitbook/assets/x.png"),
        ("file", "eng", "gitbook/assets/y-1.pdf"),
    ]
    assert wiki.get("cai", "/eng/gitbook/assets/-/files/y-1.pdf").data == b"%PDF"
    assert wiki.get("cai", "/eng/gitbook/assets/-/files/unused.png").status_code == 404
    assert (report.created, report.files_added, report.hidden) == (2, 2, 5)
    broken = [one.sentence for one in report.problems if one.kind is Kind.ADDRESS]
    assert [sentence.split(":")[0] for sentence in broken] == ["“e”", "“c”", "“g”", "“s”"]


def test_an_import_in_slices_finds_the_same(wiki, tmp_path, monkeypatch):
    monkeypatch.setattr(importing, "CHUNK", 1)
    tree = write_tree(
        tmp_path / "tree",
        {
            **ROOTED,
            "mkdocs.yml": "docs_dir: guide\n",
            "x.md": "# X\n\n![x](.a/x.png) [p](/page.md)\n",
            ".a/x.png": PNG,
        },
    )
    position = 0
    while position < (step := begin(wiki, tree)).total:
        position = step.run(position, seconds=0)
    step.finish()
    assert links(wiki, "x") == [("file", "eng", "a/x.png"), ("page", "eng", "guide/page")]
    assert wiki.get("cai", "/eng/a/-/files/x.png").data == PNG


@pytest.mark.parametrize(
    ("files", "file", "roots"),
    [
        ({}, "a/b.md", [""]),
        ({"mkdocs.yml": "docs_dir: ./handbook/"}, "handbook/x.md", ["handbook", ""]),
        ({"mkdocs.yml": "site_name: x"}, "x.md", ["docs", ""]),
        ({"web/docusaurus.config.js": ""}, "web/docs/x.md", ["web/static", "web/docs", "web", ""]),
        ({"docs/.vitepress/config.ts": ""}, "docs/x.md", ["docs", "docs/public", ""]),
        ({"hugo.toml": ""}, "content/x.md", ["content", "static", "assets", ""]),
        ({"docs/_config.yml": ""}, "docs/x.md", ["docs", ""]),
        ({".gitbook.yaml": "root: ./manual/\n"}, "manual/x.md", ["manual", ""]),
        ({"a/mkdocs.yml": "", "b/mkdocs.yml": ""}, "b/docs/x.md", ["b/docs", "", "a/docs"]),
        ({"mkdocs.yml": "docs_dir: ../../etc"}, "x.md", [""]),
    ],
)
def test_the_configuration_of_a_site_says_where_it_starts(files, file, roots):
    assert roots_for(file, find_sites(files.keys(), lambda name: files[name])) == roots


NAMES = st.lists(
    st.sampled_from(["a", "A", "b c", "b-c", "é", "e\u0301", "index", "README", "x.y", "(d)"]),
    min_size=1,
    max_size=3,
).map(lambda names: "/".join(names) + ".md")


@given(st.lists(NAMES, unique=True, min_size=1))
def test_every_address_of_a_file_of_a_tree_leads_to_what_the_file_became(names):
    layout = lay_out([Entry(name, 1) for name in names])
    places = {page.entry.path: page.path for page in layout.pages}
    router = Router("eng", layout, [])
    source = "".join(f"[x](</{name}>)\n" for name in names)
    for page in layout.pages:
        folder = posixpath.dirname(page.entry.path) or "."
        ways = {name: posixpath.relpath(name, folder) for name in names}
        more = "".join(f"[x](<{way}>)\n" for way in ways.values())
        routes = router.routes(page, source + more)
        context = RenderContext("eng", page.path, page.folder, routes=routes)
        for name, path in places.items():
            for address in (f"/{name}", ways[name]):
                to = resolve_link(address, context)
                assert (to.kind, to.space, to.path) == ("page", "eng", path)


def test_hostile_texts_take_time_by_their_length(wiki):
    layout = lay_out([Entry("a.md", 1), Entry("A.md", 1)])
    router = Router("eng", layout, [])
    for text_of_many in ("[](" * 30_000, "<" * 90_000, "(/a)" * 20_000, 'src="' * 20_000):
        router.routes(layout.pages[0], text_of_many)


def test_a_page_has_its_routes_only_where_it_needs_them(wiki, tmp_path):
    bring_in(wiki, write_tree(tmp_path / "tree", ROOTED))
    with wiki.database.read() as session:
        routes = {page.path: page.routes for page in session.query(Page)}
    assert routes["guide/On-Call"] == []
    assert [route[0] for route in routes["guide"]] == ["/", "/README.md"]


def test_every_address_works_after_an_export_and_an_import_into_another_space(wiki, tmp_path):
    tree = ROOTED | {
        "mkdocs.yml": "docs_dir: docs\n",
        "docs/a/index.md": "# A\n\n[r](README.md) [s](/b.md) ![p](../../.gitbook/assets/x.png)\n",
        "docs/a/README.md": "# Read me\n\n[up](index.md) ![p](/.gitbook/assets/x.png)\n",
        "docs/b.md": "# B\n\n[a](/a/README.md)\n",
        ".gitbook/assets/x.png": PNG,
    }
    bring_in(wiki, write_tree(tmp_path / "tree", tree))
    out = export(wiki, tmp_path / "out")
    report = bring_in(wiki, out, "lab")
    assert report.hidden == 0
    found = ("", "guide", "guide/page", "docs/a", "docs/a/readme", "docs/b")
    for path in found:
        before = [one.replace("/eng/", "/lab/") for one in addresses(wiki, path)]
        assert addresses(wiki, path, space="lab") == before
    assert "/lab/gitbook/assets/-/files/x.png" in addresses(wiki, "docs/a", space="lab")
    assert everything(wiki, "lab") == everything(wiki, "eng")


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{", "[" * 100000, '{"a.md": 1}', '{"a.md": [["/x", "page"]]}',
        '{"a.md": [["/x", "page", "../up"], ["/x", "page", "nowhere"], ["/x", [], "b"]]}',
        '{"a.md": [["/x", "site", "b"], ["", "page", "b"], [1, "page", "b"]], "b": null}',
    ],
)  # fmt: skip
def test_routes_beside_a_tree_that_mean_nothing_are_left_out(wiki, tmp_path, text):
    tree = {"a.md": "[x](/x) [b](b.md)", "b.md": "b", ".trellis/routes.json": text}
    report = bring_in(wiki, write_tree(tmp_path / "tree", tree))
    assert not [one for one in report.problems if one.kind is Kind.REFUSED]
    assert wiki.page("a").routes == []
