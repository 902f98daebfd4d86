"""The panel of a space: who can see it, and why."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.cast import Scene, without_tokens
from wiki.people.actions import create_person
from wiki.people.groups.actions import create_group, store_member
from wiki.people.models import Person
from wiki.rules.access import ANONYMOUS
from wiki.rules.roles import Role
from wiki.spaces.actions import set_group_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.queries import see_space


def test_the_panel_says_who_has_which_role_and_by_what(wiki: Scene) -> None:
    with wiki.database.write() as session:
        ada = wiki.actor("ada")
        group = create_group(session, ada, handle="writers", name="Writers")
        dot = session.get_one(Person, wiki.actor("dot").person_id)
        store_member(session, ada, group, dot, member=True)
        lab = see_space(session, wiki.actor("eve"), "lab")
        set_group_role(session, lab, group, Role.EDITOR, consent=UNASKED)
    wiki.write("", "Home", space="lab")
    panel = wiki.get("cai", "/lab/-/access").text
    assert '4 people can read <b dir="auto">Lab</b>' in panel
    assert 'by group <a href="/-/groups/writers">Writers</a>' in panel
    assert "Cai" in wiki.get("cai", "/lab/-/access?show=read").text
    assert "added directly" in panel
    assert "No guests" in wiki.get("cai", "/lab/-/access?show=guests").text
    assert "Gus" in wiki.get("eve", "/fair/-/access?show=guests").text
    assert 'href="/lab/-/access?of=page"' in panel, "the space's own page has a panel of its own"
    page = wiki.get("eve", "/lab/-/access?of=page").text
    assert "Restrictions" in page
    words = " ".join(re.sub("<[^>]+>", "", page).split())
    assert "Added to it: group Writers as editor, 3 people (members)." in words


def test_it_answers_about_somebody_with_the_reason(wiki: Scene) -> None:
    told = wiki.get("cai", "/lab/-/access?person=ben").text
    assert "Editing: Ben is an editor in Lab." in told
    assert "Role from: added directly." in told and "up to the label confidential" in told
    told = wiki.get("cai", "/lab/-/access?person=dot").text
    assert "Reading: Dot has no access to Lab." in told


def test_guests_who_only_read_have_no_panel_and_what_is_hidden_answers_as_what_is_absent(
    wiki: Scene,
) -> None:
    assert wiki.get("gus", "/fair/-/access").status_code == 404
    for who in ("dot", "gus"):
        for query in ("", "?of=page", "?show=guests", "?person=ben"):
            hidden = wiki.get(who, f"/lab/-/access{query}")
            absent = wiki.get(who, f"/bal/-/access{query}")
            assert hidden.status_code == absent.status_code == 404
            assert without_tokens(hidden.text.replace("/lab/", "/bal/")) == without_tokens(
                absent.text
            )


@pytest.mark.every_database
@pytest.mark.parametrize("panel", ["/eng/-/access", "/eng/-/access?of=page"])
def test_every_reader_is_listed_once_whatever_the_alphabet_of_their_name(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch, panel: str
) -> None:
    monkeypatch.setattr("wiki.spaces.audience.ROWS", 1)
    wiki.write("", "Home")
    names = ("İnci", "Iris", "ΟΔΟΣ", "Οδος", "Πέτρος", "Émile", "ẞ")
    handles = ["ada", "ben", "cai", "dot", "eve"]
    with wiki.database.write() as session:
        for number, name in enumerate(names):
            handles.append(f"p{number}")
            create_person(session, ANONYMOUS, handle=f"p{number}", name=name)
    url, listed = panel, list[str]()
    for _ in handles:
        shown = wiki.get("cai", url).text
        people = shown.partition('id="people-title"')[2]
        listed += re.findall(r'class="row-title" href="/-/people/(\w+)"', people)
        more = re.search(r'href="([^"]+)"[^>]*>More people', shown)
        if not more:
            break
        url = unescape(more[1])
    assert sorted(listed) == sorted(handles)
