"""Files by name: a link finds the file that is there for the reader, wherever it lies."""

from __future__ import annotations

import re

import pytest

from tests.attachments.samples import png
from tests.cast import Scene
from tests.pages.test_includes import keep_to, label, prose
from tests.pages.test_links_by_name import links
from tests.sharing.test_share_links import shared
from wiki.errors import Invalid
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.pages.revising import text_of
from wiki.pages.revisions import head_of
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.spaces.actions import SpaceValues, change_space
from wiki.spaces.consent import UNASKED
from wiki.spaces.queries import see_space
from wiki.text.markdown.excerpt import text_of_html

PDF = b"%PDF-1.7 plan"


@pytest.fixture
def filed(wiki: Scene) -> Scene:
    """Two pages with files of the same names."""
    wiki.write("files", "x")
    wiki.write("files/deep/more", "x")
    wiki.plan = wiki.attach("files/Yearly plan.pdf", PDF)
    wiki.attach("files/deep/more/Yearly plan.pdf", PDF)
    wiki.attach("files/figures.xlsx", b"sums")
    return wiki


def test_a_wiki_link_with_the_name_of_a_file_leads_to_the_file_unless_a_page_is_found(
    filed: Scene,
) -> None:
    filed.write(
        "notes/a",
        "[[Yearly plan.pdf]] [[yearly PLAN.pdf#page=3|words]] [[more/Yearly plan.pdf]] "
        "[[figures.xlsx]] [[nothing.xlsx]] [[/files/figures.pdf]]\n\n![[figures.xlsx]]",
    )
    plan = "/eng/files/-/files/Yearly-plan.pdf"
    assert links(filed, "notes/a") == [
        (False, plan),
        (False, f"{plan}#page=3"),
        (False, "/eng/files/deep/more/-/files/Yearly-plan.pdf"),
        (False, "/eng/files/-/files/figures.xlsx"),
        (True, "/eng/nothing.xlsx"),
        (False, "/eng/files/-/files/figures.pdf"),
        (False, "/eng/files/-/files/figures.xlsx"),
    ]
    assert "Nothing to show" not in prose(filed, "notes/a")
    filed.write("notes/Yearly plan.pdf", "a page")
    assert links(filed, "notes/a")[0] == (False, "/eng/notes/Yearly-plan.pdf")


def test_a_relative_address_finds_the_file_beside_the_page_and_else_one_of_its_name(
    wiki: Scene,
) -> None:
    body = "![p](pic.png) [f](<img/pic.png>) ![a](/eng/pic.png) <img src='pic.png'> ![n](x/pic.png)"
    wiki.write("files/deep", "x")
    wiki.attach("files/deep/img/pic.png", png())
    wiki.write("notes/a", body)
    file = "/eng/files/deep/img/-/files/pic.png"
    there = [file, file, "/eng/-/files/pic.png", file, "/eng/notes/x/-/files/pic.png"]
    assert _addresses(wiki, "notes/a") == there
    with wiki.database.write() as session:
        move_page(session, wiki.actor("eve"), wiki.page("notes/a").id, MoveTo("other/place/b"))
    with wiki.database.read() as session:
        page = wiki.page("other/place/b")
        kept = body.replace("x/pic.png", "../../notes/x/pic.png")
        assert text_of(session, head_of(session, page)).body == kept
    assert _addresses(wiki, "other/place/b") == there
    wiki.attach("other/place/pic.png", png())
    beside = "/eng/other/place/-/files/pic.png"
    assert _addresses(wiki, "other/place/b") == [beside, file, there[2], beside, there[4]]


def _addresses(wiki: Scene, path: str) -> list[str]:
    return re.findall(r'(?:src|href)="(/eng/[^"]*files/[^"]*)"', prose(wiki, path))


def test_the_preview_and_older_revisions_lead_where_the_page_does(filed: Scene) -> None:
    body = "[[Yearly plan.pdf]] ![[figures.xlsx]] [[more]]"
    filed.write("notes/a", body)
    filed.write("notes/a", "Other words.")
    old = prose(filed, "notes/a", query="?revision=1")
    shown = filed.post("eve", "/eng/-/preview", title="A", path="notes/a", body=body).json["html"]
    for html in (old, shown):
        assert 'href="/eng/files/-/files/Yearly-plan.pdf"' in html
        assert 'href="/eng/files/-/files/figures.xlsx"' in html
        assert 'href="/eng/files/deep/more"' in html


def test_a_file_knows_the_pages_that_link_to_it_by_name(filed: Scene) -> None:
    filed.write("notes/a", "[[Yearly plan.pdf]] and ![[Yearly plan.pdf]]", title="By name")
    filed.write("notes/b", "![[more/Yearly plan.pdf]]", title="Deeper")
    listed = filed.get("eve", "/eng/files/-/files").text
    assert re.findall(r"· (not used|used on [^<]*)", listed) == ["not used", "used on a page"]
    asked = filed.get("eve", f"/-/f/{filed.plan}/remove").text
    assert "By name" in asked
    assert "Deeper" not in asked


def test_missing_files_and_wanted_pages_are_those_that_no_name_finds(filed: Scene) -> None:
    filed.write("notes/a", "![[Yearly plan.pdf]] [[figures.xlsx]] ![[gone.pdf]] [[gone.xlsx]]")
    missing = filed.get("cai", "/eng/-/housekeeping?list=files").text
    wanted = filed.get("cai", "/eng/-/housekeeping").text
    assert "gone.pdf" in missing
    assert "yearly-plan.pdf" not in missing
    assert "gone.xlsx" in wanted
    assert "figures.xlsx" not in wanted
    keep_to(filed, "files", "ben")
    assert "figures.xlsx" in filed.get("cai", "/eng/-/housekeeping").text


def test_pages_whose_links_find_a_file_by_name_are_not_among_those_that_miss_it(
    filed: Scene,
) -> None:
    filed.write("notes/finds", "![x](figures.xlsx) [[figures.xlsx]]")
    filed.write("misses", "![x](/eng/notes/figures.xlsx) [x](/eng/figures.xlsx/)")
    for name in ("files", "wanted"):
        shown = filed.get("cai", f"/eng/-/housekeeping?list={name}").text
        said = " ".join(text_of_html(shown.partition("<main")[2]).split())
        assert re.findall(r"1 page (?:uses it|links here): (\w+)", said) == ["misses"]
        assert "notes/finds" not in shown.partition("<main")[2].partition("</main>")[0]


def test_a_hidden_file_is_as_if_it_were_not_there(filed: Scene) -> None:
    filed.write("notes/a", "[[Yearly plan.pdf]] ![[figures.xlsx]]")
    filed.attach("Old/2020/Yearly plan.pdf", PDF)
    keep_to(filed, "files", "ben")
    plan = "/eng/Old/2020/-/files/Yearly-plan.pdf"
    assert links(filed, "notes/a", "cai")[0][1] == plan
    assert links(filed, "notes/a", "cai")[1] == (True, "/eng/figures.xlsx")
    assert links(filed, "notes/a", "ben")[0][1] == "/eng/files/-/files/Yearly-plan.pdf"


def test_a_page_that_a_name_means_only_for_the_reader_is_no_orphan(wiki: Scene) -> None:
    wiki.write("notes/a", "[[plan]]")
    wiki.write("deep/down/plan", "x", title="Deep plan")
    before = wiki.get("cai", "/eng/-/housekeeping?list=orphans").text
    wiki.write("plan", "x")
    keep_to(wiki, "plan", "ben")
    assert "Deep plan" not in before
    assert "Deep plan" not in wiki.get("cai", "/eng/-/housekeeping?list=orphans").text
    assert "Deep plan" in wiki.get("ben", "/eng/-/housekeeping?list=orphans").text


@pytest.mark.parametrize("text", ["![[chart.png]]", "[[chart.png]]", "![x](chart.png)"])
def test_a_file_by_its_name_has_a_label_that_counts(wiki: Scene, text: str) -> None:
    wiki.write("figures", "x", title="Figures")
    wiki.attach("figures/in/chart.png", png())
    label(wiki, "figures", Label.CONFIDENTIAL)
    refused = wiki.post("eve", "/eng/-/new", title="A", path="notes/a", body=f"x\n\n{text}")
    assert refused.status_code == 422
    assert "Line 3</a> shows the picture <code>chart.png</code>" in refused.text
    wiki.write("notes/a", "x")
    label(wiki, "notes/a", Label.CONFIDENTIAL)
    wiki.write("notes/a", f"x\n\n{text}")
    with pytest.raises(Invalid, match="shows the picture chart"):
        label(wiki, "notes/a", Label.PUBLIC)


@pytest.mark.parametrize("text", ["![[chart.png]]", "[[chart.png]]", "![x](chart.png)"])
def test_a_space_is_not_opened_to_what_its_pages_show_by_name(wiki: Scene, text: str) -> None:
    _set_label(wiki, Label.CONFIDENTIAL)
    wiki.write("figures", "x", title="Figures")
    wiki.write("notes/b", "x")
    wiki.attach("figures/in/chart.png", png())
    wiki.attach("notes/b/map.png", png())
    wiki.attach("figures/map.png", png())
    wiki.write("notes/a", f"{text} ![x](b/map.png)", title="Chart")
    label(wiki, "figures", Label.CONFIDENTIAL)
    with pytest.raises(Invalid) as refused:
        _set_label(wiki, Label.PUBLIC)
    assert "shows in/chart.png of “Figures”, which is confidential." in refused.value.sentence
    assert "map.png" not in refused.value.sentence


def _set_label(wiki: Scene, label: Label) -> None:
    with wiki.database.write() as session:
        seen = see_space(session, wiki.actor("eve"), "eng")
        change_space(
            session,
            seen,
            SpaceValues(
                "Eng", visibility=Visibility.INTERNAL, member_role=Role.READER, label=label
            ),
            consent=UNASKED,
        )


def test_pictures_by_name_come_along_with_a_shared_page(wiki: Scene) -> None:
    wiki.write("guide", "![[map.png]] [[notes.txt]] ![[other.png]]", space="lab")
    wiki.write("guide/first", "x", space="lab")
    wiki.write("aside", "x", space="lab")
    wiki.attach("guide/first/images/map.png", png(), space="lab")
    wiki.attach("guide/first/notes.txt", b"Words.", space="lab")
    wiki.attach("map.png", png(shade=9), space="lab")
    wiki.attach("aside/other.png", png(), space="lab")
    url = shared(wiki, what="subtree")
    browser = wiki.new_client()
    html = browser.get(url).text
    picture = f"{url}first/images/-/files/map.png"
    assert f'<img src="{picture}"' in html
    assert browser.get(picture).data == png()
    assert f'href="{url}first/-/files/notes.txt"' in html
    assert '<span class="image-link">other.png</span>' in html
    assert "<img" not in browser.get(shared(wiki)).text
