"""A text whose author's sign-in has ended is kept in the form through the sign-in."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene, csrf_token, without_tokens
from wiki.pages.models import Revision
from wiki.people.models import LoginSession
from wiki.people.signin import limiting
from wiki.rules.limits import Limit

TEXT = 'Keys are with <Eve> & Ben.\r\n\r\n"Ask" before 9 o\'clock \U0001f5dd'
ESCAPED = "Keys are with &lt;Eve&gt; &amp; Ben."


@pytest.fixture(autouse=True)
def guarded(wiki: Scene) -> None:
    """As in earnest: every form wants its token."""
    wiki.app.config["WTF_CSRF_ENABLED"] = True


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form in the main part of a page."""
    main = page[page.index("<main") :]
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', main)
    }


def edit_form(browser: FlaskClient, url: str) -> dict[str, str]:
    return hidden(browser.get(url).text)


def end_sign_ins(wiki: Scene) -> None:
    with wiki.database.write() as session:
        session.execute(delete(LoginSession))


def sign_in(
    browser: FlaskClient, form: dict[str, str], login: str = "ben", password: str = PASSWORD
) -> TestResponse:
    return browser.post("/-/login", data=form | {"login": login, "password": password})


def revisions(wiki: Scene) -> int:
    with wiki.database.read() as session:
        return session.scalar(select(func.count(Revision.id))) or 0


def text_in(page: str) -> str:
    found = re.search(r'<textarea[^>]* name="body"[^>]*>\n(.*?)</textarea>', page, re.DOTALL)
    assert found, "no editor"
    return unescape(found[1])


def test_an_edit_is_shown_again_after_the_sign_in_and_saved_only_then(wiki: Scene) -> None:
    wiki.write("rota", "old")
    before = revisions(wiki)
    browser = wiki.new_client("ben")
    form = edit_form(browser, "/eng/rota/-/edit")
    end_sign_ins(wiki)
    form |= {"title": "Rota", "body": TEXT, "message": "Say where the keys are"}

    asked = browser.post("/eng/rota/-/edit", data=form)
    assert asked.status_code == 401
    assert "data-signed-out" in asked.text
    assert ESCAPED in asked.text
    carried = hidden(asked.text)
    assert carried["kept.body"] == TEXT
    assert carried["next"] == "/eng/rota/-/edit"
    assert not [name for name in carried if name.startswith("kept.") and "csrf" in name]

    again = sign_in(browser, carried)
    assert again.status_code == 200
    assert text_in(again.text) == TEXT
    assert 'value="Say where the keys are"' in again.text
    assert "isn’t saved yet" in again.text
    assert revisions(wiki) == before

    form |= {"csrf_token": csrf_token(again.text), "base": hidden(again.text)["base"]}
    assert browser.post("/eng/rota/-/edit", data=form).status_code == 303
    assert revisions(wiki) == before + 1
    assert wiki.page("rota").head == 2


def test_a_new_page_keeps_its_text_too(wiki: Scene) -> None:
    browser = wiki.new_client("ben")
    form = edit_form(browser, "/eng/-/new?under=teams")
    end_sign_ins(wiki)
    form |= {"title": "On call", "body": TEXT, "under": "teams"}
    again = sign_in(browser, hidden(browser.post("/eng/-/new", data=form).text))
    assert text_in(again.text) == TEXT
    assert re.search(r'name="under"[^>]* value="teams"', again.text)
    form |= {"csrf_token": csrf_token(again.text)}
    assert browser.post("/eng/-/new", data=form).location == "/eng/teams/on-call"


def test_a_cookie_that_is_gone_altogether_loses_nothing(wiki: Scene) -> None:
    wiki.write("rota", "old")
    browser = wiki.new_client("ben")
    form = edit_form(browser, "/eng/rota/-/edit") | {"title": "Rota", "body": TEXT}
    browser.delete_cookie("wiki")
    again = sign_in(browser, hidden(browser.post("/eng/rota/-/edit", data=form).text))
    assert text_in(again.text) == TEXT


def test_a_wrong_password_and_a_lock_carry_the_text_on(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "SIGN_IN_ACCOUNT", Limit(1, limiting.SIGN_IN_ACCOUNT.window))
    wiki.write("rota", "old")
    browser = wiki.new_client("ben")
    form = edit_form(browser, "/eng/rota/-/edit") | {"title": "Rota", "body": TEXT}
    end_sign_ins(wiki)
    asked = browser.post("/eng/rota/-/edit", data=form)
    wrong = sign_in(browser, hidden(asked.text), password="not the password")
    assert wrong.status_code == 422
    assert hidden(wrong.text)["kept.body"] == TEXT
    locked = sign_in(browser, hidden(wrong.text))
    assert locked.status_code == 429
    assert hidden(locked.text)["kept.body"] == TEXT


def test_a_sign_in_in_another_tab_meanwhile_loses_nothing(wiki: Scene) -> None:
    wiki.write("rota", "old")
    before = revisions(wiki)
    browser = wiki.new_client("ben")
    form = edit_form(browser, "/eng/rota/-/edit") | {"title": "Rota", "body": TEXT}
    end_sign_ins(wiki)
    asked = browser.post("/eng/rota/-/edit", data=form)
    # The other tab: its sign-in gives the browser another cookie, with another token.
    sign_in(browser, hidden(browser.get("/-/login").text))
    # The first tab's sign-in form is out of date now, and needless.
    again = sign_in(browser, hidden(asked.text))
    assert text_in(again.text) == TEXT
    # The same for an edit form that was open all the time.
    shown = browser.post("/eng/rota/-/edit", data=form)
    assert shown.status_code == 400
    assert text_in(shown.text) == TEXT
    assert "Nothing has been saved yet." in shown.text
    assert revisions(wiki) == before


def test_a_sign_in_form_that_is_out_of_date_is_shown_again_with_the_text(wiki: Scene) -> None:
    wiki.write("rota", "old")
    browser = wiki.new_client("ben")
    form = edit_form(browser, "/eng/rota/-/edit") | {"title": "Rota", "body": TEXT}
    end_sign_ins(wiki)
    carried = hidden(browser.post("/eng/rota/-/edit", data=form).text)
    browser.delete_cookie("wiki")
    shown = sign_in(browser, carried)
    assert shown.status_code == 400
    assert PASSWORD not in shown.text
    assert text_in(sign_in(browser, hidden(shown.text)).text) == TEXT


@pytest.mark.parametrize(("login", "status"), [("cai", 403), ("dot", 404)])
def test_who_signs_in_and_may_not_edit_gets_the_text_to_copy(
    wiki: Scene, login: str, status: int
) -> None:
    wiki.write("rota", "secret", space="lab")
    browser = wiki.new_client("ben")
    form = edit_form(browser, "/lab/rota/-/edit") | {"title": "Rota", "body": TEXT}
    end_sign_ins(wiki)
    carried = hidden(browser.post("/lab/rota/-/edit", data=form).text)
    refused = sign_in(browser, carried, login)
    assert refused.status_code == status
    assert ESCAPED in refused.text
    assert "secret" not in refused.text


def test_the_answer_is_the_same_for_a_page_that_does_not_exist(wiki: Scene) -> None:
    wiki.write("rota", "old", space="lab")
    hidden_page = wiki.post("nobody", "/lab/rota/-/edit", body=TEXT)
    absent = wiki.post("nobody", "/lab/nothing/-/edit", body=TEXT)
    assert hidden_page.status_code == absent.status_code == 401
    same = hidden_page.text.replace("/lab/rota/", "/lab/nothing/")
    assert without_tokens(same) == without_tokens(absent.text)


@pytest.mark.parametrize(
    "url",
    ["/-/me", "/nowhere/at/all", "/eng/rota/-/delete", "//evil.example", "/-/logout", "/-/login"],
)
def test_text_is_shown_for_copying_when_its_form_is_none(wiki: Scene, url: str) -> None:
    browser = wiki.new_client()
    form = hidden(browser.get("/-/login").text) | {"next": url, "kept.body": TEXT}
    shown = sign_in(browser, form)
    assert shown.status_code == 404
    assert ESCAPED in shown.text
