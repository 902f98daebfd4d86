"""Mentions are links to people and groups whom the reader may know, else plain text."""

import re

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.people.groups.actions import create_group
from wiki.rules.access import May

BODY = "@Ben @nobody @Override @media @e @crew @Eve"


def linked(text: str) -> list[str]:
    return re.findall(r'<a class="wl-\d+ mention"[^>]*>(@[^<]*)</a>', text)


def with_a_group(wiki: Scene) -> None:
    with wiki.database.write() as session:
        create_group(session, wiki.actor("ada"), handle="crew", name="Crew")


def test_a_mention_of_nobody_is_plain_text(wiki: Scene) -> None:
    with_a_group(wiki)
    wiki.write("note", BODY)
    shown = wiki.get("cai", "/eng/note").text
    assert linked(shown) == ["@Ben", "@crew", "@Eve"]
    assert "@nobody @Override @media @e" in shown


def test_a_mention_becomes_a_link_when_somebody_takes_the_name(wiki: Scene) -> None:
    wiki.write("note", "@crew")
    assert linked(wiki.get("cai", "/eng/note").text) == []
    with_a_group(wiki)
    assert linked(wiki.get("cai", "/eng/note").text) == ["@crew"]


def test_a_mention_tells_nobody_of_whom_they_may_not_know(wiki: Scene) -> None:
    with_a_group(wiki)
    wiki.write("note", BODY, space="fair", by="eve")
    assert linked(wiki.get("gus", "/fair/note").text) == ["@Eve"]


def test_mentions_in_old_revisions_previews_and_included_pages_are_read_the_same(
    wiki: Scene,
) -> None:
    wiki.write("note", BODY)
    wiki.post("ben", "/eng/note/-/edit", title="note", body="![[other]]", base=1)
    wiki.write("other", BODY)
    assert linked(wiki.get("cai", "/eng/note?revision=1").text) == ["@Ben", "@Eve"]
    assert linked(wiki.get("cai", "/eng/note").text) == ["@Ben", "@Eve"]
    form = {"title": "x", "body": BODY, "preview": "1"}
    assert linked(wiki.post("ben", "/eng/-/new", **form).text) == ["@Ben", "@Eve"]


def test_mentions_take_one_statement_however_many_there_are(wiki: Scene) -> None:
    wiki.write("none", "nobody at all")
    wiki.write("one", "@ben")
    wiki.write("many", " ".join(f"@name{number}" for number in range(600)) + " @ben")
    counts = []
    for path in ("none", "one", "many"):
        wiki.get("cai", f"/eng/{path}")
        wiki.write(f"beside-{path}", "x")  # what was remembered is forgotten
        with counted(wiki) as made:
            wiki.get("cai", f"/eng/{path}")
        counts.append(sum("people.handle IN" in one for one in made))
    assert counts == [0, 1, 1]


def offered(wiki: Scene, who: str, page: str, typed: str) -> list[str]:
    answer = wiki.client(who).get(f"/{page}/-/mentions", query_string={"q": typed})
    assert answer.status_code == 200
    return re.findall(r'value="@([^"]+)"', answer.text)


def test_only_people_who_can_read_the_page_are_offered(wiki: Scene) -> None:
    with_a_group(wiki)
    wiki.write("plan", "x")
    wiki.write("plan", "x", space="lab")
    assert offered(wiki, "eve", "eng/plan", "do") == ["dot"]
    assert offered(wiki, "eve", "lab/plan", "do") == []
    assert offered(wiki, "eve", "lab/plan", "ca") == ["cai"]
    assert offered(wiki, "eve", "lab/plan", "cre") == []  # nobody of the group reads the lab
    wiki.post("ada", "/-/groups/crew/put", who="cai")
    assert offered(wiki, "eve", "lab/plan", "cre") == ["crew"]
    reached = wiki.get("eve", "/lab/plan/-/mentions?q=cre").text
    assert "group of 1 person" in reached  # the others can't read the page
    with wiki.database.write() as session:
        nobody_else = AccessList(May.READ, (), ())
        restrict(session, wiki.actor("eve"), wiki.page("plan").id, nobody_else)
    for page in ("eng/plan", "eng/plan/below/it"):  # also where a page will be created
        assert offered(wiki, "eve", page, "do") == []
    assert wiki.get("cai", "/lab/plan/-/mentions?q=do").status_code == 403
    hidden, absent = (wiki.get("dot", f"/{url}/-/mentions?q=c") for url in ("lab/plan", "no/plan"))
    assert hidden.status_code == absent.status_code == 404
