"""API tokens on their screens and from the shell; service accounts."""

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from tests.cast import PASSWORD, Scene
from wiki.cli import main
from wiki.db import now
from wiki.errors import Forbidden
from wiki.people.models import ApiToken, Person
from wiki.people.signin.sign_in import open_session
from wiki.spaces.models import Space

V1 = "/-/api/v1"


def shown_token(text: str) -> str:
    found = re.search(r"wiki_[\w-]{40,}", text)
    assert found
    return found[0]


def status(wiki: Scene, token: str, address: str) -> int:
    bearer = {"Authorization": f"Bearer {token}"}
    return wiki.new_client().get(f"{V1}{address}", headers=bearer).status_code


def make(wiki: Scene, **form: str) -> str:
    made = wiki.post("eve", "/-/me/tokens", **{"token_name": "Backup", "scope": "read", **form})
    assert made.status_code == 200, made.text
    return shown_token(made.text)


def test_a_token_is_made_for_chosen_spaces_and_lists_their_names(wiki: Scene) -> None:
    for space in ("eng", "lab"):
        wiki.write("p", "x", space=space)
    token = make(wiki, reach="some", **{"space-lab": "1"})
    assert status(wiki, token, "/pages/lab/p") == 200
    assert status(wiki, token, "/pages/eng/p") == 404
    assert "only <span" in wiki.get("eve", "/-/me/tokens").text
    assert ">Lab</span>" in wiki.get("eve", "/-/me/tokens").text


def test_the_choice_of_spaces_must_be_clear_and_of_one_s_own(wiki: Scene) -> None:
    for form, words in (
        ({"reach": "some"}, "Choose at least one space."),
        ({"reach": "all", "space-eng": "1"}, "Choose “Only these spaces”"),
        ({"reach": "some", "space-fair": "1"}, "no space “fair” that Ben can read"),
        ({"reach": "some", "space-nothing": "1"}, "no space “nothing” that Ben can read"),
        ({"lasts": "1000000"}, "when the token expires"),
        ({"token_name": "x" * 101}, "at most 100"),
    ):
        sent = {"token_name": "Mine", "scope": "write", **form}
        refused = wiki.post("ben", "/-/me/tokens", **sent)
        assert refused.status_code == 422, form
        assert words in refused.text
        assert 'value="write" checked' in refused.text, "what was chosen is kept"
    with wiki.database.read() as session:
        assert session.scalars(select(ApiToken)).all() == []


def test_the_screen_offers_only_spaces_that_one_may_read(wiki: Scene) -> None:
    assert 'name="space-lab"' in wiki.get("ben", "/-/me/tokens").text
    assert "space-lab" not in wiki.get("dot", "/-/me/tokens").text


def test_a_space_that_was_taken_from_its_owner_is_not_named_any_more(wiki: Scene) -> None:
    make(wiki, reach="some", **{"space-lab": "1", "space-eng": "1"})
    with wiki.database.write() as session:
        session.execute(update(Space).where(Space.slug == "lab").values(title="Secret now"))
        session.execute(update(ApiToken).values(person_id=wiki.actor("dot").person_id))
    text = wiki.get("dot", "/-/me/tokens").text
    assert "Secret now" not in text
    assert "and 1 you can no longer read" in text


def test_a_token_lasts_a_year_unless_another_time_was_chosen(wiki: Scene) -> None:
    make(wiki, token_name="for nothing said")
    for lasts in ("30", "90", "365", "never"):
        make(wiki, token_name=f"for {lasts}", lasts=lasts)
    with wiki.database.read() as session:
        tokens = {token.name: token for token in session.scalars(select(ApiToken))}
    for name, days in (("for nothing said", 365), ("for 30", 30), ("for 90", 90), ("for 365", 365)):
        token = tokens[name]
        assert token.expires_at is not None
        assert (token.expires_at - token.created_at).days == days
    assert tokens["for never"].expires_at is None


def test_an_expired_token_is_marked_and_takes_no_place(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wiki.people.tokens.MOST", 1)
    make(wiki, token_name="Old one")
    with wiki.database.write() as session:
        session.execute(update(ApiToken).values(expires_at=now()))
    assert "expired" in wiki.get("eve", "/-/me/tokens").text
    make(wiki, token_name="New one")


def test_admins_list_all_tokens_and_end_any(wiki: Scene) -> None:
    wiki.write("p", "x")
    token = make(wiki, token_name="Nightly export", reach="some", **{"space-eng": "1"})
    text = wiki.get("ada", "/-/admin/tokens").text
    assert "Nightly export" in text
    assert "Eng" in text
    assert token not in text
    assert "Nightly export" in wiki.get("ada", "/-/admin/tokens?q=EXPORT").text
    assert "Nightly export" not in wiki.get("ada", "/-/admin/tokens?q=nothing").text
    assert "Nightly export" in wiki.get("ada", "/-/admin/people/eve/tokens").text
    with wiki.database.read() as session:
        token_id = session.scalars(select(ApiToken.id)).one()
    for handle in ("ben", "eve", "gus"):
        assert wiki.get(handle, "/-/admin/tokens").status_code == 403
        assert wiki.get(handle, "/-/admin/people/eve/tokens").status_code == 403
        assert wiki.post(handle, f"/-/admin/tokens/{token_id}/revoke").status_code == 403
    assert status(wiki, token, "/pages/eng/p") == 200
    assert wiki.post("ada", f"/-/admin/tokens/{token_id}/revoke").status_code == 303
    assert status(wiki, token, "/pages/eng/p") == 401
    assert wiki.post("ada", "/-/admin/tokens/99/revoke").status_code == 404


def test_admins_page_through_many_tokens(wiki: Scene) -> None:
    with wiki.database.write() as session:
        eve = wiki.actor("eve").person_id
        for number in range(60):
            session.add(ApiToken(token_hash=str(number), person_id=eve, name=f"T{number}."))
    first = wiki.get("ada", "/-/admin/tokens").text
    assert "T59." in first
    assert "T9." not in first
    further = re.search(r'href="(/-/admin/tokens\?q=&amp;after=[^"]+)"', first)
    assert further
    second = wiki.get("ada", further[1].replace("&amp;", "&")).text
    assert "T9." in second
    assert "T59." not in second


def make_service(wiki: Scene, **form: str) -> str:
    sent = {"handle": "robot", "name": "The robot", "site_role": "guest", **form}
    made = wiki.client("ada").post("/-/admin/services", data=sent)
    return made.location or made.text


def test_a_service_account_is_made_by_admins_and_nobody_signs_in_to_it(wiki: Scene) -> None:
    assert make_service(wiki) == "/-/admin/people/robot/tokens"
    sent = {"handle": "r2", "name": "R2"}
    assert wiki.client("eve").post("/-/admin/services", data=sent).status_code == 403
    made = wiki.post("ada", "/-/admin/people/robot/tokens", token_name="x", scope="read")
    assert status(wiki, shown_token(made.text), "/spaces") == 200
    assert made.headers["Cache-Control"] == "no-store"
    with wiki.database.write() as session:
        robot = session.scalars(select(Person).where(Person.handle == "robot")).one()
        with pytest.raises(Forbidden):
            open_session(session, robot, days=1)
    for password in ("", PASSWORD):
        form = {"login": "robot", "password": password}
        assert wiki.new_client().post("/-/login", data=form).status_code == 422
    wiki.new_client().post("/-/forgot", data={"login": "robot"})
    assert wiki.letters() == []


def test_a_service_account_is_never_an_admin(wiki: Scene) -> None:
    assert "guest or a member" in make_service(wiki, site_role="admin")
    assert "guest or a member" in make_service(wiki, site_role="emperor")
    make_service(wiki)
    refused = wiki.post("ada", "/-/admin/people/robot/role", role="admin")
    assert refused.status_code == 422
    assert wiki.post("ada", "/-/admin/people/robot/role", role="member").status_code == 303


def test_an_admin_makes_no_tokens_of_people(wiki: Scene) -> None:
    refused = wiki.post("ada", "/-/admin/people/eve/tokens", token_name="x", scope="write")
    assert refused.status_code == 403


def test_a_lead_adds_a_service_account_to_a_space_and_sees_what_it_is(wiki: Scene) -> None:
    make_service(wiki)
    wiki.write("p", "x", space="lab")
    made = wiki.post("ada", "/-/admin/people/robot/tokens", token_name="x", scope="read")
    token = shown_token(made.text)
    assert status(wiki, token, "/pages/lab/p") == 404
    shown = wiki.post("eve", "/lab/-/members", person="robot", role="reader")
    assert wiki.agree("eve", shown).status_code == 303
    assert status(wiki, token, "/pages/lab/p") == 200
    assert "@robot · service" in wiki.get("eve", "/lab/-/members").text


@pytest.fixture
def run(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command on the cast's wiki."""
    monkeypatch.setattr("wiki.profiles.commands.opened", lambda: (wiki.settings, wiki.database))
    monkeypatch.setattr(
        "wiki.profiles.token_commands.opened", lambda: (wiki.settings, wiki.database)
    )
    return lambda *arguments: CliRunner().invoke(main, arguments)


def test_the_shell_makes_narrow_tokens_lists_and_ends_them(
    run: Callable[..., Result], wiki: Scene
) -> None:
    for space in ("eng", "lab"):
        wiki.write("p", "x", space=space)
    made = run("token", "ben", "--space", "eng", "--read-only", "--days", "30", "--for", "export")
    token = made.output.strip()
    assert status(wiki, token, "/pages/eng/p") == 200
    assert status(wiki, token, "/pages/lab/p") == 404
    refused = run("token", "ben", "--space", "fair")
    assert (refused.exit_code, "no space “fair”" in refused.output) == (1, True)
    assert run("token", "ben", "--days", "-1").exit_code == 2
    for listed in (run("user", "tokens").output, run("user", "tokens", "ben").output):
        number, handle, scope, spaces, used, ends, name = listed.rstrip("\n").split("\t")
        assert (handle, scope, spaces, name) == ("ben", "read", "1", "export")
        assert used[:2] == ends[:2] == "20"
    assert run("user", "revoke-token", number).exit_code == 0
    assert status(wiki, token, "/pages/eng/p") == 401
    assert run("user", "revoke-token", "99").output == "Error: There is no token 99.\n"
    assert run("user", "tokens").output == ""


def test_the_shell_makes_service_accounts(run: Callable[..., Result], wiki: Scene) -> None:
    assert run("user", "add", "robot", "--service", "--full-name", "Robot").exit_code == 0
    assert run("user", "add", "r2", "--service", "--admin").exit_code == 2
    refused = run("user", "password", "robot", "--password-stdin")
    assert refused.exit_code == 1
    token = run("token", "robot").output.strip()
    assert status(wiki, token, "/spaces/eng") == 200
