"""What a token opens: never more than its owner may do at that moment, and of the wiki no more than
the spaces that it is for."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from tests.api.conftest import OPERATIONS, V1, Api
from tests.attachments.samples import png
from tests.cast import Scene
from wiki.api import bearer
from wiki.db import Database, at, now
from wiki.errors import Forbidden, NotFound
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.people.groups.actions import create_group, list_groups
from wiki.people.models import ApiToken, Person, TokenSpace
from wiki.people.tokens import TokenScope, create_service, create_token
from wiki.rules.access import ANONYMOUS, may_administer, may_create_spaces, may_invite
from wiki.rules.roles import Role, SiteRole
from wiki.spaces.actions import give_role
from wiki.spaces.models import Space
from wiki.spaces.token_views import chosen_spaces
from wiki.web.operations import Operation


def token_for(wiki: Scene, who: str, *slugs: str, writes: bool = True, **more: Any) -> str:
    """A new token of somebody's, for these spaces only where there are any."""
    with wiki.database.write() as session:
        person = session.get_one(Person, wiki.actor(who).person_id)
        within = chosen_spaces(session, person.actor(), slugs) if slugs else None
        return create_token(
            session, person.actor(), person, TokenScope(writes, within), name="test", **more
        )[1]


def call(api: Api, token: str, method: str, address: str, **options: Any) -> TestResponse:
    headers = {"Authorization": f"Bearer {token}", **options.pop("headers", {})}
    return api.call("nobody", method, address, headers=headers, **options)


SENT: dict[str, dict[str, Any]] = {
    "put_page": {"json": {"body": "x", "base_revision": 2}},
    "move_page": {"json": {"title": "The plan"}},
    "put_file": {"data": b"bytes"},
    "bring_back": {"json": {"version": 1}},
    "undo_revision": {"json": {"message": "undo"}},
    "begin": {"headers": {"Upload-Length": "5"}},
    "send_piece": {"data": b"bytes", "headers": {"Upload-Offset": "0"}},
    "patch_space": {"json": {"icon": "leaf"}},
    "patch_preferences": {"json": {"theme": "dark"}},
    "put_photo": {"data": png()},
    "post_thread": {"json": {"body": "Third zeppelin?"}},
    "put_watch": {"json": {"space": "eng", "path": "plan", "level": "changes"}},
    "make_space": {"json": {"slug": "mine", "title": "Mine"}},
}
OF_A_SPACE = [one for one in OPERATIONS.values() if "{space}" in one.template]
OF_COMMENTS = [
    one for one in OPERATIONS.values() if one.template.startswith(("/threads/", "/messages/"))
]
OF_GROUPS = [one for one in OPERATIONS.values() if one.template.startswith("/groups")]
OF_ONESELF = [one for one in OPERATIONS.values() if one.template.startswith("/me/")]
OF_SYNONYMS = [one for one in OPERATIONS.values() if one.template.startswith("/synonyms")]
OF_ALL = [
    one
    for one in OPERATIONS.values()
    if "{" not in one.template
    and one.method == "GET"
    and one not in [*OF_GROUPS, *OF_ONESELF, *OF_SYNONYMS]
]
WRITES = [one for one in OPERATIONS.values() if one.writes]


def address_of(one: Operation, space: str, **values: str) -> str:
    found = one.template
    number = "2" if one.name == "undo_revision" else "1"  # the first revision can't be undone
    given = {"space": space, "path": "plan", "file": "plan/table.txt", "number": number}
    given |= {"thread": "1", "message": "1", "sign": "agree"}
    for name, value in {**given, "old": "1", "new": "2", "upload": "none", **values}.items():
        found = found.replace(f"{{{name}}}", value)
    return found


@pytest.fixture
def two_spaces(wiki: Scene) -> Scene:
    """The same content in the spaces ``eng``, ``lab`` and ``open``."""
    for space in ("eng", "lab", "open"):
        for body in ("First zeppelin.", "Second zeppelin."):
            wiki.write("plan", body, space=space, title="Plan", tags=(f"of {space}", "zeppelins"))
        for data in (b"one", b"two"):
            wiki.attach("plan/table.txt", data, space=space)
    wiki.deliver()
    return wiki


def names_a_space(one: Operation) -> bool:
    """Whether its query or its body says which space it is about."""
    in_body = is_dataclass(one.body) and any(field.name == "space" for field in fields(one.body))
    return in_body or any(query.name == "space" and query.required for query in one.queries)


NAMING_A_SPACE = [one for one in WRITES if names_a_space(one)]


def test_every_operation_is_of_a_space_of_all_or_of_an_upload() -> None:
    others = {"make_space", "read_upload", "send_piece", "give_up", "read_photo"}
    others |= {"remove_watch", "change_notice"}
    others |= {one.name for one in OF_COMMENTS}
    groups = {one.name for one in [*OF_GROUPS, *OF_SYNONYMS]}
    named = {one.name for one in NAMING_A_SPACE}
    assert {
        one.name for one in [*OF_A_SPACE, *OF_ALL, *OF_ONESELF]
    } | named | others | groups == set(OPERATIONS)


@pytest.mark.parametrize("one", NAMING_A_SPACE, ids=lambda one: one.name)
def test_a_space_outside_that_is_named_answers_as_one_that_does_not_exist(
    one: Operation, two_spaces: Scene, api: Api
) -> None:
    narrow = token_for(two_spaces, "eve", "eng")
    answers = []
    for space in ("lab", "nothing"):
        place = {"space": space, "path": "plan"}
        sent = {"json": place} if one.body else {"query_string": place}
        answers.append(call(api, narrow, one.method, one.template, **sent))
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize("one", OF_ONESELF, ids=lambda one: one.name)
def test_the_account_is_closed_to_a_token_for_some_spaces(
    one: Operation, two_spaces: Scene, api: Api
) -> None:
    sent = SENT.get(one.name, {})
    narrow, wide = token_for(two_spaces, "eve", "eng"), token_for(two_spaces, "eve")
    assert call(api, narrow, one.method, one.template, **sent).status_code == 403
    assert call(api, wide, one.method, one.template, **sent).status_code < 300


@pytest.mark.parametrize("one", OF_GROUPS, ids=lambda one: one.name)
def test_groups_are_not_there_for_a_token_for_some_spaces(
    one: Operation, two_spaces: Scene, api: Api
) -> None:
    with two_spaces.database.write() as session:
        create_group(session, two_spaces.actor("ada"), handle="finance", name="Finance")
    narrow = token_for(two_spaces, "ada", "open")
    sent = {"json": {"title": "Finance"}} if one.method == "PUT" else {}
    answers = [
        call(
            api,
            narrow,
            one.method,
            address_of(one, "eng", group=name, person="x", part="x"),
            **sent,
        )
        for name in ("finance", "nothing")
    ]
    assert answers[0].status_code in (403, 404)
    assert answers[0].data == answers[1].data


@pytest.mark.parametrize("one", OF_SYNONYMS, ids=lambda one: one.name)
def test_synonyms_of_the_site_are_closed_to_a_token_for_some_spaces(
    one: Operation, two_spaces: Scene, api: Api
) -> None:
    narrow = token_for(two_spaces, "ada", "open")
    sent = {"json": {"expressions": ["one", "two"]}} if one.body else {}
    address = address_of(one, "eng", synonyms="1", built_in="vacation")
    assert call(api, narrow, one.method, address, **sent).status_code == 403


@pytest.mark.parametrize("one", OF_A_SPACE, ids=lambda one: one.name)
def test_what_is_outside_its_spaces_answers_as_what_does_not_exist(
    one: Operation, two_spaces: Scene, api: Api
) -> None:
    narrow, wide = token_for(two_spaces, "eve", "eng"), token_for(two_spaces, "eve")
    sent = SENT.get(one.name, {})
    absent = call(api, narrow, one.method, address_of(one, "nothing"), **sent)
    assert absent.status_code == 404
    for outside in ("lab", "open"):
        for path in ("plan", "none"):
            address = address_of(one, outside, path=path)
            hidden = call(api, narrow, one.method, address, **sent)
            assert (hidden.status_code, hidden.data) == (404, absent.data), outside
            assert dict(hidden.headers) == dict(absent.headers), outside
    inside = call(api, narrow, one.method, address_of(one, "eng"), **sent)
    assert inside.status_code < 300, inside.text
    assert call(api, wide, one.method, address_of(one, "lab"), **sent).status_code < 300


@pytest.mark.parametrize("one", OF_ALL, ids=lambda one: one.name)
def test_what_lists_everything_says_nothing_of_what_is_outside(
    one: Operation, two_spaces: Scene, api: Api
) -> None:
    narrow = token_for(two_spaces, "eve", "eng")
    address = f"{one.template}{'?q=zeppelin' if one.name == 'search_pages' else ''}"
    before = call(api, narrow, "GET", address)
    assert before.status_code == 200
    # A list that is still empty here, of what people do themselves, is tested in its room.
    is_empty = all(value in ([], None, 0) for value in before.json.values())
    assert (
        is_empty
        or one.name in ("describe", "read_spaces")
        or "plan" in before.text
        or "zepp" in before.text
    )
    for slug in ("lab", "open"):
        # The description names the states of discussions, one of which is called like a space.
        assert f'"{slug}"' not in before.text or one.name == "describe"
        assert f"of {slug}" not in before.text
    two_spaces.write("more", "Third zeppelin.", space="lab", tags=("zeppelins",))
    two_spaces.write("plan", "Third zeppelin.", space="open", by="ben")
    with two_spaces.database.write() as session:
        session.execute(update(Space).where(Space.slug == "lab").values(title="Zeppelin works"))
    two_spaces.deliver()
    after = call(api, narrow, "GET", address)
    assert after.data == before.data


@pytest.mark.parametrize("one", [one for one in OF_ALL if one.queries], ids=lambda one: one.name)
def test_asked_for_a_space_outside_it_is_one_that_does_not_exist(
    one: Operation, two_spaces: Scene, api: Api
) -> None:
    narrow = token_for(two_spaces, "eve", "eng")
    asked = {
        slug: call(api, narrow, "GET", f"{one.template}?q=zeppelin&space={slug}")
        for slug in ("lab", "open", "nothing")
    }
    answers = {
        (found.status_code, found.text.replace(slug, "nothing")) for slug, found in asked.items()
    }
    assert len(answers) == 1


def test_authors_and_operators_find_nothing_outside(two_spaces: Scene, api: Api) -> None:
    narrow = token_for(two_spaces, "eve", "eng")
    two_spaces.write("plan", "By Ben.", space="open", by="ben")
    two_spaces.deliver()
    for asked in (
        "author:ben",
        "space:open",
        "space:lab",
        'title:"plan" space:lab',
        'tag:"of lab"',
    ):
        found = call(api, narrow, "GET", "/search", query_string={"q": asked}).json
        assert (found["total"], found["hits"]) == (0, []), asked
    assert call(api, narrow, "GET", "/pages?author=ben").json["pages"] == []
    assert call(api, narrow, "GET", "/pages?tag=of+lab").json["pages"] == []


def test_a_page_that_leaves_its_spaces_is_told_as_deleted(two_spaces: Scene, api: Api) -> None:
    narrow = token_for(two_spaces, "eve", "eng")
    with two_spaces.database.write() as session:
        moved = two_spaces.page("plan").id
        lab = session.scalars(select(Space).where(Space.slug == "lab")).one()
        move_page(session, two_spaces.actor("eve"), moved, MoveTo("from-eng", space=lab))
    last = call(api, narrow, "GET", "/changes?after=0&limit=1000").json["changes"][-1]
    assert (last["type"], last["space"], last["path"]) == ("page_deleted", "eng", "plan")
    assert call(api, narrow, "GET", "/pages/eng/plan").status_code == 404


@pytest.mark.parametrize("name", ["read_upload", "send_piece", "give_up"])
def test_an_upload_into_a_space_outside_is_not_found(
    name: str, two_spaces: Scene, api: Api
) -> None:
    narrow, wide = token_for(two_spaces, "eve", "eng"), token_for(two_spaces, "eve")
    begun = call(api, wide, "POST", "/uploads/lab/film.bin", headers={"Upload-Length": "5"})
    key = begun.headers["Location"].rpartition("/")[2]
    one = OPERATIONS[name]
    sent = SENT.get(name, {})
    hidden = call(api, narrow, one.method, address_of(one, "", upload=key), **sent)
    absent = call(api, narrow, one.method, address_of(one, "", upload="x" * len(key)), **sent)
    assert (hidden.status_code, hidden.data) == (404, absent.data)
    there = call(api, wide, one.method, address_of(one, "", upload=key), **sent)
    assert there.status_code < 300


def test_what_is_of_no_space_is_not_for_a_narrow_token(two_spaces: Scene, api: Api) -> None:
    narrow = token_for(two_spaces, "ada", "eng")
    refused = call(api, narrow, "POST", "/spaces", **SENT["make_space"])
    assert refused.status_code == 403
    assert "only in some spaces" in refused.json["detail"]
    with two_spaces.database.read() as session:
        ada = session.get_one(Person, two_spaces.actor("ada").person_id)
        acting = ada.actor(frozenset({1}))
        for may in (
            may_create_spaces(acting),
            may_administer(acting),
            may_invite(acting, SiteRole.GUEST),
        ):
            assert not may
        with pytest.raises(NotFound):
            list_groups(session, acting)
        with pytest.raises(Forbidden):
            create_token(session, acting, ada, TokenScope(True), name="wider")


@pytest.mark.parametrize("one", WRITES, ids=lambda one: one.name)
def test_a_token_that_reads_writes_nothing(one: Operation, two_spaces: Scene, api: Api) -> None:
    for slugs in ((), ("eng",)):
        reading = token_for(two_spaces, "eve", *slugs, writes=False)
        answers = set()
        for space in ("eng", "lab", "nothing"):
            refused = call(
                api, reading, one.method, address_of(one, space), **SENT.get(one.name, {})
            )
            assert refused.status_code == 403
            answers.add(refused.data)
        assert len(answers) == 1
    assert two_spaces.page("plan").head == 2


def test_a_token_whose_spaces_are_gone_opens_none(two_spaces: Scene, api: Api) -> None:
    narrow = token_for(two_spaces, "eve", "eng")
    with two_spaces.database.write() as session:
        session.execute(delete(TokenSpace))
    assert call(api, narrow, "GET", "/spaces").json == {"spaces": []}
    for space in ("eng", "open", "lab"):
        assert call(api, narrow, "GET", f"/pages/{space}/plan").status_code == 404


def test_a_token_never_grants_more_than_its_owner_has_now(two_spaces: Scene, api: Api) -> None:
    token = token_for(two_spaces, "cai", "lab")
    assert call(api, token, "GET", "/pages/lab/plan").status_code == 200
    assert call(api, token, "DELETE", "/pages/lab/plan").status_code == 403
    with two_spaces.database.write() as session:
        lab = session.scalars(select(Space).where(Space.slug == "lab")).one()
        give_role(
            session, two_spaces.actor("eve"), lab, two_spaces.actor("cai").person_id, Role.NONE
        )
    assert call(api, token, "GET", "/pages/lab/plan").status_code == 404


def test_a_disabled_owner_s_token_is_dead(two_spaces: Scene, api: Api) -> None:
    token = token_for(two_spaces, "cai")
    with two_spaces.database.write() as session:
        cai = session.get_one(Person, two_spaces.actor("cai").person_id)
        cai.disabled_at = now()
    refused = call(api, token, "GET", "/pages/open/plan")
    assert (refused.status_code, refused.data) == (
        401,
        call(api, "wiki_guessed", "GET", "/pages/open/plan").data,
    )


def test_a_token_ends_when_its_time_is_over(two_spaces: Scene, api: Api) -> None:
    month, ever = token_for(two_spaces, "ben", days=30), token_for(two_spaces, "ben", days=None)
    for days, status in ((29, 200), (30, 401)):
        with at(now() + timedelta(days=days, minutes=1)):
            assert call(api, month, "GET", "/spaces").status_code == (200 if days == 29 else status)
            assert call(api, ever, "GET", "/spaces").status_code == 200
    assert call(api, month, "GET", "/spaces").status_code == 200
    year = token_for(two_spaces, "ben")
    with at(now() + timedelta(days=366)):
        assert call(api, year, "GET", "/spaces").status_code == 401


def test_its_use_is_noted_at_most_once_a_minute(
    two_spaces: Scene, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_for(two_spaces, "ben")
    written = []
    note = bearer._note_use
    monkeypatch.setattr(
        bearer, "_note_use", lambda database, id: (written.append(id), note(database, id))
    )
    start = now()
    for seconds in (0, 1, 59, 61, 62, 125):
        with at(start + timedelta(seconds=seconds)):
            assert call(api, token, "GET", "/spaces").status_code == 200
    assert len(written) == 3
    with two_spaces.database.read() as session:
        assert session.scalars(select(ApiToken.used_at)).one() == start + timedelta(seconds=125)


def test_a_call_is_answered_though_its_use_cannot_be_noted(
    two_spaces: Scene, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(_self: Database) -> None:
        raise OperationalError("", None, Exception("busy"))

    token = token_for(two_spaces, "ben")
    monkeypatch.setattr(Database, "write", busy)
    assert call(api, token, "GET", "/pages/eng/plan").status_code == 200


def test_a_service_account_comes_in_by_its_tokens_and_goes_where_it_was_added(
    two_spaces: Scene, api: Api
) -> None:
    ada = two_spaces.actor("ada")
    with two_spaces.database.write() as session:
        robot = create_service(session, ada, handle="robot", name="Robot", site_role=SiteRole.GUEST)
        _, token = create_token(session, ada, robot, TokenScope(True), name="nightly")
    assert call(api, token, "GET", "/pages/eng/plan").status_code == 404
    with two_spaces.database.write() as session:
        eng = session.scalars(select(Space).where(Space.slug == "eng")).one()
        give_role(session, two_spaces.actor("eve"), eng, robot.id, Role.EDITOR)
    saved = call(
        api, token, "PUT", "/pages/eng/plan", json={"body": "By a program.", "base_revision": 2}
    )
    assert saved.json["author"] == {"handle": "robot", "name": "Robot", "photo": None}
    assert call(api, token, "POST", "/spaces", **SENT["make_space"]).status_code == 403


def test_admins_make_no_tokens_of_other_people(wiki: Scene) -> None:
    with wiki.database.write() as session:
        ben = session.get_one(Person, wiki.actor("ben").person_id)
        for maker in (wiki.actor("ada"), wiki.actor("eve"), ANONYMOUS):
            with pytest.raises(Forbidden):
                create_token(session, maker, ben, TokenScope(True), name="as Ben")


def test_the_prefix_of_the_api_is_all_that_a_token_opens(wiki: Scene) -> None:
    token = token_for(wiki, "ada")
    browser = wiki.new_client()
    for url in ("/-/me", "/-/admin/people", "/eng/"):
        refused = browser.get(url, headers={"Authorization": f"Bearer {token}"})
        assert refused.status_code in (302, 404), url
    assert browser.get(f"{V1}/spaces", headers={"Authorization": f"Bearer {token}"}).json["spaces"]
