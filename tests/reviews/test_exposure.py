"""What opens something to more people is shown first; what opens much to many takes two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tests.cast import Scene, words_of
from wiki.outbox.models import EventRow
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.people.groups.actions import create_group, store_member
from wiki.people.models import Person
from wiki.reviews.approvals import deciders
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.rules.roles import Role
from wiki.spaces.actions import set_group_role
from wiki.spaces.consent import ACTIONS, UNASKED, Change, repeat
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space


def label(wiki: Scene, path: str, label: Label, space: str = "eng") -> None:
    with wiki.database.write() as session:
        page = wiki.page(path, space=space)
        restrictions.set_label(session, wiki.actor("eve"), page.id, label, consent=UNASKED)


def test_lowering_a_label_shows_who_could_read_what_and_changes_nothing_before(
    wiki: Scene,
) -> None:
    wiki.write("top", "one")
    wiki.write("top", "two")
    wiki.write("top/below", "one")
    wiki.attach("top/file.txt", b"x")
    label(wiki, "top", Label.CONFIDENTIAL)
    shown = wiki.post("eve", "/eng/top/-/access", label="internal")
    assert shown.status_code == 409
    # Ada, Cai and Dot are members who read; Ben edits, and Gus is a guest.
    said = "3 more people could then read 2 pages, 1 file and 1 old revision."
    assert said in shown.text
    assert "Cai" in shown.text and "Ben" not in shown.text
    assert wiki.get("cai", "/eng/top").status_code == 404
    done = wiki.agree("eve", shown)
    assert done.status_code == 303
    assert done.headers["Location"] == "/eng/top/-/access"
    assert wiki.get("cai", "/eng/top").status_code == 200
    with wiki.database.read() as session:
        opened = session.scalars(select(EventRow).where(EventRow.name == "Opened")).all()
    assert [event.payload["kind"] for event in opened] == ["label"]


def test_raising_a_label_asks_nothing(wiki: Scene) -> None:
    wiki.write("page", "x")
    assert wiki.post("eve", "/eng/page/-/access", label="confidential").status_code == 303


def test_who_agreed_to_something_else_is_shown_what_it_is_now(wiki: Scene) -> None:
    wiki.write("top", "one")
    label(wiki, "top", Label.CONFIDENTIAL)
    shown = wiki.post("eve", "/eng/top/-/access", label="internal")
    wiki.write("top/more", "another page meanwhile")
    again = wiki.agree("eve", shown)
    assert again.status_code == 409
    assert "2 pages" in again.text
    assert wiki.get("cai", "/eng/top").status_code == 404
    assert wiki.agree("eve", again).status_code == 303
    assert wiki.get("cai", "/eng/top").status_code == 200


def test_a_move_into_a_wider_space_shows_its_exposure(wiki: Scene) -> None:
    wiki.write("notes", "one", space="lab")
    shown = wiki.post("eve", "/lab/notes/-/move", path="notes", space="eng")
    assert shown.status_code == 409
    assert "2 more people could then read 1 page and 1 old revision." in shown.text  # Ada, Dot
    assert wiki.get("dot", "/eng/notes").status_code == 404
    assert wiki.agree("eve", shown).status_code == 303
    assert wiki.get("dot", "/eng/notes").status_code == 200


def test_a_new_member_is_added_after_it_was_shown_what_they_could_read(wiki: Scene) -> None:
    wiki.write("notes", "one", space="lab")
    shown = wiki.post("eve", "/lab/-/members", person="dot", role="reader")
    assert "1 more person could then read 1 page." in shown.text
    assert wiki.get("dot", "/lab/").status_code == 404
    assert wiki.agree("eve", shown).status_code == 303
    assert wiki.get("dot", "/lab/notes").status_code == 200


def test_what_is_not_public_goes_public_by_two_people(wiki: Scene) -> None:
    wiki.write("notes", "one", space="eng")
    with wiki.database.write() as session:
        space = session.scalars(select(Space).where(Space.slug == "eng")).one()
        space.label = int(Label.INTERNAL)
    form = {"title": "Eng", "visibility": "public", "member_role": "reader"}
    shown = wiki.post("eve", "/eng/-/settings", **form)
    assert shown.status_code == 409
    assert "Everyone on the internet could then read 1 page." in shown.text
    assert wiki.agree("eve", shown).status_code == 403  # one is not enough
    asked = wiki.agree("eve", shown, ask="1", reason="For our partners")
    assert asked.status_code == 303
    url = asked.headers["Location"]
    assert wiki.get("nobody", "/eng/notes").status_code == 404
    letters = [letter for letter in wiki.letters() if letter["To"] == "ada@example.org"]
    assert url in words_of(letters[-1])
    for stranger in ("cai", "dot", "gus"):
        assert wiki.get(stranger, url).status_code == 404
    assert wiki.post("eve", url, approve="1").status_code == 403
    assert "For our partners" in wiki.get("ada", url).text
    assert "needs your decision" in wiki.get("ada", "/-/approvals").text
    assert wiki.post("ada", url, approve="1").status_code == 303
    assert wiki.get("nobody", "/eng/notes").status_code == 200
    assert wiki.post("ada", url, approve="1").status_code == 422
    with wiki.database.read() as session:
        opened = session.scalars(select(EventRow).where(EventRow.name == "Opened")).one()
    assert opened.actor_id == wiki.actor("eve").person_id
    assert opened.payload["second"] == wiki.actor("ada").person_id


def test_what_was_refused_or_has_changed_is_not_done(wiki: Scene) -> None:
    object.__setattr__(wiki.settings, "second_person_from", 0)
    wiki.write("notes", "one")
    label(wiki, "notes", Label.CONFIDENTIAL)
    shown = wiki.post("eve", "/eng/notes/-/access", label="internal")
    first = wiki.agree("eve", shown, ask="1").headers["Location"]
    assert wiki.post("ada", first, refuse="1").status_code == 303
    assert wiki.get("cai", "/eng/notes").status_code == 404
    second = wiki.agree("eve", shown, ask="1").headers["Location"]
    wiki.write("notes/more", "meanwhile")
    refused = wiki.post("ada", second, approve="1")
    assert refused.status_code == 422
    assert "The effect of this change is different now" in refused.text
    assert wiki.get("cai", "/eng/notes").status_code == 404


def test_a_service_account_is_not_the_second_person(wiki: Scene) -> None:
    object.__setattr__(wiki.settings, "second_person_from", 0)
    wiki.write("notes", "one")
    robot = {"handle": "robot", "name": "Robot", "site_role": "member"}
    wiki.client("ada").post("/-/admin/services", data=robot)
    for handle in ("ada", "robot"):
        wiki.post("eve", "/eng/-/members", person=handle, role="lead")
    label(wiki, "notes", Label.CONFIDENTIAL)
    wiki.post("ada", "/eng/-/members", person="eve", role="none")
    shown = wiki.post("ada", "/eng/notes/-/access", label="internal")
    assert shown.status_code == 409
    assert wiki.agree("ada", shown, ask="1").status_code == 422
    assert wiki.agree("ada", shown).status_code == 303
    assert wiki.get("cai", "/eng/notes").status_code == 200


def test_a_change_of_somebody_elses_cannot_be_sent(wiki: Scene) -> None:
    wiki.write("notes", "one")
    label(wiki, "notes", Label.CONFIDENTIAL)
    shown = wiki.post("eve", "/eng/notes/-/access", label="internal")
    assert wiki.agree("ben", shown).status_code == 404
    assert wiki.post("eve", "/-/exposures", change="nonsense", digest="").status_code == 404


def test_programs_get_the_figures_and_agree_by_sending_them(wiki: Scene) -> None:
    wiki.write("notes", "one", space="lab")
    answer = wiki.client("eve").post(
        "/lab/notes/-/move",
        data={"path": "notes", "space": "eng"},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 409
    told = answer.get_json()
    assert (told["people"], told["pages"], told["everyone"]) == (2, 1, False)


def test_who_leads_by_a_group_is_asked_too(wiki: Scene) -> None:
    with wiki.database.write() as session:
        ada, eve = wiki.actor("ada"), wiki.actor("eve")
        group = create_group(session, ada, handle="leads", name="Leads")
        dot = session.get_one(Person, wiki.actor("dot").person_id)
        store_member(session, ada, group, dot, member=True)
        lab = see_space(session, eve, "lab")
        set_group_role(session, lab, group, Role.LEAD, consent=UNASKED)
        change = Change("space", {}, lab.space.id)
        assert "dot" in {person.handle for person in deciders(session, eve, change)}


def test_changes_that_were_stored_earlier_can_still_be_made(wiki: Scene) -> None:
    wiki.write("notes", "one", space="lab")
    with wiki.database.write() as session:
        ada, eve, dot = wiki.actor("ada"), wiki.actor("eve"), wiki.actor("dot").person_id
        one, other = (create_group(session, ada, handle=name, name=name).id for name in "ab")
        page, space_id = wiki.page("notes", space="lab"), see_space(session, eve, "lab").space.id
        everyone = AccessList(May.READ, [])
        restrictions.restrict(session, eve, page.id, everyone, consent=UNASKED)
        held = restrictions.own_restrictions(session, page)[0].id
    here = {"space_id": space_id}
    values = {"title": "Lab", "description": "", "visibility": "internal", "member_role": 1}
    labels = {"label": 1, "reader_clearance": 1, "commenter_clearance": 2, "editor_clearance": 2}
    listed = {"page_id": page.id, "restriction_id": held}
    moved = {"path": "moved", "message": "", "with_subtree": True, "repair": False}
    guest = {"role": "reader", "site_role": "guest", "email": "x@example.org"}
    stored: dict[str, tuple[str, dict[str, Any]]] = {
        "space": ("Settings saved.", {**here, **values, **labels}),
        "role": ("Dot is commenter now.", {**here, "person_id": dot, "role": "commenter"}),
        "group_role": ("a is lead now.", {**here, "group_id": one, "role": "lead"}),
        "group_member": (
            "Dot was added to b.",
            {"group_id": other, "person_id": dot, "member": True},
        ),
        "group_part": ("b was added to a.", {"group_id": one, "part_id": other, "inside": True}),
        "restrict": (
            "Access list changed.",
            {**listed, "people": [dot], "groups": [one], "may": "read"},
        ),
        "lift": ("Restriction lifted.", listed),
        "label": (
            "This page is now labelled confidential.",
            {"page_id": page.id, "label": "confidential"},
        ),
        "move": ("Page moved.", {**here, **moved, "page_id": page.id}),
        "invite": ("x@example.org was invited.", {**here, **guest}),
    }
    assert stored.keys() == ACTIONS.keys()
    for kind, (said, payload) in stored.items():
        with wiki.database.write() as session:
            actor = ada if kind in ("group_member", "group_part") else eve
            done = repeat(session, wiki.settings, actor, Change(kind, payload), UNASKED)
            assert done.said == said
    with wiki.database.read() as session:
        space = session.get_one(Space, space_id)
    assert (space.title, space.visibility, space.label) == ("Lab", "internal", 1)
    assert space.facts(Role.NONE).clearances == (1, 2, 2)
    assert wiki.page("moved", space="lab").label == Label.CONFIDENTIAL
