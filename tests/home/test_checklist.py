"""The checklist of first steps on the home screen of admins."""

import re
from dataclasses import replace

import pytest
from sqlalchemy import delete

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.home.models import Dismissal
from wiki.people.models import Person
from wiki.spaces.models import Space
from wiki.web.request import Parts


def steps(html: str) -> dict[str, bool]:
    """The steps of the checklist by label, and whether they are done."""
    found = re.search(r'aria-labelledby="home-checklist">.*?</section>', html, re.DOTALL)
    items = re.findall(r"<li>.*?</li>", found[0], re.DOTALL) if found else []
    words = [re.search(r"<(?:a [^>]*|strong)>([^<]+)<", item) for item in items]
    return {word[1]: "(done)" in item for word, item in zip(words, items, strict=True) if word}


def set_mail_server(wiki: Scene) -> None:
    parts: Parts = wiki.app.extensions["wiki"]
    settings = replace(parts.settings, smtp_url="smtp://mail.example.org")
    wiki.app.extensions["wiki"] = replace(parts, settings=settings)


def test_each_step_is_ticked_once_it_is_done(wiki: Scene) -> None:
    with wiki.database.write() as session:
        session.execute(delete(Space))
        session.execute(delete(Person).where(Person.handle != "ada"))
    shown = wiki.get("ada", "/").text
    assert list(steps(shown).values()) == [False] * 6
    assert "0 of 6 done" in shown
    assert shown.count("Create a space of your own</a> first.") == 2
    wiki.post("ada", "/-/spaces/new", slug="team", title="Team", visibility="internal")
    shown = wiki.get("ada", "/").text
    assert steps(shown)["Create a space"]
    assert 'href="/team/-/new">Write a page' in shown
    assert 'href="/team/-/import">Import what you have' in shown
    for url in ("/team/-/new", "/team/-/import", "/-/admin/invitations"):
        assert wiki.get("ada", url).status_code == 200
    assert not steps(shown)["Write a page"]
    wiki.write("plan", "x", space="team", by="ada")
    assert steps(wiki.get("ada", "/").text)["Write a page"]
    wiki.post("ada", "/-/admin/invitations", email="new@example.org", site_role="member")
    found = steps(wiki.get("ada", "/").text)
    assert found["Invite people"]
    assert not found["Give your wiki a name and a logo"]
    wiki.post("ada", "/-/admin/settings", site_name="Harbour", language="en", time_zone="UTC")
    assert steps(wiki.get("ada", "/").text)["Give your wiki a name and a logo"]
    assert not found["Set up email"]
    assert not found["Import what you have"]


@pytest.mark.every_database
def test_it_is_for_admins_until_they_dismiss_it(wiki: Scene) -> None:
    for who in ("nobody", "ben", "eve", "gus"):
        assert not steps(wiki.get(who, "/").text)
    assert steps(wiki.get("ada", "/").text)
    assert wiki.post("eve", "/-/checklist/dismiss").status_code == 403
    for _ in range(2):
        assert wiki.post("ada", "/-/checklist/dismiss").location == "/"
    assert not steps(wiki.get("ada", "/").text)
    with wiki.database.read() as session:
        assert session.query(Dismissal).count() == 1


def test_a_test_email_goes_to_the_admin_who_asks_for_it(wiki: Scene) -> None:
    assert "Send a test email" not in wiki.get("ada", "/").text
    wiki.post("ada", "/-/checklist/test-email")
    assert "No mail server is set" in wiki.get("ada", "/").text
    assert not wiki.letters()
    set_mail_server(wiki)
    shown = wiki.get("ada", "/?mail").text
    assert "Send a test email" in shown
    assert steps(shown)["Set up email"]
    assert wiki.post("eve", "/-/checklist/test-email").status_code == 403
    wiki.post("ada", "/-/checklist/test-email")
    assert "A test email is on its way to ada@example.org" in wiki.get("ada", "/").text
    assert [letter["To"] for letter in wiki.letters()] == ["ada@example.org"]


def test_it_costs_no_more_queries_with_more_data(wiki: Scene) -> None:
    wiki.alone()
    wiki.get("ada", "/-/me")
    numbers = []
    for round_ in range(2):
        for number in range(1 + 12 * round_):
            wiki.write(f"page-{round_}-{number}", "x", space="open", by="eve")
        with counted(wiki) as statements:
            wiki.get("ada", "/")
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] < 18
