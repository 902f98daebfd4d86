"""Members request access where they find nothing; leads grant or decline."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update
from werkzeug.test import TestResponse

from tests.cast import Scene, csrf_token, without_tokens
from wiki.db import now
from wiki.purging.actions import purge_page
from wiki.requests.handlers import forget_old_requests
from wiki.requests.models import AccessRequest
from wiki.spaces.models import Membership, Space

pytestmark = pytest.mark.every_database
ADDRESSES = ["/lab/plan", "/lab/", "/lab/plan/-/history", "/lab/-/members", "/lab/plan/-/diff/1..2"]


def neutral(answer: TestResponse) -> str:
    """An answer without its tokens and its address."""
    return without_tokens(answer.text).replace("nowhere", "lab")


def requests(wiki: Scene) -> list[AccessRequest]:
    with wiki.database.read() as session:
        return list(session.scalars(select(AccessRequest).order_by(AccessRequest.id)))


def letters_to(wiki: Scene, handle: str) -> list[str]:
    return [
        str(letter["Subject"])
        for letter in wiki.letters()
        if letter["To"] == f"{handle}@example.org"
    ]


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_offer_is_the_same_on_what_is_hidden_and_on_what_does_not_exist(
    wiki: Scene, address: str
) -> None:
    wiki.write("plan", "one", space="lab")
    hidden = wiki.get("dot", address)
    missing = wiki.get("dot", address.replace("/lab/", "/nowhere/"))
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert "/-/request-access?at=/lab/" in hidden.text.replace("%2F", "/")
    assert neutral(hidden) == neutral(missing)
    assert "request-access" not in wiki.get("gus", address).text
    assert "request-access" not in wiki.get("nobody", address).text


def test_a_refusal_names_the_leads_and_offers_to_request_a_role(wiki: Scene) -> None:
    wiki.write("setup", "one")
    refused = wiki.get("cai", "/eng/setup/-/edit")
    assert refused.status_code == 403
    assert ">Eve<" in refused.text
    assert "/-/request-access?at=/eng/setup/-/edit" in refused.text.replace("%2F", "/")
    form = wiki.get("cai", "/-/request-access?at=/eng/setup/-/edit").text
    assert "If there is something" not in form
    assert ">Eve<" in form
    wiki.post("cai", "/-/request-access", at="/eng/setup/-/edit", message="I run it now")
    assert "already has the role reader" in wiki.get("eve", "/eng/-/requests").text
    wiki.post("eve", "/eng/-/requests", request=requests(wiki)[0].id, role="editor")
    assert wiki.get("cai", "/eng/setup/-/edit").status_code == 200


def test_a_refusal_in_no_space_names_nobody(wiki: Scene) -> None:
    refused = wiki.get("cai", "/-/admin")
    assert refused.status_code == 403
    assert "request-access" not in refused.text


def test_no_other_address_has_the_offer(wiki: Scene) -> None:
    for address in ("/-/nothing", "/Lab/plan", "/-/p/77", "/favicon.ico/x"):
        answer = wiki.get("dot", address)
        assert answer.status_code == 404
        assert "request-access" not in answer.text


def test_asking_says_nothing_about_what_is_there(wiki: Scene) -> None:
    wiki.write("plan", "one", space="lab")
    statements: list[str] = []

    @event.listens_for(wiki.database.writer, "before_cursor_execute")
    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        statements.append(re.sub(r"\s+", " ", statement))

    told = []
    for slug in ("lab", "nowhere"):
        form = wiki.get("dot", f"/-/request-access?at=/{slug}/plan")
        statements.clear()
        sent = wiki.post("dot", "/-/request-access", at=f"/{slug}/plan", message="Please.")
        ran = list(statements)
        after = wiki.get("dot", str(sent.location))
        told.append((neutral(form), sent.status_code, sent.location, neutral(after), ran))
        assert "Request sent" in after.text
    assert told[0] == told[1]
    assert [(row.slug, row.path, row.message) for row in requests(wiki)] == [
        ("lab", "plan", "Please."),
        ("nowhere", "plan", "Please."),
    ]
    assert wiki.deliver() > 0


def test_leads_are_told_once_and_grant(wiki: Scene) -> None:
    wiki.write("plan", "one", space="lab")
    wiki.post("dot", "/-/request-access", at="/lab/plan/-/history", message="For the audit")
    wiki.post("dot", "/-/request-access", at="/lab/plan", message="For the <b>audit</b>")
    assert len(requests(wiki)) == 1
    assert letters_to(wiki, "eve") == ["Dot requests access to Lab"]
    assert letters_to(wiki, "ben") == []
    assert "Access requests (1)" in wiki.get("eve", "/lab/").text
    assert "Access requests" not in wiki.get("ben", "/lab/").text
    assert '1 person requests access to <span dir="auto">Lab' in wiki.get("eve", "/").text
    assert "requests access to" not in wiki.get("ben", "/").text
    assert wiki.get("ben", "/lab/-/requests").status_code == 403
    assert wiki.get("dot", "/lab/-/requests").status_code == 404
    shown = wiki.get("eve", "/lab/-/requests").text
    assert "For the &lt;b&gt;audit" in shown
    number = requests(wiki)[0].id
    asked = wiki.post("eve", "/lab/-/requests", request=number, role="reader")
    assert asked.status_code == 409  # it shows what Dot could read then
    assert len(requests(wiki)) == 1
    assert wiki.get("dot", "/lab/plan").status_code == 404
    assert wiki.agree("eve", asked).status_code == 303
    assert letters_to(wiki, "dot") == ["You now have access to Lab"]
    assert requests(wiki) == []
    assert wiki.get("dot", "/lab/plan").status_code == 200
    assert "Access requests" not in wiki.get("eve", "/lab/").text


def test_a_grant_that_exposes_nothing_needs_no_consent(wiki: Scene) -> None:
    wiki.post("dot", "/-/request-access", at="/lab/")
    number = requests(wiki)[0].id
    assert wiki.post("eve", "/lab/-/requests", request=number, role="lead").status_code == 422
    assert wiki.post("ben", "/lab/-/requests", request=number, role="reader").status_code == 403
    assert wiki.post("eve", "/eng/-/requests", request=number, role="reader").status_code == 404
    done = wiki.post("eve", "/lab/-/requests", request=number, role="editor")
    assert done.status_code == 303
    assert requests(wiki) == []
    assert wiki.get("dot", "/lab/-/new").status_code == 200
    assert letters_to(wiki, "dot") == ["You now have access to Lab"]


def test_a_grant_never_lowers_a_role(wiki: Scene) -> None:
    wiki.post("ben", "/-/request-access", at="/lab/hidden")
    number = requests(wiki)[0].id
    assert "already has the role editor" in wiki.get("eve", "/lab/-/requests").text
    assert wiki.post("eve", "/lab/-/requests", request=number, role="reader").status_code == 303
    with wiki.database.read() as session:
        lab = session.scalars(select(Space).where(Space.slug == "lab")).one()
        membership = session.get_one(Membership, (lab.id, wiki.actor("ben").person_id))
        assert membership.role == 3


def test_who_was_declined_is_not_told_and_the_leads_are_left_alone(wiki: Scene) -> None:
    wiki.post("dot", "/-/request-access", at="/lab/plan", message="one")
    number = requests(wiki)[0].id
    assert wiki.post("eve", "/lab/-/requests", request=number, decline="1").status_code == 303
    again = wiki.post("dot", "/-/request-access", at="/lab/plan", message="two")
    assert again.status_code == 303
    assert "Request sent" in wiki.get("dot", str(again.location)).text
    assert letters_to(wiki, "dot") == []
    assert letters_to(wiki, "eve") == ["Dot requests access to Lab"]
    assert "No access requests" in wiki.get("eve", "/lab/-/requests").text
    assert wiki.post("eve", "/lab/-/requests", request=number, role="reader").status_code == 404
    account = wiki.get("dot", "/-/me").text
    assert "/lab/" not in account and ">Lab<" not in account


def test_a_space_made_later_does_not_get_earlier_requests(wiki: Scene) -> None:
    wiki.post("dot", "/-/request-access", at="/fresh/plan", message="for somebody else")
    wiki.post("cai", "/-/spaces/new", slug="fresh", title="Fresh", visibility="private")
    assert wiki.get("cai", "/fresh/-/requests").status_code == 200
    assert "somebody else" not in wiki.get("cai", "/fresh/-/requests").text


def test_old_requests_are_deleted_for_what_exists_and_for_what_does_not(wiki: Scene) -> None:
    for slug in ("lab", "nowhere"):
        wiki.post("dot", "/-/request-access", at=f"/{slug}/plan")
    wiki.post("cai", "/-/request-access", at="/fair/")
    with wiki.database.write() as session:
        dot = wiki.actor("dot").person_id
        old = now() - timedelta(days=31)
        session.execute(
            update(AccessRequest).where(AccessRequest.person_id == dot).values(asked_at=old)
        )
    forget_old_requests(wiki.database, wiki.settings)
    assert [row.slug for row in requests(wiki)] == ["fair"]


def test_there_are_limits(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiki.requests.actions.MOST", 2)
    for slug, status in (("a", 303), ("lab", 303), ("b", 422), ("fair", 422), ("lab", 303)):
        assert wiki.post("dot", "/-/request-access", at=f"/{slug}/x").status_code == status
    long = wiki.post("dot", "/-/request-access", at="/lab/x", message="x" * 501)
    assert long.status_code == 422
    assert "x" * 501 in long.text
    assert wiki.post("dot", "/-/request-access", at="/-/admin").status_code == 422
    assert wiki.post("dot", "/-/request-access", at="https://evil.example/x/").status_code == 422
    assert wiki.post("gus", "/-/request-access", at="/lab/x").status_code == 403
    assert wiki.get("gus", "/-/request-access?at=/lab/x").status_code == 403


def test_members_request_a_hidden_page_of_a_space_that_they_read(wiki: Scene) -> None:
    answer = wiki.get("cai", "/eng/none")
    assert answer.status_code == 404
    assert "/-/request-access?at=/eng/none" in answer.text
    form = wiki.get("cai", "/-/request-access?at=/eng/none")
    assert csrf_token(form.text)
    assert "/eng/none" in form.text


def test_purging_a_page_deletes_the_requests_that_name_it(wiki: Scene) -> None:
    page = wiki.write("plan", "one", space="lab")
    wiki.post("dot", "/-/request-access", at="/lab/plan/-/history")
    wiki.post("cai", "/-/request-access", at="/lab/planning")
    wiki.post("eve", "/lab/-/members", person="ada", role="reader")
    with wiki.database.write() as session:
        purge_page(session, wiki.actor("ada"), page.id, seen=1, anywhere=True)
    wiki.deliver()
    assert [row.path for row in requests(wiki)] == ["planning"]
