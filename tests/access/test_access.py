"""Labels and restrictions of pages: who is kept out sees nothing, in no list and under no verb."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.cast import Scene, without_tokens
from wiki.outbox.models import EventRow
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.actions import restore_page
from wiki.pages.models import Page
from wiki.people.groups import actions as groups
from wiki.people.models import Person
from wiki.purging.actions import purge_page
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Space

Restrict = Callable[..., None]


@pytest.fixture
def restrict(wiki: Scene) -> Restrict:
    """Let only these read (or edit) a page of ``eng``."""

    def run(path: str, *who: str, may: May = May.READ, groups: tuple[int, ...] = ()) -> None:
        with wiki.database.write() as session:
            page = wiki.page(path)
            people = [wiki.actor(name).person_id or 0 for name in who]
            restrictions.restrict(
                session,
                wiki.actor("eve"),
                page.id,
                AccessList(may, people, groups),
                consent=UNASKED,
            )

    return run


def label(wiki: Scene, path: str, label: Label) -> None:
    with wiki.database.write() as session:
        eve, page = wiki.actor("eve"), wiki.page(path)
        restrictions.set_label(session, eve, page.id, label, consent=UNASKED)


VERBS = (
    "",
    "?revision=1",
    "/-/edit",
    "/-/history",
    "/-/diff/1..2",
    "/-/blame",
    "/-/raw",
    "/-/backlinks",
    "/-/files",
    "/-/files/secret.txt",
    "/-/move",
    "/-/delete",
    "/-/access",
    "/-/restore?revision=1",
    "/below",
    "/below/-/history",
)


def test_who_is_not_on_the_list_gets_what_there_is_where_nothing_is(
    wiki: Scene, restrict: Restrict
) -> None:
    wiki.write("plans", "one")
    wiki.write("plans", "two")
    wiki.write("plans/below", "three")
    wiki.attach("plans/secret.txt", b"bytes")
    restrict("plans", "ben")
    assert wiki.get("ben", "/eng/plans").status_code == 200
    assert wiki.get("ben", "/eng/plans/below").status_code == 200
    assert wiki.get("eve", "/eng/plans").status_code == 200
    for handle in ("cai", "dot", "ada", "nobody", "gus"):
        wiki.get(handle, "/eng/snalp")  # whoever comes first gets a cookie
        for verb in VERBS:
            hidden = wiki.get(handle, f"/eng/plans{verb}")
            absent = wiki.get(handle, f"/eng/snalp{verb}")
            same = hidden.text.replace("plans", "snalp").replace("Plans", "Snalp")
            assert without_tokens(same) == without_tokens(absent.text), (handle, verb)
            assert hidden.status_code == absent.status_code, (handle, verb)
            assert {k: v for k, v in hidden.headers if k != "Location"}.keys() == {
                k: v for k, v in absent.headers if k != "Location"
            }.keys()


def test_no_list_names_what_is_hidden(wiki: Scene, restrict: Restrict) -> None:
    wiki.write("plans", "the words wolpertinger", title="Wolpertinger", tags=("wolpertinger",))
    wiki.write("plans/deep/down", "more wolpertinger")
    wiki.write("open", "See [plans](plans.md) and [[nowhere]].", title="Open")
    restrict("plans", "ben")
    wiki.deliver()
    lists = (
        "/eng/",
        "/eng/-/tree",
        "/eng/-/tree?under=plans",
        "/eng/-/changes",
        "/eng/-/pages",
        "/eng/-/tags",
        "/-/tags/wolpertinger",
        "/-/search?q=wolpertinger",
        "/-/search?q=wolpertinge",
        "/-/search/titles?q=wol",
        "/-/changes",
        "/-/pages",
        "/eng/-/housekeeping?list=orphans",
        "/",
    )
    for handle in ("cai", "ada"):
        for url in lists:
            found = wiki.get(handle, url).text.replace(url.rpartition("q=")[2], "")
            assert "olpertinger" not in found, (handle, url)
            assert "plans/deep" not in found, (handle, url)
    assert "Wolpertinger" in wiki.get("ben", "/eng/-/pages").text
    assert "Wolpertinger" in wiki.get("ben", "/-/search?q=wolpertinger").text


def test_a_link_to_what_is_hidden_looks_like_one_to_nothing(
    wiki: Scene, restrict: Restrict
) -> None:
    wiki.write("plans", "secret")
    wiki.write("open", "[a](plans.md) [b](snalp.md)")
    restrict("plans", "ben")
    html = wiki.get("cai", "/eng/open").text
    links = re.findall(r'<a class="wl-\d+ ([^"]*)" href="/eng/(plans|snalp)', html)
    assert links == [("missing", "plans"), ("missing", "snalp")]
    wanted = wiki.get("cai", "/eng/-/housekeeping").text
    assert "plans" in wanted and "snalp" in wanted


def test_an_edit_restriction_lets_read_and_says_who_may_edit(
    wiki: Scene, restrict: Restrict
) -> None:
    wiki.write("rules", "text")
    with wiki.database.write() as session:
        ada = wiki.actor("ada")
        group = groups.create_group(session, ada, handle="finance", name="Finance")
        member = session.get_one(Person, wiki.actor("eve").person_id)
        groups.store_member(session, ada, group, member, member=True)
        number = group.id
    restrict("rules", may=May.EDIT, groups=(number,))
    assert wiki.get("ben", "/eng/rules").status_code == 200
    refused = wiki.get("ben", "/eng/rules/-/edit")
    assert refused.status_code == 403
    assert "You can’t edit this page: it is restricted to group Finance." in refused.text
    for verb in ("move", "delete"):
        assert wiki.get("ben", f"/eng/rules/-/{verb}").status_code == 403
    told = wiki.get("cai", "/eng/rules/-/access?person=ben").text
    assert "Ben is an editor in Eng." in told
    assert "Ben can’t edit: the page is restricted to group Finance." in told


def test_a_page_cannot_be_made_where_a_hidden_one_is_or_below_it(
    wiki: Scene, restrict: Restrict
) -> None:
    wiki.write("plans", "secret", title="Top secret")
    restrict("plans", "eve")
    for path in ("plans", "plans/mine"):
        refused = wiki.post("ben", "/eng/-/new", title="Mine", path=path, body="x")
        assert refused.status_code == 422
        assert "A page can’t be created at this path. Choose another one." in refused.text
        assert "Top secret" not in refused.text


def test_a_label_keeps_out_those_who_are_not_cleared(wiki: Scene) -> None:
    wiki.write("numbers", "secret numbers")
    label(wiki, "numbers", Label.CONFIDENTIAL)
    assert wiki.get("cai", "/eng/numbers").status_code == 404
    assert wiki.get("ben", "/eng/numbers").status_code == 200
    label(wiki, "numbers", Label.RESTRICTED)
    assert wiki.get("ben", "/eng/numbers").status_code == 404
    assert wiki.get("eve", "/eng/numbers").status_code == 200


def test_what_is_below_has_the_label_of_what_is_above(wiki: Scene) -> None:
    wiki.write("board", "x")
    wiki.write("board/minutes", "x")
    label(wiki, "board", Label.CONFIDENTIAL)
    wiki.write("board/agenda", "written afterwards")
    for path in ("board/minutes", "board/agenda"):
        assert wiki.get("cai", f"/eng/{path}").status_code == 404


def test_nobody_keeps_themselves_out(wiki: Scene) -> None:
    wiki.write("mine", "x", by="ben")
    refused = wiki.post("ben", "/eng/mine/-/access", label="restricted")
    assert refused.status_code == 422
    assert "This would lock you out" in refused.text
    assert wiki.get("cai", "/eng/mine").status_code == 200


def test_a_list_is_begun_changed_and_lifted_in_the_browser(wiki: Scene) -> None:
    wiki.write("draft", "x", by="ben")
    url = "/eng/draft/-/access"
    assert wiki.post("ben", url, may="read", who="dot").status_code == 303
    assert wiki.get("cai", "/eng/draft").status_code == 404
    assert wiki.get("dot", "/eng/draft").status_code == 200
    with wiki.database.read() as session:
        held = restrictions.own_restrictions(session, wiki.page("draft"))
    assert [person.handle for person in held[0].people] == ["ben", "dot"]
    dot = wiki.actor("dot").person_id
    assert wiki.post("ben", url, restriction=held[0].id, take=f"person-{dot}").status_code == 303
    assert wiki.get("dot", "/eng/draft").status_code == 404
    shown = wiki.post("ben", url, restriction=held[0].id, lift="1")
    assert shown.status_code == 409
    assert wiki.get("cai", "/eng/draft").status_code == 404


def test_whoever_may_not_edit_changes_nothing(wiki: Scene) -> None:
    wiki.write("page", "x")
    assert wiki.post("cai", "/eng/page/-/access", label="restricted").status_code == 403
    assert wiki.post("nobody", "/eng/page/-/access", label="restricted").status_code in (302, 303)
    assert wiki.get("cai", "/eng/page").status_code == 200


def test_what_stays_when_a_page_goes_stays_as_protected(wiki: Scene, restrict: Restrict) -> None:
    wiki.write("top", "x")
    wiki.write("top/below", "secret")
    restrict("top", "ben")
    assert wiki.post("ben", "/eng/top/-/move", path="elsewhere", space="eng").status_code == 303
    assert wiki.get("cai", "/eng/top/below").status_code == 404
    assert wiki.get("ben", "/eng/top/below").status_code == 200
    assert wiki.post("ben", "/eng/elsewhere/-/delete").status_code == 303
    assert wiki.get("cai", "/eng/top/below").status_code == 404


@pytest.mark.parametrize("keeper", ["a page that has gone elsewhere", "a deleted page"])
def test_a_list_that_was_lifted_takes_nothing_from_the_next_one(
    wiki: Scene, restrict: Restrict, keeper: str
) -> None:
    """On SQLite the next one gets its number."""
    wiki.write("top", "x")
    wiki.write("top/below", "x")
    restrict("top", "ben")
    if keeper == "a deleted page":
        assert wiki.post("eve", "/eng/top/below/-/delete").status_code == 303
    moved = wiki.post("eve", "/eng/top/-/move", path="top", space="lab", subtree="1")
    assert wiki.agree("eve", moved).status_code in (200, 303)
    with wiki.database.write() as session:
        page = wiki.page("top", space="lab")
        [one] = restrictions.own_restrictions(session, page)
        restrictions.lift(session, wiki.actor("eve"), page.id, one.id, consent=UNASKED)
    wiki.write("plans", "x")
    restrict("plans", "ben")
    assert wiki.get("cai", "/eng/plans").status_code == 404
    assert wiki.get("ben", "/eng/plans").status_code == 200


@pytest.mark.parametrize("first", ["live", "deleted", "elsewhere"])
def test_what_is_deleted_stays_protected_when_what_protected_it_is_purged(
    wiki: Scene, restrict: Restrict, first: str
) -> None:
    wiki.write("top", "x")
    page = wiki.write("top/below", "secret")
    restrict("top", "eve")
    assert wiki.post("eve", "/eng/top/below/-/delete").status_code == 303
    top = wiki.page("top")
    if first == "deleted":
        assert wiki.post("eve", "/eng/top/-/delete").status_code == 303
    if first == "elsewhere":
        wiki.agree("eve", wiki.post("eve", "/eng/top/-/move", path="top", space="lab"))
        assert wiki.page("top", space="lab").id == top.id
    with wiki.database.write() as session:
        head = session.get_one(Page, top.id).head
        purge_page(session, wiki.actor("ada"), top.id, seen=head, anywhere=True)
    assert wiki.get("ben", "/eng/top/below/-/history").status_code == 404
    with wiki.database.write() as session:
        restore_page(session, wiki.actor("eve"), page.id)
    assert wiki.get("eve", "/eng/top/below").status_code == 200
    assert wiki.get("ben", "/eng/top/below").status_code == 404


def test_a_subtree_leaves_what_its_mover_may_not_edit_where_it_is(
    wiki: Scene, restrict: Restrict
) -> None:
    wiki.write("top", "x")
    wiki.write("top/open", "x")
    wiki.write("top/closed", "x")
    restrict("top/closed", "eve")
    screen = wiki.get("ben", "/eng/top/-/move").text
    assert "top/open" in screen and "closed" not in screen
    moved = wiki.post("ben", "/eng/top/-/move", path="new", space="eng", subtree="1")
    assert moved.status_code == 303
    assert wiki.get("eve", "/eng/top/closed").status_code == 200
    assert wiki.get("eve", "/eng/new/open").status_code == 200
    assert wiki.get("ben", "/eng/top/closed").status_code == 404


def test_a_right_that_is_taken_is_gone_from_the_next_request(wiki: Scene) -> None:
    wiki.write("page", "x", space="lab")
    assert wiki.get("cai", "/lab/page").status_code == 200
    assert wiki.post("eve", "/lab/-/members", person="cai", role="none").status_code == 303
    assert wiki.get("cai", "/lab/page").status_code == 404
    assert wiki.get("cai", "/lab/").status_code == 404


def test_the_history_tells_of_labels_and_restrictions(wiki: Scene) -> None:
    wiki.write("page", "x")
    wiki.post("eve", "/eng/page/-/access", label="internal")
    wiki.post("eve", "/eng/page/-/access", may="edit", who="ben")
    told = wiki.get("ben", "/eng/page/-/history").text
    assert "labelled the page internal" in told
    assert "restricted editing to Ben" in told


def test_who_is_no_member_learns_of_no_names(wiki: Scene) -> None:
    wiki.write("page", "x", space="fair")
    assert wiki.get("gus", "/fair/page").status_code == 200
    assert wiki.get("gus", "/fair/page/-/access").status_code == 404


def choices(shown: str, name: str) -> list[tuple[str, str, bool]]:
    """Value, words and whether it is selected, of each option of a select."""
    options = re.search(rf'<select[^>]* name="{name}".*?</select>', shown, re.S)
    assert options, f"no select named {name}"
    found = re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)<', options[0])
    return [(value, words, bool(selected)) for value, selected, words in found]


def selected(shown: str, name: str) -> tuple[str, str]:
    return next((value, words) for value, words, held in choices(shown, name) if held)


def label_space(wiki: Scene, label: Label) -> None:
    with wiki.database.write() as session:
        session.get_one(Space, wiki.page("page").space_id).label = int(label)


def events_named(wiki: Scene, name: str) -> int:
    with wiki.database.read() as session:
        found = select(func.count()).select_from(EventRow).where(EventRow.name == name)
        return session.scalar(found) or 0


def test_a_page_without_a_label_shows_what_it_inherits_and_from_where(wiki: Scene) -> None:
    wiki.write("page", "words")
    wiki.write("page/below", "words")
    label_space(wiki, Label.INTERNAL)
    shown = wiki.get("eve", "/eng/page/-/access").text
    assert selected(shown, "label") == ("inherit", "Inherit (internal)")
    assert [value for value, _, _ in choices(shown, "label")] == [
        "inherit",
        "internal",
        "confidential",
        "restricted",
    ]
    assert "inherited from the space Eng" in shown
    label(wiki, "page", Label.CONFIDENTIAL)
    below = wiki.get("eve", "/eng/page/below/-/access").text
    assert selected(below, "label") == ("inherit", "Inherit (confidential)")
    assert 'inherited from <a href="/eng/page" dir="auto">page</a>' in below


def test_saving_a_label_form_unchanged_changes_nothing(wiki: Scene) -> None:
    wiki.write("page", "words")
    wiki.write("page/below", "words")
    label_space(wiki, Label.INTERNAL)
    label(wiki, "page/below", Label.INTERNAL)
    label(wiki, "page", Label.CONFIDENTIAL)
    before = events_named(wiki, "PageLabelled")
    for path, own in (("page", Label.CONFIDENTIAL), ("page/below", Label.INTERNAL)):
        here = f"/eng/{path}/-/access"
        value, _ = selected(wiki.get("eve", here).text, "label")
        wiki.post("eve", here, label=value)
        assert "Nothing was changed." in wiki.get("eve", here).text
        assert wiki.page(path).label == own
    assert events_named(wiki, "PageLabelled") == before


def test_a_lower_label_of_its_own_says_that_the_inherited_one_holds(wiki: Scene) -> None:
    wiki.write("page", "words")
    wiki.write("page/below", "words")
    label(wiki, "page/below", Label.INTERNAL)
    label(wiki, "page", Label.RESTRICTED)
    shown = wiki.get("eve", "/eng/page/below/-/access").text
    assert selected(shown, "label") == ("internal", "internal (restricted applies)")
    answer = wiki.post("eve", "/eng/page/below/-/access", label="inherit")
    assert answer.status_code == 303
    said = wiki.get("eve", "/eng/page/below/-/access").text
    assert "This page now inherits the label restricted from the page “page”." in said
    assert wiki.page("page/below").label == Label.PUBLIC


def test_a_role_that_reads_no_more_than_the_spaces_label_shows_that_it_inherits(
    wiki: Scene,
) -> None:
    wiki.write("page", "words")
    label_space(wiki, Label.CONFIDENTIAL)
    shown = wiki.get("eve", "/eng/-/settings").text
    assert selected(shown, "reader") == ("internal", "Inherit (confidential)")
    assert selected(shown, "editor") == ("confidential", "Inherit (confidential)")
    before = events_named(wiki, "SpaceChanged")
    form = {name: selected(shown, name)[0] for name in ("label", "reader", "commenter", "editor")}
    sent = wiki.post(
        "eve", "/eng/-/settings", title="Eng", visibility="internal", member_role="reader", **form
    )
    assert sent.status_code == 303
    assert events_named(wiki, "SpaceChanged") == before


def test_only_those_who_may_edit_find_out_whether_there_is_an_account(wiki: Scene) -> None:
    wiki.write("rota", "words")
    form = {"may": "read", "restriction": ""}
    answers = {
        wiki.post("cai", "/eng/rota/-/access", who=typed, **form).status_code
        for typed in ("dot@example.org", "dot", "no@example.org", "nobody", "")
    }
    assert answers == {403}
    assert wiki.post("ben", "/eng/rota/-/access", who="nobody", **form).status_code == 422
