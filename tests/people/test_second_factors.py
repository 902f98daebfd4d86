"""Second factors: authenticator apps, recovery codes, and the second step of a sign-in."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from tests.cast import PASSWORD, Scene, without_tokens, words_of
from tests.people.factors import HERE, App, events, first_step, is_in, second_step, set_up_app
from wiki.db import at, now
from wiki.outbox.models import EventRow
from wiki.people.factors import queries as factors
from wiki.people.factors.encryption import Unreadable, seal, unseal
from wiki.people.factors.models import Authenticator, RecoveryCode
from wiki.people.models import PendingSignIn, Person
from wiki.people.signin import limiting
from wiki.rules.limits import Limit


@pytest.fixture
def app(wiki: Scene) -> App:
    """Ben's authenticator app."""
    return set_up_app(wiki.client("ben"))


def later(seconds: int) -> at:  # type: ignore[valid-type]
    """As if it were that much later."""
    return at(now() + timedelta(seconds=seconds))


def test_an_app_is_set_up_by_a_picture_or_a_text_and_proven_by_a_code(wiki: Scene) -> None:
    begun = wiki.post("ben", f"{HERE}/authenticators", factor_name="Phone")
    shown = wiki.get("ben", begun.location)
    assert shown.headers["Cache-Control"] == "no-store"
    address = re.search(r'href="(otpauth://[^"]+)"', shown.text)
    assert address
    uri = address[1].replace("&amp;", "&")
    totp = pyotp.parse_uri(uri)
    assert (totp.name, totp.issuer) == ("ben", "Trellis")
    picture = wiki.get("ben", f"{begun.location}/code.svg")
    assert picture.mimetype == "image/svg+xml"
    assert picture.headers["Cache-Control"] == "no-store"
    assert b"<script" not in picture.data and b"style" not in picture.data
    wrong = wiki.post("ben", begun.location, code="12345x")
    assert wrong.status_code == 422
    assert "That code is incorrect" in wrong.text
    assert first_step(wiki.new_client(), "ben").location == "/"  # it counts for nothing yet
    done = wiki.post("ben", begun.location, code=pyotp.TOTP(totp.secret).at(now()))
    assert done.status_code == 200
    assert done.headers["Cache-Control"] == "no-store"
    assert len(set(re.findall(r"<li>([0-9a-z-]{19})</li>", done.text))) == 10
    assert wiki.get("ben", f"{begun.location}/code.svg").status_code == 404
    assert totp.secret not in wiki.get("ben", begun.location).text


def test_the_app_and_the_codes_are_ones_own(wiki: Scene) -> None:
    begun = wiki.post("ben", f"{HERE}/authenticators", factor_name="Phone").location
    for url in (begun, f"{begun}/code.svg"):
        assert wiki.get("ada", url).status_code == 404
    assert wiki.post("ada", begun, code="123456").status_code == 404
    app = set_up_app(wiki.client("ben"))
    assert wiki.post("ada", f"{HERE}/authenticators/{app.id}/rename").status_code == 404
    assert wiki.post("ada", f"{HERE}/authenticators/{app.id}/remove").status_code == 404
    assert "Phone" not in wiki.get("ada", HERE).text


def test_with_a_second_factor_the_password_alone_opens_nothing(wiki: Scene, app: App) -> None:
    browser = wiki.new_client()
    first = first_step(browser, "ben", next="/eng/?x=1")
    assert first.location == "/-/login/second?next=/eng/?x%3D1"
    for url in ("/-/me", HERE, "/-/me/security/passkeys/new", "/-/confirm", "/-/spaces/new"):
        assert browser.get(url).location.startswith("/-/login?"), url
    assert browser.get("/lab/").status_code == 404
    form = browser.get(first.location).text
    assert 'name="next" value="/eng/?x=1"' in form
    with later(30):
        done = second_step(browser, app.code(), next="/eng/?x=1")
    assert (done.status_code, done.location) == (303, "/eng/?x=1")
    assert is_in(browser)
    assert events(wiki, "SignedIn") == [{"person_id": wiki.actor("ben").person_id, "by": "code"}]


def test_before_the_password_is_right_a_second_factor_shows_in_nothing(
    wiki: Scene, app: App
) -> None:
    def answer(login: str) -> tuple[int, list[tuple[str, str]], str]:
        sent = first_step(wiki.new_client(), login, "not the password")
        headers = [(name, "…" if name == "Set-Cookie" else value) for name, value in sent.headers]
        return sent.status_code, headers, without_tokens(sent.text).replace(f'value="{login}"', "")

    assert answer("ben") == answer("eve") == answer("zed")


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_code_is_good_half_a_minute_early_and_late(wiki: Scene, app: App, seconds: int) -> None:
    browser = wiki.new_client()
    with later(120):
        first_step(browser, "ben")
        with later(seconds):
            code = app.code()
        assert second_step(browser, code).status_code == 303


@pytest.mark.parametrize("seconds", [-90, 90])
def test_an_older_or_later_code_is_none(wiki: Scene, app: App, seconds: int) -> None:
    browser = wiki.new_client()
    with later(300):
        first_step(browser, "ben")
        with later(seconds):
            code = app.code()
        assert second_step(browser, code).status_code == 422
    assert not is_in(browser)


def test_a_code_is_good_once_and_so_are_those_before_it(wiki: Scene, app: App) -> None:
    with later(60):
        before = app.code()
    with later(90):
        browser = wiki.new_client()
        first_step(browser, "ben")
        assert second_step(browser, app.code()).status_code == 303
        for code in (app.code(), before):
            other = wiki.new_client()
            first_step(other, "ben")
            assert second_step(other, code).status_code == 422
            assert not is_in(other)


def test_the_code_that_proved_an_app_does_not_sign_in(wiki: Scene) -> None:
    moment = now()
    with at(moment):
        app = set_up_app(wiki.client("ben"))
        browser = wiki.new_client()
        first_step(browser, "ben")
        assert second_step(browser, app.code()).status_code == 422


def test_of_two_who_use_one_code_at_once_one_gets_in(wiki: Scene, app: App) -> None:
    moment = now() + timedelta(seconds=60)
    browsers = [wiki.new_client(), wiki.new_client()]
    for browser in browsers:
        first_step(browser, "ben")
    with at(moment):
        code = app.code()
    ready = Barrier(2)

    def go(number: int) -> int:
        with at(moment):
            ready.wait()
            return second_step(browsers[number], code).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(go, range(2))) == [303, 422]


def test_a_sign_in_under_way_is_used_once_and_by_its_own_browser(wiki: Scene, app: App) -> None:
    browser = wiki.new_client()
    first_step(browser, "ben")
    with later(60):
        assert second_step(wiki.new_client(), app.code()).status_code == 422
        with browser.session_transaction() as cookie:
            token = cookie["pending"]
        assert second_step(browser, app.code()).status_code == 303
    copied = wiki.new_client()
    with copied.session_transaction() as cookie:
        cookie["pending"] = token
    with later(120):
        late = second_step(copied, app.code())
    assert late.status_code == 422
    assert "Sign in again." in late.text
    assert not is_in(copied)


def test_a_sign_in_under_way_ends_by_itself_and_with_the_password(wiki: Scene, app: App) -> None:
    browser = wiki.new_client()
    first_step(browser, "ben")
    with later(11 * 60):
        assert second_step(browser, app.code()).status_code == 422
    assert not is_in(browser)
    first_step(browser, "ben")
    wiki.post("ben", "/-/me/password", new_password="another long password")
    with later(60):
        assert second_step(browser, app.code()).status_code == 422
    first_step(browser, "ben", "another long password")
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "ben").values(disabled_at=now()))
    with later(90):
        assert second_step(browser, app.code()).status_code == 422
    assert not is_in(browser)


def test_wrong_codes_are_limited_whichever_browser_they_come_from(
    wiki: Scene, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "FACTOR_OF_ONE", Limit(3, limiting.FACTOR_OF_ONE.window))
    statuses = []
    for _ in range(4):
        browser = wiki.new_client()
        first_step(browser, "ben")
        statuses.append(second_step(browser, "000000").status_code)
    assert statuses == [422, 422, 422, 429]
    assert len(events(wiki, "FactorRefused")) == 3
    with later(60):
        refused = second_step(browser, app.code())
    assert refused.status_code == 429
    assert "Retry-After" in refused.headers
    assert is_in(wiki.client("ben"))  # whoever is in already is not touched by it


def test_wrong_codes_are_limited_by_address_too(
    wiki: Scene, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "FACTOR_ADDRESS", Limit(2, limiting.FACTOR_ADDRESS.window))
    set_up_app(wiki.client("eve"))
    statuses = []
    for who in ("ben", "eve", "ben"):
        browser = wiki.new_client()
        first_step(browser, who)
        statuses.append(second_step(browser, "000000").status_code)
    assert statuses == [422, 422, 429]


def test_a_recovery_code_is_good_once_in_any_spelling_and_its_owner_is_told(
    wiki: Scene, app: App
) -> None:
    browser = wiki.new_client()
    first_step(browser, "ben")
    typed = app.codes[3].upper().replace("-", " ").replace("0", "O").replace("1", "l")
    assert second_step(browser, typed).status_code == 303
    again = wiki.new_client()
    first_step(again, "ben")
    assert second_step(again, app.codes[3]).status_code == 422
    assert events(wiki, "RecoveryCodeUsed") == [
        {"person_id": wiki.actor("ben").person_id, "left": 9}
    ]
    subjects = [letter["Subject"] for letter in wiki.letters()]
    assert "A recovery code was used at Trellis" in subjects
    assert "9 of 10 are left" in wiki.get("ben", HERE).text


def test_renewed_codes_end_those_before(wiki: Scene, app: App) -> None:
    new = re.findall(r"<li>([0-9a-z-]{19})</li>", wiki.post("ben", f"{HERE}/recovery-codes").text)
    assert len(new) == 10 and not set(new) & set(app.codes)
    browser = wiki.new_client()
    first_step(browser, "ben")
    assert second_step(browser, app.codes[0]).status_code == 422
    assert second_step(browser, new[0]).status_code == 303
    assert wiki.post("eve", f"{HERE}/recovery-codes").status_code == 422


def test_codes_are_handed_out_as_a_file_and_nothing_else_is(wiki: Scene, app: App) -> None:
    file = wiki.post("ben", f"{HERE}/recovery-codes/file", codes=" ".join(app.codes))
    assert file.mimetype == "text/plain"
    assert "attachment" in file.headers["Content-Disposition"]
    assert file.headers["Cache-Control"] == "no-store"
    assert all(code in file.text for code in app.codes)
    for other in ("", "<script>", " ".join(app.codes[:9]), " ".join(["x" * 16] * 9 + ["ü" * 16])):
        assert wiki.post("ben", f"{HERE}/recovery-codes/file", codes=other).status_code == 422


def test_neither_secret_nor_codes_are_stored_or_announced_as_they_are(
    wiki: Scene, app: App
) -> None:
    wiki.post("ben", f"{HERE}/recovery-codes")
    with wiki.database.read() as session:
        row = session.scalars(select(Authenticator)).one()
        assert app.secret.encode() not in row.secret
        hashes = session.scalars(select(RecoveryCode.token_hash)).all()
        told = str(session.scalars(select(EventRow.payload)).all())
    told += "".join(letter.as_string() for letter in wiki.letters())
    for secret in (app.secret, *app.codes, *(code.replace("-", "") for code in app.codes)):
        assert secret not in told
        assert secret not in str(hashes)


def test_with_another_secret_key_an_app_is_nobodys_and_a_recovery_code_still_works(
    wiki: Scene, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(wiki.settings), "key", lambda self: "another key of the same length ")
    browser = wiki.new_client()
    first_step(browser, "ben")
    with later(60):
        assert second_step(browser, app.code()).status_code == 422
    assert second_step(browser, app.codes[0]).status_code == 303


@given(st.binary(max_size=200), st.text(max_size=20), st.text(max_size=20))
def test_what_is_sealed_opens_with_its_key_at_its_place_only(
    plain: bytes, key: str, other: str
) -> None:
    sealed = seal("k" + key, plain, "place")
    assert unseal("k" + key, sealed, "place") == plain
    wrong = [("k" + key, sealed, "places"), ("j" + other, sealed, "place")]
    wrong += [("k" + key, sealed[:-1], "place"), ("k" + key, b"", "place")]
    for attempt in wrong:
        with pytest.raises(Unreadable):
            unseal(*attempt)


@given(st.text(alphabet=factors.ALPHABET, min_size=16, max_size=16))
def test_a_code_that_is_shown_is_the_code_that_is_typed(code: str) -> None:
    assert factors.normal_code(factors.shown_code(code)) == code
    assert factors.normal_code(f"  {factors.shown_code(code).upper()} ") == code


def test_several_apps_have_names_and_each_signs_in(wiki: Scene, app: App) -> None:
    tablet = set_up_app(wiki.client("ben"), "Tablet")
    assert tablet.codes == []  # those of the first still hold
    screen = wiki.get("ben", HERE).text
    assert "Phone" in screen and "Tablet" in screen
    for one, seconds in ((app, 60), (tablet, 60)):
        browser = wiki.new_client()
        first_step(browser, "ben")
        with later(seconds):
            assert second_step(browser, one.code()).status_code == 303
    renamed = wiki.post(
        "ben", f"{HERE}/authenticators/{tablet.id}/rename", factor_name=" My\n<b>tablet</b> "
    )
    assert renamed.status_code == 303
    assert "My &lt;b&gt;tablet&lt;/b&gt;" in wiki.get("ben", HERE).text
    url = f"{HERE}/authenticators/{tablet.id}/rename"
    refused = wiki.post("ben", url, factor_name="x" * 101)
    assert refused.status_code == 422
    assert "at most 100 characters" in refused.text
    assert "x" * 101 in refused.text


def test_a_removed_app_signs_in_no_more_and_with_the_last_one_go_the_codes(
    wiki: Scene, app: App
) -> None:
    browser = wiki.new_client()
    first_step(browser, "ben")
    assert wiki.post("ben", f"{HERE}/authenticators/{app.id}/remove").status_code == 303
    with later(60):
        assert second_step(browser, app.code()).status_code == 422
    with wiki.database.read() as session:
        assert session.scalars(select(RecoveryCode)).all() == []
    assert first_step(wiki.new_client(), "ben").location == "/"
    subjects = [letter["Subject"] for letter in wiki.letters()]
    assert "A second factor was added to your account at Trellis" in subjects
    assert "A second factor was removed from your account at Trellis" in subjects
    ben = wiki.actor("ben").person_id
    gone = {"person_id": ben, "kind": "authenticator", "factor_id": app.id}
    assert events(wiki, "FactorAdded") == events(wiki, "FactorRemoved") == [gone]


def test_what_was_begun_and_not_proven_counts_for_nothing_and_ends(wiki: Scene) -> None:
    wiki.post("ben", f"{HERE}/authenticators")
    second = wiki.post("ben", f"{HERE}/authenticators").location
    with wiki.database.read() as session:
        assert len(session.scalars(select(Authenticator)).all()) == 1
    assert "Authenticator app" in wiki.get("ben", second).text
    with later(61 * 60):
        browser = wiki.new_client("ben")
        assert browser.get(second).status_code == 404
        assert browser.post(second, data={"code": "123456"}).status_code == 404


def test_there_is_a_most(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "MOST", 1)
    set_up_app(wiki.client("ben"))
    refused = wiki.post("ben", f"{HERE}/authenticators", factor_name="Second")
    assert refused.status_code == 422
    assert "Remove one first" in refused.text


def test_a_new_password_by_mail_does_not_get_around_the_second_factor(
    wiki: Scene, app: App
) -> None:
    browser = wiki.new_client()
    browser.post("/-/forgot", data={"login": "ben"})
    here = re.search(r"8000(/-/reset/\S+)", words_of(wiki.letters()[-1]))
    assert here
    assert browser.post(here[1], data={"password": "another long password"}).status_code == 303
    assert not is_in(browser)
    assert "/-/login/second" in first_step(browser, "ben", "another long password").location
    assert not is_in(browser)


def test_text_that_was_kept_comes_through_both_steps(wiki: Scene, app: App) -> None:
    wiki.write("rota", "words")
    browser = wiki.new_client()
    kept = {"kept.body": "My long text", "kept.title": "Rota", "kept.base": "1"}
    first = first_step(browser, "ben", next="/eng/rota/-/edit", **kept)
    assert first.status_code == 200
    assert 'name="kept.body" value="My long text"' in first.text
    wrong = second_step(browser, "000000", next="/eng/rota/-/edit", **kept)
    assert 'name="kept.body" value="My long text"' in wrong.text
    with later(60):
        done = second_step(browser, app.code(), next="/eng/rota/-/edit", **kept)
    assert done.status_code == 200
    assert "My long text" in done.text
    assert "it isn’t saved yet" in done.text
    late = second_step(wiki.new_client(), "000000", next="/eng/rota/-/edit", **kept)
    assert 'name="kept.body" value="My long text"' in late.text


def test_what_nobody_needs_any_more_is_cleared_away(wiki: Scene, app: App) -> None:
    first_step(wiki.new_client(), "ben")
    with later(11 * 60):
        assert first_step(wiki.new_client(), "eve").status_code == 303
    with wiki.database.read() as session:
        assert session.scalars(select(PendingSignIn)).all() == []


@pytest.mark.parametrize(
    "code", ["", " ", "１２３４５６", "12345", "1234567", "\x00", "x" * 5000, "-1", "٣٤٥٦٧٨"]
)
def test_what_cannot_be_a_code_is_refused_with_a_sentence(wiki: Scene, app: App, code: str) -> None:
    browser = wiki.new_client()
    first_step(browser, "ben")
    refused = second_step(browser, code)
    assert refused.status_code == 422
    assert "code" in refused.text


def test_a_sign_in_in_a_new_browser_is_told_to_its_owner(wiki: Scene) -> None:
    desk, phone = wiki.new_client(), wiki.new_client()
    first_step(desk, "ben")
    assert wiki.letters() == []  # the first of all
    desk.post("/-/logout")
    first_step(desk, "ben")
    assert wiki.letters() == []
    phone.post(
        "/-/login",
        data={"login": "ben", "password": PASSWORD},
        headers={"User-Agent": "Mozilla/5.0 (iPhone) Safari/604.1"},
    )
    letter = wiki.letters()[-1]
    assert letter["To"] == "ben@example.org"
    assert "Safari on iPhone" in words_of(letter)
    phone.post("/-/logout")
    first_step(phone, "eve")  # another person's first
    assert len(wiki.letters()) == 1
