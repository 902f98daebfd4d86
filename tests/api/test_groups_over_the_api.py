"""Groups over the API: members read them, admins change them, to all others there are none."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api
from tests.cast import Scene


@pytest.fixture
def finance(api: Api) -> Api:
    """Finance, with Ben in it, is a part of the company."""
    for handle in ("company", "finance"):
        made = api.put("ada", f"/groups/{handle}", {"name": handle.capitalize()})
        assert made.status_code == 201
    assert api.call("ada", "PUT", "/groups/finance/people/ben").status_code == 204
    assert api.call("ada", "PUT", "/groups/company/parts/finance").status_code == 204
    return api


def test_members_list_and_read_groups(finance: Api) -> None:
    listed = finance.get("cai", "/groups").json
    assert [(row["handle"], row["people"]) for row in listed["groups"]] == [
        ("company", 1),
        ("finance", 1),
    ]
    read = finance.get("cai", "/groups/Finance").json
    assert read["url"] == "/-/groups/finance"
    assert [row["handle"] for row in read["inside_of"]] == ["company"]
    assert read["parts"] == []
    assert finance.get("cai", "/groups/company/people").json["people"] == [
        {"handle": "ben", "name": "Ben", "photo": None, "itself": False, "through": ["finance"]}
    ]
    assert [row["handle"] for row in finance.get("cai", "/groups?q=FIN").json["groups"]] == [
        "finance"
    ]


def test_lists_are_read_slice_by_slice(finance: Api, wiki: Scene) -> None:
    for handle in ("eve", "cai", "dot", "gus"):
        finance.call("ada", "PUT", f"/groups/company/people/{handle}")
    for address, key, count in (("/groups", "groups", 2), ("/groups/company/people", "people", 5)):
        found = []
        following = f"{address}?limit=1"
        while following:
            answer = finance.get("cai", following)
            found += [row["handle"] for row in answer.json[key]]
            following = (answer.json["next"] or "").removeprefix("/-/api/v1")
            assert bool(following) == ("Link" in answer.headers)
        assert len(found) == len(set(found)) == count
    for limit in ("0", "501", "x"):
        assert finance.get("cai", f"/groups?limit={limit}").status_code == 422


def test_admins_change_groups(finance: Api) -> None:
    changed = finance.put("ada", "/groups/finance", {"name": "Money", "description": "All"})
    assert (changed.status_code, changed.json["name"]) == (200, "Money")
    assert finance.call("ada", "PUT", "/groups/finance/people/ben").status_code == 204
    assert finance.call("ada", "DELETE", "/groups/finance/people/ben").status_code == 204
    assert finance.call("ada", "DELETE", "/groups/finance/people/ben").status_code == 204
    assert finance.get("cai", "/groups/company").json["people"] == 0
    assert finance.call("ada", "DELETE", "/groups/company/parts/finance").status_code == 204
    assert finance.get("cai", "/groups/company").json["parts"] == []
    assert finance.call("ada", "DELETE", "/groups/finance").status_code == 204
    assert finance.get("cai", "/groups/finance").status_code == 404
    assert finance.call("ada", "DELETE", "/groups/finance").status_code == 404


WRITES = [
    ("PUT", "/groups/finance"),
    ("PUT", "/groups/new"),
    ("DELETE", "/groups/finance"),
    ("PUT", "/groups/finance/people/cai"),
    ("DELETE", "/groups/finance/people/ben"),
    ("PUT", "/groups/finance/people/nobody"),
    ("DELETE", "/groups/finance/people/no@example.org"),
    ("PUT", "/groups/finance/parts/company"),
    ("DELETE", "/groups/company/parts/finance"),
]


@pytest.mark.parametrize(("method", "address"), WRITES)
def test_others_do_not(finance: Api, method: str, address: str) -> None:
    sent = {"json": {"name": "X"}} if method == "PUT" and address.count("/") == 2 else {}
    assert finance.call("cai", method, address, **sent).status_code == 403
    assert finance.call("gus", method, address, **sent).status_code == 404
    assert finance.call("nobody", method, address, **sent).status_code == 401
    token = {"Authorization": f"Bearer {finance.token('ada', writes=False)}"}
    refused = finance.call("nobody", method, address, headers=token, **sent)
    assert refused.status_code == 403


def test_who_is_in_a_group_may_leave_it(finance: Api) -> None:
    assert finance.call("ben", "DELETE", "/groups/finance/people/ben").status_code == 204
    assert finance.call("ben", "PUT", "/groups/finance/people/ben").status_code == 403


def test_to_guests_and_strangers_there_are_no_groups(finance: Api) -> None:
    finance.call("ada", "PUT", "/groups/finance/people/gus")
    for who in ("gus", "nobody"):
        absent = finance.get(who, "/groups/nothing")
        for address in ("/groups", "/groups/finance", "/groups/finance/people"):
            hidden = finance.get(who, address)
            assert hidden.status_code == 404
            assert hidden.data == absent.data


@pytest.mark.parametrize(
    ("method", "address", "sent", "status", "words"),
    [
        ("PUT", "/groups/ben", {"name": "B"}, 409, "is taken"),
        ("PUT", "/groups/not%20one", {"name": "B"}, 422, "short name"),
        ("PUT", "/groups/~x", {"name": "B"}, 422, "short name"),
        ("PUT", "/groups/%00", {"name": "B"}, 422, "short name"),
        ("PUT", "/groups/finance", {"name": " "}, 422, "needs a name"),
        ("PUT", "/groups/finance", {"name": "x" * 201}, 422, "up to 200"),
        ("PUT", "/groups/finance", {"name": 3}, 422, "must be a string"),
        ("PUT", "/groups/finance", {"name": "x", "people": []}, 422, "Unknown field"),
        ("PUT", "/groups/finance", {}, 422, "missing"),
        ("PUT", "/groups/finance/parts/company", None, 409, "can’t contain itself"),
        ("PUT", "/groups/finance/parts/finance", None, 409, "can’t contain itself"),
        ("PUT", "/groups/finance/parts/nothing", None, 404, ""),
        ("PUT", "/groups/nothing/parts/finance", None, 404, ""),
        ("PUT", "/groups/finance/people/nobody", None, 404, ""),
        ("PUT", "/groups/finance/people/%00", None, 404, ""),
        ("DELETE", "/groups/%00", None, 404, ""),
        ("GET", "/groups/%00", None, 404, ""),
        ("GET", "/groups/finance/people?after=x", None, 422, "isn’t a position in this list"),
        ("GET", "/groups?q=%00", None, 200, ""),
    ],
)
def test_what_makes_no_sense_is_answered_with_a_sentence(
    finance: Api, method: str, address: str, sent: object, status: int, words: str
) -> None:
    options = {} if sent is None else {"json": sent}
    answer = finance.call("ada", method, address, **options)
    assert answer.status_code == status
    assert words in answer.json.get("detail", "")
