"""Accounts that people create themselves, where an admin has opened the wiki to their domain."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select

from tests.cast import PASSWORD, Scene, words_of
from wiki.config import ConfigError
from wiki.config.environment import load
from wiki.people.models import Person
from wiki.spaces.models import Invitation

SETTINGS = "/-/admin/settings"


def choose(wiki: Scene, **values: Any) -> int:
    form = {"site_name": "", "language": "", "time_zone": "", "mail_from": "w@example.org"}
    return wiki.post("ada", SETTINGS, **{**form, **values}).status_code


def ask(wiki: Scene, email: str) -> int:
    return wiki.client("nobody").post("/-/register", data={"email": email}).status_code


@pytest.mark.every_database
def test_people_at_an_open_domain_create_their_account_by_a_mailed_link(wiki: Scene) -> None:
    assert wiki.get("nobody", "/-/register").status_code == 404
    assert "/-/register" not in wiki.get("nobody", "/-/login").text
    assert choose(wiki, registration="domains", registration_domains="Example.ORG, b.test") == 303
    assert 'href="/-/register"' in wiki.get("nobody", "/-/login").text
    assert "example.org, b.test" in wiki.get("nobody", "/-/register").text
    assert ask(wiki, " Hal@Example.org ") == 303
    letter = wiki.letters()[-1]
    assert letter["To"] == "hal@example.org"
    link = re.search(r"/-/invite/\S+", words_of(letter))
    assert link
    made = wiki.client("nobody").post(
        link[0], data={"handle": "hal", "name": "Hal", "password": PASSWORD, "email": "x@evil.org"}
    )
    assert made.status_code == 303
    with wiki.database.read() as session:
        hal = session.scalars(select(Person).where(Person.handle == "hal")).one()
        assert (hal.email, hal.site_role) == ("hal@example.org", "member")
    assert "asked for an account" in wiki.get("ada", "/-/admin/audit").text


def test_the_answer_tells_nothing_of_accounts_and_other_domains_get_no_mail(wiki: Scene) -> None:
    choose(wiki, registration="domains", registration_domains="example.org")
    with wiki.database.write() as session:
        person = session.scalars(select(Person).where(Person.handle == "ben")).one()
        person.email = "ben@example.org"
    before = len(wiki.letters())
    assert ask(wiki, "ben@example.org") == ask(wiki, "new@example.org") == 303
    first, second = wiki.letters()[before:]
    assert "/-/invite/" not in words_of(first) and "/-/login" in words_of(first)
    assert "/-/invite/" in words_of(second)
    for wrong in ("a@evil.org", "a@example.org.evil.org", "a@sub.example.org", "example.org", ""):
        assert ask(wiki, wrong) == 422
    assert [ask(wiki, "new@example.org") for _ in range(3)][-1] == 429
    choose(wiki, registration="invitation")
    assert ask(wiki, "late@example.org") == 404
    with wiki.database.read() as session:
        emails = set(session.scalars(select(Invitation.email)))
    assert emails == {"new@example.org"}


@pytest.mark.parametrize(
    "now",
    [{"registration": "invitation"}, {"registration": "closed"}, {"registration_domains": "b.org"}],
)
def test_a_mailed_link_ends_when_registration_is_closed_and_works_again_when_it_is_open(
    wiki: Scene, now: dict[str, str]
) -> None:
    opened = {"registration": "domains", "registration_domains": "example.org"}
    choose(wiki, **opened)
    ask(wiki, "hal@example.org")
    found = re.search(r"/-/invite/\S+", words_of(wiki.letters()[-1]))
    assert found
    form = {"handle": "hal", "name": "Hal", "password": PASSWORD}
    assert "hal@example.org" in wiki.get("ada", "/-/admin/invitations").text
    choose(wiki, **{**opened, **now})
    assert "hal@example.org" not in wiki.get("ada", "/-/admin/invitations").text
    for answer in (
        wiki.get("nobody", found[0]),
        wiki.client("nobody").post(found[0], data=form),
        wiki.post("gus", found[0]),
    ):
        assert answer.status_code == 410
        assert "Registration is closed, so this link no longer works." in answer.text
    choose(wiki, **opened)
    assert wiki.client("nobody").post(found[0], data=form).status_code == 303


def test_while_registration_is_closed_only_admins_invite(wiki: Scene) -> None:
    invitation = {"role": "reader", "email": "hal@example.org"}
    assert "/-/invitations" in wiki.get("eve", "/eng/-/members").text
    choose(wiki, registration="closed")
    assert 'action="/eng/-/invitations"' not in wiki.get("eve", "/eng/-/members").text
    assert wiki.post("eve", "/eng/-/invitations", **invitation).status_code == 403
    sent = wiki.post("ada", "/-/admin/invitations", email="hal@example.org", site_role="guest")
    assert "/-/invite/" in sent.text


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("registration", {"registration": "everyone"}),
        ("registration_domains", {"registration": "domains"}),
        ("registration_domains", {"registration_domains": "example"}),
        ("registration_domains", {"registration_domains": "a@example.org"}),
        (
            "registration_domains",
            {"registration_domains": " ".join(map("d{}.org".format, range(60)))},
        ),
        ("space_label", {"space_label": "public"}),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_field(
    wiki: Scene, field: str, values: dict[str, str]
) -> None:
    answer = wiki.post("ada", SETTINGS, mail_from="w@example.org", **values)
    assert answer.status_code == 422 and f'id="{field}-error"' in answer.text


def test_the_environment_decides_where_it_says_so(wiki: Scene) -> None:
    found = load({"WIKI_REGISTRATION": "domains", "WIKI_REGISTRATION_DOMAINS": "A.org b.org"})
    assert found.open_domains == ("a.org", "b.org")
    for wrong in (
        {"WIKI_REGISTRATION": "open"},
        {"WIKI_REGISTRATION": "domains"},
        {"WIKI_REGISTRATION_DOMAINS": "example"},
        {"WIKI_SPACE_LABEL": "public"},
    ):
        with pytest.raises(ConfigError):
            load(wrong)


def test_new_spaces_get_the_label_that_admins_chose(wiki: Scene) -> None:
    choose(wiki, space_label="confidential")
    form = {"visibility": "internal", "member_role": "editor"}
    wiki.post("eve", "/-/spaces/new", slug="deep", title="Deep", **form)
    assert '<option value="confidential" selected>' in wiki.get("eve", "/deep/-/settings").text
    wiki.post("eve", "/-/spaces/new", slug="wide", title="Wide", **form | {"visibility": "public"})
    assert '<option value="public" selected>' in wiki.get("eve", "/wide/-/settings").text
