"""Who must have a second factor, and what works for them until they have one."""

import pytest
from sqlalchemy import event, select

from tests.cast import Scene, words_of
from tests.people.factors import HERE, events, first_step, set_up_app
from wiki.errors import Forbidden
from wiki.outbox.models import EventRow
from wiki.people.factors import mfa_policy as requiring
from wiki.people.factors.mfa_policy import WHO_MUST, Who
from wiki.people.groups import actions as groups
from wiki.people.models import Group, Person, SiteSetting
from wiki.people.signin.mfa_enforcement import is_open
from wiki.people.site_settings import Setting, change_setting, read_setting
from wiki.people.tokens import TokenScope, create_service, create_token
from wiki.rules.roles import SiteRole

RULE = "/-/admin/factors"


def require(wiki: Scene, who: str, *group_ids: int) -> None:
    answer = wiki.post("ada", RULE, who=who, group=[str(id) for id in group_ids])
    assert answer.status_code == 303


def make_group(wiki: Scene, handle: str, *people: str, parts: tuple[Group, ...] = ()) -> Group:
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        group = groups.create_group(session, ada, handle=handle, name=handle.capitalize())
        for one in people:
            person = session.get_one(Person, wiki.actor(one).person_id)
            groups.store_member(session, ada, group, person, member=True)
        for part in parts:
            groups.store_part(session, ada, group, session.get_one(Group, part.id), inside=True)
    return group


def is_held(wiki: Scene, handle: str) -> bool:
    answer = wiki.new_client(handle).get("/-/me")
    held = answer.status_code == 303
    if held:
        assert answer.location.startswith(HERE)
    return held


def held(wiki: Scene) -> set[str]:
    return {who for who in ("ada", "ben", "cai", "eve", "gus") if is_held(wiki, who)}


def test_a_group_says_by_which_other_group_its_people_must_already(wiki: Scene) -> None:
    set_up_app(wiki.client("ada"))
    team = make_group(wiki, "team", "ben")
    whole = make_group(wiki, "whole", "cai", parts=(team,))
    assert "required by" not in wiki.get("ada", RULE).text
    require(wiki, "nobody", whole.id)
    shown = wiki.get("ada", RULE).text
    assert "@team · 1 person · required by Whole" in shown
    assert shown.count("required by") == 1


def test_admins_say_who_must_at_the_site_and_by_group(wiki: Scene) -> None:
    set_up_app(wiki.client("ada"))
    team = make_group(wiki, "team", "ben")
    whole = make_group(wiki, "whole", "cai", parts=(team,))
    assert held(wiki) == set()
    require(wiki, "everybody")
    assert held(wiki) == {"ben", "cai", "eve", "gus"}
    require(wiki, "nobody", team.id)
    assert held(wiki) == {"ben"}
    require(wiki, "nobody", whole.id)
    assert held(wiki) == {"ben", "cai"}
    require(wiki, "admins")
    assert held(wiki) == set()
    wiki.post("ada", "/-/admin/people/eve/role", role="admin")
    assert held(wiki) == {"eve"}
    require(wiki, "nobody")
    assert held(wiki) == set()
    changes = [(one["group_id"], one["required"]) for one in events(wiki, "GroupFactorChanged")]
    assert changes == [(team.id, True), (team.id, False), (whole.id, True), (whole.id, False)]
    values = [one["value"] for one in events(wiki, "SiteSettingChanged")]
    assert values == ["everybody", "nobody", "admins", "nobody"]


def test_whoever_must_and_has_none_gets_nowhere_but_to_set_one_up(wiki: Scene) -> None:
    wiki.write("rota", "words")
    browser = wiki.client("ben")
    set_up_app(wiki.client("ada"))
    require(wiki, "everybody")
    adapter = wiki.app.url_map.bind("localhost")
    names = {"slug": "eng", "path": "rota", "page_id": 1, "handle": "ben", "filename": "x.css"}
    names |= {"token": "guessed", "kind": "passkeys"}
    refused = 0
    for rule in wiki.app.url_map.iter_rules():
        if is_open(rule.endpoint) or rule.endpoint.startswith("api."):
            continue
        values = {name: names.get(name, 1) for name in rule.arguments} | (rule.defaults or {})
        url = adapter.build(rule.endpoint, values)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = browser.open(url, method=method)
            assert answer.status_code == 303, f"{method} {url}"
            assert answer.location.startswith(HERE), f"{method} {url}"
            refused += 1
    assert refused > 80
    assert "needs a second factor" in browser.get(HERE).text


def test_it_goes_on_to_what_was_wanted_once_there_is_one(wiki: Scene) -> None:
    set_up_app(wiki.client("ada"))
    require(wiki, "everybody")
    browser = wiki.new_client()
    first = first_step(browser, "ben", next="/eng/")
    assert first.location == "/eng/"
    led = browser.get("/eng/")
    assert (led.status_code, led.location) == (303, f"{HERE}?next=/eng/")
    assert browser.get(led.location).location == HERE
    begun = browser.post(f"{HERE}/authenticators").location
    assert browser.get(begun).status_code == 200
    app = set_up_app(browser)
    assert len(app.codes) == 10
    assert browser.get("/eng/").status_code == 200
    assert browser.get("/-/me").status_code == 200


def test_text_that_is_sent_meanwhile_is_handed_back(wiki: Scene) -> None:
    wiki.write("rota", "words")
    set_up_app(wiki.client("ada"))
    browser = wiki.client("ben")
    require(wiki, "everybody")
    form = {"title": "Rota", "body": "A long new text", "base": "1"}
    answer = browser.post("/eng/rota/-/edit", data=form)
    assert answer.status_code == 403
    assert "A long new text" in answer.text
    assert "needs a second factor" in answer.text
    assert wiki.page("rota").head == 1


def test_one_can_always_sign_out(wiki: Scene) -> None:
    set_up_app(wiki.client("ada"))
    browser = wiki.client("ben")
    require(wiki, "everybody")
    assert browser.post("/-/logout").location == "/"
    assert browser.get("/").status_code == 200


def test_their_tokens_stop_with_a_clear_problem_and_work_again(wiki: Scene) -> None:
    wiki.write("rota", "words")
    set_up_app(wiki.client("ada"))
    with wiki.database.write() as session:
        ben = session.get_one(Person, wiki.actor("ben").person_id)
        _, token = create_token(session, ben.actor(), ben, TokenScope(True), name="x")

    def call() -> tuple[int, str, str]:
        answer = wiki.new_client().get(
            "/-/api/v1/pages/eng/rota", headers={"Authorization": f"Bearer {token}"}
        )
        return answer.status_code, answer.mimetype, answer.text

    assert call()[0] == 200
    require(wiki, "everybody")
    status, kind, text = call()
    assert (status, kind) == (403, "application/problem+json")
    assert "needs a second factor" in text
    set_up_app(wiki.client("ben"))
    assert call()[0] == 200


def test_the_last_factor_of_somebody_who_must_have_one_stays(wiki: Scene) -> None:
    app = set_up_app(wiki.client("ada"))
    require(wiki, "admins")
    refused = wiki.post("ada", f"{HERE}/authenticators/{app.id}/remove")
    assert refused.status_code == 422
    assert "Add another one before" in refused.text
    other = set_up_app(wiki.client("ada"), "Other")
    assert wiki.post("ada", f"{HERE}/authenticators/{app.id}/remove").status_code == 303
    assert wiki.post("ada", f"{HERE}/authenticators/{other.id}/remove").status_code == 422


def test_the_screen_says_who_has_none(wiki: Scene) -> None:
    make_group(wiki, "team", "ben", "cai")
    assert "You don’t have a second factor yourself" in wiki.get("ada", RULE).text
    set_up_app(wiki.client("ada"))
    set_up_app(wiki.client("cai"))
    require(wiki, "everybody")
    screen = wiki.get("ada", RULE).text
    assert "You don’t have a second factor yourself" not in screen
    assert "4 of 6" in screen
    assert 'href="/-/admin/people/ben"' in screen
    assert 'href="/-/admin/people/cai"' not in screen
    assert "2 people" in screen
    assert wiki.post("ada", RULE, who="some").status_code == 422
    assert wiki.post("ada", RULE, who="nobody", group=["x", "9" * 9000, "77"]).status_code == 303


def test_only_admins_set_the_rule(wiki: Scene) -> None:
    group = make_group(wiki, "team", "ben")
    ben = wiki.actor("ben")
    assert wiki.post("ben", RULE, who="nobody").status_code == 403
    with wiki.database.write() as session:
        for do in (
            lambda: change_setting(session, ben, WHO_MUST, Who.NOBODY),
            lambda: requiring.require_of_groups(session, ben, [group.id]),
            lambda: requiring.list_groups(session, ben),
            lambda: requiring.standing(session, ben),
        ):
            with pytest.raises(Forbidden):
                do()


def test_a_group_that_is_required_already_does_not_change(wiki: Scene) -> None:
    group = make_group(wiki, "team", "ben")
    for required in (True, True, False):
        wanted = [group.id] if required else []
        with wiki.database.write() as session:
            requiring.require_of_groups(session, wiki.actor("ada"), wanted)
        assert is_held(wiki, "ben") == required
    assert len(events(wiki, "GroupFactorChanged")) == 2


def test_a_setting_of_the_site_has_a_type_and_a_default(wiki: Scene) -> None:
    number = Setting("number", 7, int)
    with wiki.database.write() as session:
        assert read_setting(session, number) == 7
        assert change_setting(session, wiki.actor("ada"), number, 8)
        assert not change_setting(session, wiki.actor("ada"), number, 8)
        assert read_setting(session, number) == 8
        session.add(SiteSetting(key=WHO_MUST.key, value={"not": "a word"}))
    with wiki.database.read() as session:
        assert read_setting(session, WHO_MUST) is Who.NOBODY
    assert not is_held(wiki, "ben")


def test_an_admin_removes_the_factors_of_one_who_lost_them(wiki: Scene) -> None:
    set_up_app(wiki.client("ben"))
    assert "1 authenticator app" in wiki.get("ada", "/-/admin/people/ben").text
    assert wiki.post("eve", "/-/admin/people/ben/remove-factors").status_code == 403
    assert wiki.post("ada", "/-/admin/people/ben/remove-factors").status_code == 303
    assert first_step(wiki.new_client(), "ben").location == "/"
    letter = wiki.letters()[-1]
    assert letter["To"] == "ben@example.org"
    assert "Ada removed all second factors" in words_of(letter)
    with wiki.database.read() as session:
        row = session.scalars(select(EventRow).where(EventRow.name == "FactorsCleared")).one()
    assert row.actor_id == wiki.actor("ada").person_id
    assert row.payload == {"person_id": wiki.actor("ben").person_id, "count": 1}
    again = wiki.client("ada").post("/-/admin/people/ben/remove-factors", follow_redirects=True)
    assert "Ben has no second factor." in again.text


def test_knowing_who_is_held_costs_no_query_of_its_own(wiki: Scene) -> None:
    browser = wiki.client("ben")
    seen: list[str] = []

    @event.listens_for(wiki.database.reader, "before_cursor_execute")
    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        if "login_sessions" in statement:
            seen.append(statement)

    browser.get("/-/spaces/new")
    assert len(seen) == 1
    assert "factor_groups" in seen[0]


def test_service_accounts_need_no_second_factor(wiki: Scene) -> None:
    set_up_app(wiki.client("ada"))
    ada = wiki.actor("ada")
    with wiki.database.write() as session:
        robot = create_service(
            session, ada, handle="robot", name="Robot", site_role=SiteRole.MEMBER
        )
        _, token = create_token(session, ada, robot, TokenScope(False), name="sync")
    require(wiki, "everybody")
    headers = {"Authorization": f"Bearer {token}"}
    assert wiki.app.test_client().get("/-/api/v1/spaces", headers=headers).status_code == 200
