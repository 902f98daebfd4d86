"""Mails are plain text from templates, in which nobody can write lines of their own."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from tests.cast import Scene
from wiki.config import Settings
from wiki.i18n import speaking
from wiki.mail.messages import post, render
from wiki.people.models import Mail, Person
from wiki.resources import TEMPLATES
from wiki.rules.access import ANONYMOUS
from wiki.spaces.models import Space

SETTINGS = Settings(data_dir=Path(), base_url="https://wiki.example.org/", site_name="R & D <1>")
WRITTEN = "Ada\r\nBcc: x@evil.example\r\n\r\nPay at\u2028https://evil.example"
SPACE = Space(title=WRITTEN, slug="eng")
LINK = "https://wiki.example.org/-/token"

STOP = "https://wiki.example.org/-/unsubscribe/token"
NOTICE = {
    "title": WRITTEN,
    "space": WRITTEN,
    "sentence": WRITTEN,
    "excerpt": WRITTEN,
    "url": "https://wiki.example.org/eng/rota",
    "why": WRITTEN,
}
WORDS: dict[str, dict[str, object]] = {
    "home/mail/test.txt": {},
    "inbox/mail/digest.txt": {"items": [NOTICE], "more": 1, "stop": STOP},
    "inbox/mail/notice.txt": {"item": NOTICE, "stop": STOP},
    "people/mail/address_changed.txt": {},
    "people/mail/claim_link.txt": {
        "asker": Person(name=WRITTEN, handle="ada"),
        "address": "a@example.org",
        "token": "token",
    },
    "people/mail/codes_renewed.txt": {},
    "people/mail/factor_added.txt": {"kind": "passkey"},
    "people/mail/factor_removed.txt": {"kind": "authenticator"},
    "people/mail/factors_cleared.txt": {"admin": ""},
    "people/mail/identity_linked.txt": {"provider": WRITTEN},
    "people/mail/identity_unlinked.txt": {"provider": WRITTEN},
    "people/mail/new_browser.txt": {"device": WRITTEN, "address": "192.0.2.1"},
    "people/mail/password_changed.txt": {},
    "people/mail/password_link.txt": {"token": "token"},
    "people/mail/recovery_code_used.txt": {"left": 1},
    "requests/mail/access_asked.txt": {"asker": WRITTEN, "space": SPACE},
    "requests/mail/access_given.txt": {"space": SPACE, "path": "On call/a\nb?"},
    "reviews/mail/approval_asked.txt": {"asker": WRITTEN, "approval_id": 3},
    "sharing/mail/shared_with.txt": {
        "maker": WRITTEN,
        "link": LINK,
        "until": datetime(2026, 12, 1, 10, 5, tzinfo=UTC),
        "locked": True,
    },
    "sharing/mail/suspended.txt": {"cause": "guesses"},
    "spaces/mail/invitation.txt": {"inviter": WRITTEN, "space": WRITTEN, "link": LINK, "days": 7},
    "spaces/mail/registration.txt": {"link": LINK, "login": ""},
}


def test_each_mail_is_in_the_list() -> None:
    found = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("mail/*")}
    assert found == WORDS.keys()


@pytest.mark.parametrize("template", WORDS)
def test_words_of_people_add_no_lines_to_a_mail(template: str) -> None:
    subject, body = render(SETTINGS, template, name=WRITTEN, **WORDS[template])
    assert subject.isprintable()
    assert subject == subject.strip() != ""
    lines = body.splitlines()
    assert len(lines) < 16
    assert lines[0] and lines[-1]
    assert body.endswith("\n")
    assert "\n\n\n" not in body
    assert not any(line.startswith(("Bcc:", "Pay", "https://evil")) for line in lines)
    assert not any(line.endswith(" ") for line in lines)
    links = [line for line in lines if line.startswith("http")]
    assert all(link.startswith("https://wiki.example.org/") for link in links)
    assert len(links) == (template != "people/mail/address_changed.txt")


def test_a_mail_is_no_html() -> None:
    subject, body = render(SETTINGS, "people/mail/password_changed.txt", name="O’Neil & <b>Co")
    assert "Hello O’Neil & <b>Co,\n" in body
    assert subject == "Your password for R & D <1> was changed"


def test_paths_in_links_are_encoded() -> None:
    words = WORDS["requests/mail/access_given.txt"]
    _, body = render(SETTINGS, "requests/mail/access_given.txt", **words)
    assert "\nhttps://wiki.example.org/eng/On%20call/a%0Ab%3F\n" in body


def test_a_mail_without_a_word_that_it_needs_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="token"):
        render(SETTINGS, "people/mail/password_link.txt", name="Ada")


def test_people_without_an_address_get_no_mail(wiki: Scene) -> None:
    with wiki.database.write() as session:
        for to in (Person(name="Ben", email=None), None, ""):
            post(session, wiki.settings, ANONYMOUS, to, "people/mail/codes_renewed.txt")
        assert session.query(Mail).count() == 0


def test_a_mail_is_written_in_the_language_and_zone_of_its_recipient(wiki: Scene) -> None:
    template = "sharing/mail/shared_with.txt"
    gus = Person(name="Gus", email="g@example.org", language="de", time_zone="Europe/Berlin")
    with wiki.database.write() as session, speaking("fr"):
        for to in (gus, "someone@example.org"):
            post(session, wiki.settings, ANONYMOUS, to, template, **WORDS[template])
        german, english = session.query(Mail).order_by(Mail.id)
    assert german.body.startswith("Guten Tag,\n") and "1. Dez. 2026, 11:05 MEZ" in german.body
    assert english.body.startswith("Hello,\n") and "1 Dec 2026, 10:05 UTC" in english.body


def test_a_mail_to_someone_who_chose_no_language_is_in_that_of_the_site(wiki: Scene) -> None:
    template = "sharing/mail/shared_with.txt"
    site = replace(wiki.settings, language="fr", time_zone="Europe/Paris")
    ben = Person(name="Ben", email="b@example.org")
    gus = Person(name="Gus", email="g@example.org", language="de")
    with wiki.database.write() as session, speaking("en"):
        for to in (ben, "someone@example.org", gus):
            post(session, site, ANONYMOUS, to, template, **WORDS[template])
        *french, german = session.query(Mail).order_by(Mail.id)
    for mail in french:
        assert mail.body.startswith("Bonjour,\n") and "1 déc. 2026, 11:05" in mail.body
    assert german.body.startswith("Guten Tag,\n")
