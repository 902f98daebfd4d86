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


def make_robot(wiki: Scene, *, leads: str) -> None:
    """Make a service account that leads a space."""
    robot = {"handle": "robot", "name": "Robot", "site_role": "member"}
    wiki.client("ada").post("/-/admin/services", data=robot)
    assert wiki.post("eve", f"/{leads}/-/members", person="robot", role="lead").status_code == 303


def test_a_service_account_is_not_the_lead_that_a_space_needs(wiki: Scene) -> None:
    make_robot(wiki, leads="lab")
    for role in ("none", "editor"):
        refused = wiki.post("eve", "/lab/-/members", person="eve", role=role)
        assert refused.status_code == 422
        assert "A space needs a lead" in refused.text
    wiki.client("ada").post("/-/admin/groups", data={"handle": "humans", "name": "Humans"})
    wiki.post("ada", "/-/groups/humans/put", who="cai")
    wiki.post("eve", "/lab/-/members", person="@humans", role="lead")
    assert wiki.post("eve", "/lab/-/members", person="eve", role="none").status_code == 303
    kept = wiki.post("cai", "/-/groups/humans/leave")
    assert kept.status_code == 422
    assert "No one would lead “Lab” any more" in kept.text
    assert "No one else leads Lab" in wiki.get("ada", "/-/admin/people/cai").text
    assert "no lead" not in wiki.get("ada", "/-/admin/spaces").text
    wiki.post("ada", "/-/admin/people/cai/disable")
    assert wiki.get("ada", "/-/admin/spaces").text.count("no lead") == 1
