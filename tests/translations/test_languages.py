"""Which language a reader sees, and that no answer reaches a reader of another one."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from markupsafe import escape
from sqlalchemy import update

from tests.cast import Scene
from tests.pseudo import pseudo, pseudo_languages
from wiki.i18n import best_language, gettext, lazy_gettext, ngettext, speaking
from wiki.people.models import Person
from wiki.resources import STATIC
from wiki.web.screens.filters import ago, date_words, day, exact, size

GERMAN, FRENCH = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}, {"Accept-Language": "fr"}


def choose(wiki: Scene, handle: str, **values: str | None) -> None:
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == handle).values(**values))


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de", "de"),
        ("de-AT, en;q=0.5", "de"),
        ("en;q=0.5, fr;q=0.7", "fr"),
        ("fr;q=0, de", "de"),
        ("pt-BR, es", None),
        ("", None),
        ("de;q=nonsense, fr;q=9, *", None),
        ("DE", "de"),
        ("x" * 100_000, None),
    ],
)
def test_a_browser_is_answered_in_the_first_of_its_languages_that_there_is(
    header: str, code: str | None
) -> None:
    assert best_language(header) == code


def test_screens_are_in_the_browsers_language_unless_the_account_has_one(wiki: Scene) -> None:
    plain = wiki.get("cai", "/-/starred").text
    assert '<html lang="en" dir="ltr"' in plain and "<h1>Starred</h1>" in plain
    german = wiki.get("cai", "/-/starred", headers=GERMAN).text
    assert '<html lang="de" dir="ltr"' in german and "<h1>Favoriten</h1>" in german
    choose(wiki, "cai", language="fr")
    assert "<h1>Favoris</h1>" in wiki.get("cai", "/-/starred", headers=GERMAN).text
    choose(wiki, "cai", language="tlh")  # of a version that had more languages
    assert "<h1>Starred</h1>" in wiki.get("cai", "/-/starred", headers=GERMAN).text


@pytest.mark.parametrize("handle", ["nobody", "cai"])
def test_a_remembered_answer_is_for_readers_of_its_language_only(wiki: Scene, handle: str) -> None:
    wiki.write("plan", "words", space="open")
    wiki.get(handle, "/open/plan")  # renders the page
    wiki.alone()
    seen = {}
    for code, headers in (("en", {}), ("de", GERMAN), ("fr", FRENCH)) * 2:
        answer = wiki.get(handle, "/open/plan", headers=headers)
        assert f'<html lang="{code}"' in answer.text
        assert "Accept-Language" in answer.headers["Vary"]
        tag = seen.setdefault(code, answer.headers["ETag"])
        again = wiki.get(handle, "/open/plan", headers={**headers, "If-None-Match": tag})
        assert again.status_code == 304
    assert len(set(seen.values())) == 3
    crossed = wiki.get(handle, "/open/plan", headers={**GERMAN, "If-None-Match": seen["fr"]})
    assert crossed.status_code == 200 and '<html lang="de"' in crossed.text


def test_a_language_that_is_chosen_in_one_process_counts_in_every_process(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    assert '<html lang="en"' in wiki.get("cai", "/open/plan").text
    choose(wiki, "cai", language="de")
    assert '<html lang="de"' in wiki.get("cai", "/open/plan").text


def test_one_request_leaves_no_language_to_the_next(wiki: Scene) -> None:
    assert "<h1>Anmelden</h1>" in wiki.get("nobody", "/-/login", headers=GERMAN).text
    assert gettext("Sign in") == "Sign in"
    assert "<h1>Sign in</h1>" in wiki.get("nobody", "/-/login").text


def test_errors_are_in_the_readers_language(wiki: Scene) -> None:
    form = {"login": "ben", "password": "wrong"}
    refused = wiki.client("nobody").post("/-/login", data=form, headers=GERMAN)
    assert refused.status_code == 422
    assert "Benutzername oder Passwort ist falsch." in refused.text


def test_the_api_is_in_english(wiki: Scene) -> None:
    answer = wiki.get("nobody", "/-/api/v1/stars", headers=GERMAN)
    assert answer.status_code == 401
    assert answer.json is not None and answer.json["detail"] == "Please sign in first."
    assert "Accept-Language" not in answer.headers.get("Vary", "")


def test_scripts_get_their_texts_in_the_language_of_the_screen(wiki: Scene) -> None:
    assert "/-/words/" not in wiki.get("nobody", "/-/login").text
    shown = wiki.get("nobody", "/-/login", headers=GERMAN).text
    url = shown.split('<script src="/-/words/')[1].split('"')[0]
    answer = wiki.get("nobody", f"/-/words/{url}")
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.content_type == "text/javascript; charset=utf-8"
    told = json.loads(answer.text.removeprefix("globalThis.trellisWords=").removesuffix(";"))
    assert told["just now"] == "gerade eben"
    wanted = json.loads((STATIC / "messages.json").read_text())
    assert sorted(told) == sorted(one for one, *_ in wanted)
    for wrong in ("de-000000000000.js", "tlh-000000000000.js"):
        assert wiki.get("nobody", f"/-/words/{wrong}").status_code == 404


@pytest.fixture
def pseudo_too() -> Iterator[None]:
    with pseudo_languages():
        yield


@pytest.mark.usefixtures("pseudo_too")
def test_texts_that_are_declared_early_are_translated_when_they_are_written() -> None:
    text = lazy_gettext("Hello %(name)s", name=lazy_gettext("you"))
    with speaking("en-XA"):
        told = str(text)
        assert told == f"{pseudo('Hello %(name)s').replace('%(name)s', pseudo('you'))}"
        assert f"{text}" == told and "%s" % text == told  # noqa: UP031
        assert text + "!" == f"{told}!" and "¡" + text == f"¡{told}"
        assert str(pickle.loads(pickle.dumps(text))) == told
        assert ngettext("%(num)s page", "%(num)s pages", 2).startswith("⟦2 þàĝéš")
    assert str(text) == "Hello you" == text
    with speaking("en-XA"):
        assert escape(lazy_gettext("<b>")) == "⟦&lt;b&gt;~⟧"


@pytest.mark.usefixtures("pseudo_too")
def test_a_language_from_right_to_left_turns_the_screen(wiki: Scene) -> None:
    shown = wiki.get("nobody", "/-/login", headers={"Accept-Language": "ar-XB"}).text
    assert '<html lang="ar-XB" dir="rtl"' in shown
    assert pseudo("Sign in") in shown


MOMENT = datetime(2026, 11, 23, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "zone", "words"),
    [
        ("en", "", ["23 Nov 2026", "23 Nov 2026, 23:05 UTC", "Monday, 23 Nov 2026", "1.5 KiB"]),
        (
            "en",
            "Europe/Berlin",
            ["24 Nov 2026", "24 Nov 2026, 00:05 CET", "Tuesday, 24 Nov 2026", "1.5 KiB"],
        ),
        (
            "de",
            "Europe/Berlin",
            ["24. Nov. 2026", "24. Nov. 2026, 00:05 MEZ", "Dienstag, 24. Nov. 2026", "1,5 KiB"],
        ),
        ("fr", "", ["23 nov. 2026", "23 nov. 2026, 23:05 UTC", "lundi 23 nov. 2026", "1,5 Kio"]),
    ],
)
def test_moments_and_numbers_are_written_as_the_reader_expects(
    code: str, zone: str, words: list[str]
) -> None:
    with speaking(code, ZoneInfo(zone) if zone else None):
        assert [date_words(MOMENT), exact(MOMENT), day(MOMENT), size(1536)] == words


def test_ages_are_written_in_the_readers_language() -> None:
    now = MOMENT.replace(hour=23, minute=55)
    for code, words in (("en", "50 minutes ago"), ("de", "vor 50 Minuten"), ("fr", "il y a 50")):
        with speaking(code):
            assert ago(MOMENT, now=now).startswith(words)
            later = now.replace(month=12, day=20)
            prefix = {"en": "on ", "de": "am ", "fr": "le "}[code]
            assert ago(MOMENT, True, later) == prefix + date_words(MOMENT)
