"""People with a role in a space: who may look for them, and which of them lead it."""

from __future__ import annotations

from tests.cast import Scene

MEMBERS = "/fair/-/members"


def test_only_those_who_may_manage_find_out_whether_there_is_an_account(wiki: Scene) -> None:
    wiki.post("eve", "/lab/-/members", person="gus", role="reader")
    for who, members in (("gus", MEMBERS), ("gus", "/lab/-/members"), ("cai", "/lab/-/members")):
        answers = {
            wiki.post(who, members, person=typed, role=role).status_code
            for typed in ("dot", "dot@example.org", "Dot", "nobody", "no@example.org", "@", "")
            for role in ("none", "reader")
        }
        assert answers == {403}
    assert wiki.post("eve", MEMBERS, person="no@example.org", role="reader").status_code == 422
    assert wiki.post("eve", MEMBERS, person="dot@example.org", role="reader").status_code == 303


def test_everybody_can_give_up_their_own_role(wiki: Scene) -> None:
    assert wiki.post("gus", MEMBERS, person="gus", role="editor").status_code == 403
    assert wiki.post("gus", MEMBERS, person="@gus", role="none").location == "/"
    assert wiki.post("ben", "/lab/-/members", person="ben@example.org", role="none").location == "/"
