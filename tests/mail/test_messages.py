"""Mails are text and HTML from templates, in which nobody can write lines of their own."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner
from jinja2 import UndefinedError

from tests.cast import Scene
from wiki.commands.mail import preview
from wiki.config import Settings
from wiki.i18n import speaking
from wiki.mail.messages import html_of, post, render, render_html
from wiki.mail.models import Mail
from wiki.mail.samples import SAMPLES
from wiki.people.models import Person
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
    "webhooks/mail/stopped.txt": {"hook": WRITTEN, "hook_id": 1, "space": SPACE},
    "inbox/mail/notice.txt": {"item": NOTICE, "stop": STOP, "mark": "##-"},
    "inbox/mail/reply_answer.txt": {"said": WRITTEN, "posted": False},
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
    found = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("mail/*.txt")}
    assert found == WORDS.keys() == SAMPLES.keys()


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


class Seen(HTMLParser):
    """The tags of a document with their attributes, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.parametrize("template", WORDS)
def test_the_html_of_a_mail_says_the_same_and_fetches_nothing(template: str) -> None:
    hostile = "<img src=x>&amp; Ada"
    words = {"name": hostile, **WORDS[template]}
    subject, body = render(SETTINGS, template, **words)
    own = template.replace(".txt", ".html")
    if (TEMPLATES / own).exists():
        html = render_html(SETTINGS, own, subject, **words)
    else:
        html = html_of(SETTINGS, subject, body)
    seen = Seen(html)
    names = {name for name, _ in seen.tags}
    assert not names & {"img", "script", "link", "iframe", "form", "object"}
    assert not {key for _, given in seen.tags for key in given} & {"src", "srcset", "background"}
    assert "url(" not in html and "@import" not in html and "prefers-color-scheme: dark" in html
    assert seen.tags[0] == ("html", {"lang": "en", "dir": "ltr"})
    links = [given["href"] or "" for name, given in seen.tags if name == "a"]
    assert all(link.startswith("https://wiki.example.org/") for link in links)
    said = " ".join(" ".join(seen.words).split())
    greeting = body.partition("\n")[0]
    assert greeting in said or WRITTEN.split("\r")[0] in greeting
    for link in re.findall(r"https://wiki\.example\.org/\S*", body):
        assert link in links


def test_a_mail_has_both_parts_in_the_language_of_its_reader(wiki: Scene) -> None:
    gus = Person(name="Gus", email="g@example.org", language="de")
    with wiki.database.write() as session:
        post(session, wiki.settings, ANONYMOUS, gus, "people/mail/password_changed.txt")
    (letter,) = wiki.letters()
    assert letter.get_content_type() == "multipart/alternative"
    text, html = letter.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert '<html lang="de" dir="ltr">' in html.get_content()
    assert "Guten Tag" in text.get_content() and "Guten Tag" in html.get_content()


def test_each_mail_can_be_looked_at_without_a_wiki(tmp_path: Path) -> None:
    done = CliRunner().invoke(preview, [str(tmp_path), "--language", "de"])
    assert done.exit_code == 0, done.output
    assert {path.suffix for path in tmp_path.iterdir()} == {".txt", ".html", ".eml"}
    assert len(list(tmp_path.iterdir())) == 3 * len(WORDS)
    assert "On-call rota" in (tmp_path / "inbox-digest.html").read_text()


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
