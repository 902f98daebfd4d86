"""Invitations: who makes them, who comes in by them, and when they end."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from threading import Barrier, Event

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene, words_of
from wiki.db import now
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import set_label
from wiki.people.models import Person
from wiki.rules.access import may_invite
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole
from wiki.spaces import invitations
from wiki.spaces.actions import set_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Invitation, Membership, Space
from wiki.spaces.queries import see_space

FORM = {"name": "Hal", "handle": "hal", "email": "hal@example.org", "password": PASSWORD}


def link_in(answer: TestResponse) -> str:
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["Cache-Control"] == "no-store"
    found = re.search(r"http://127\.0\.0\.1:8000(/-/invite/[\w-]+)", answer.text)
    assert found
    return found[1]


def invite(wiki: Scene, who: str = "eve", space: str = "lab", **form: str) -> str:
    """The path of a new invitation's link."""
    return link_in(wiki.post(who, f"/{space}/-/invitations", **({"role": "editor"} | form)))


def invite_to_site(wiki: Scene, **form: str) -> str:
    return link_in(wiki.post("ada", "/-/admin/invitations", **form))


def role_of(wiki: Scene, handle: str, slug: str) -> Role:
    with wiki.database.read() as session:
        role = session.scalar(
            select(Membership.role)
            .join(Person, Person.id == Membership.person_id)
            .join(Space, Space.id == Membership.space_id)
            .where(Person.handle == handle, Space.slug == slug)
        )
    return Role(role or 0)


def site_role(wiki: Scene, handle: str) -> str:
    with wiki.database.read() as session:
        return session.scalars(select(Person.site_role).where(Person.handle == handle)).one()


def test_a_lead_invites_somebody_new_as_a_guest_into_their_space(wiki: Scene) -> None:
    wiki.write("plans", "secret words", space="lab")
    wiki.write("rota", "internal words", space="eng")
    shown = wiki.post("eve", "/lab/-/invitations", role="editor", email="Hal@example.org")
    link = link_in(wiki.agree("eve", shown))
    letter = wiki.letters()[-1]
    assert letter["To"] == "hal@example.org"
    assert f"http://127.0.0.1:8000{link}" in words_of(letter)
    assert "Eve" in str(letter["Subject"])

    browser = wiki.new_client()
    screen = browser.get(link).text
    assert 'value="hal"' in screen
    assert "Join Lab" in screen
    came = browser.post(link, data=FORM | {"email": "other@example.org"})
    assert (came.status_code, came.location) == (303, "/lab/")
    assert "secret words" in browser.get("/lab/plans").text
    assert browser.get("/eng/rota").status_code == 404
    assert role_of(wiki, "hal", "lab") is Role.EDITOR
    assert site_role(wiki, "hal") == "guest"
    with wiki.database.read() as session:
        email = session.scalars(select(Person.email).where(Person.handle == "hal")).one()
        names = set(session.scalars(select(EventRow.name)))
    assert email == "hal@example.org"  # the invited one, not what was sent
    assert {"InvitationCreated", "InvitationAccepted", "MemberChanged", "PersonCreated"} <= names


def test_an_invitation_first_shows_what_who_comes_in_could_read(wiki: Scene) -> None:
    wiki.write("plans", "one", space="lab")
    wiki.write("plans", "two", space="lab")
    wiki.attach("plans/file.txt", b"x", space="lab")
    keep(wiki, "narrow", Label.CONFIDENTIAL)
    shown = wiki.post("eve", "/lab/-/invitations", role="reader", email="hal@example.org")
    assert shown.status_code == 409
    assert "1 more person could then read 1 page, 1 file and 1 old revision." in shown.text
    assert "hal@example.org" in shown.text
    assert wiki.letters() == [], "nothing is sent before"
    as_editor = wiki.post("eve", "/lab/-/invitations", role="editor")
    assert "read 2 pages, 1 file" in as_editor.text
    assert link_in(wiki.agree("eve", as_editor))
    wiki.write("open", "for all", space="open")
    link_in(wiki.post("eve", "/open/-/invitations", role="reader"))  # it is there for all anyway
    wiki.agree("eve", shown)
    assert [letter["To"] for letter in wiki.letters()] == ["hal@example.org"]


def test_an_invitation_to_what_is_narrow_may_take_two_and_is_sent_then(wiki: Scene) -> None:
    object.__setattr__(wiki.settings, "second_person_from", 0)
    keep(wiki, "narrow", Label.CONFIDENTIAL)
    without = wiki.post("eve", "/lab/-/invitations", role="editor")
    assert "a second person has to approve it" in without.text
    assert wiki.agree("eve", without).status_code == 403
    assert "Enter an email address" in wiki.agree("eve", without, ask="1").text
    shown = wiki.post("eve", "/lab/-/invitations", role="editor", email="hal@example.org")
    asked = wiki.agree("eve", shown, ask="1")
    assert "hal@example.org" not in [letter["To"] for letter in wiki.letters()]
    screen = wiki.get("ada", asked.location).text
    assert "Invite someone" in screen and "hal@example.org" in screen
    assert wiki.post("ada", asked.location, approve="1").status_code == 303
    assert "hal@example.org" in [letter["To"] for letter in wiki.letters()]


def keep(wiki: Scene, path: str, label: Label) -> None:
    """Make a page of the lab that only some roles are cleared for."""
    page = wiki.write(path, "x", space="lab")
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), page.id, label)


def test_an_admin_invites_members_and_admins(wiki: Scene) -> None:
    link = invite_to_site(wiki, site_role="member")
    browser = wiki.new_client()
    assert browser.post(link, data=FORM).location == "/"
    assert site_role(wiki, "hal") == "member"
    assert browser.get("/-/admin/people").status_code == 403
    link = invite_to_site(wiki, site_role="admin", email="ida@example.org")
    browser = wiki.new_client()
    browser.post(link, data=FORM | {"handle": "ida"})
    assert browser.get("/-/admin/people").status_code == 200


@pytest.mark.parametrize("site_role", ["member", "admin"])
def test_a_lead_brings_in_guests_only(wiki: Scene, site_role: str) -> None:
    refused = wiki.post("eve", "/lab/-/invitations", role="reader", site_role=site_role)
    assert refused.status_code == 403
    assert "Only admins" in refused.text
    assert "member of the organisation</option>" not in wiki.get("eve", "/lab/-/members").text


def test_a_guest_who_leads_adds_people_but_brings_in_nobody_new(wiki: Scene) -> None:
    wiki.post("eve", "/fair/-/members", person="gus", role="lead")
    assert wiki.post("gus", "/fair/-/members", person="ben", role="reader").status_code == 303
    assert wiki.post("gus", "/fair/-/invitations", role="reader").status_code == 403
    assert "Invite someone new" not in wiki.get("gus", "/fair/-/members").text


def test_who_may_invite_as_what() -> None:
    def asks(role: SiteRole) -> list[bool]:
        from wiki.rules.access import Actor

        actor = Actor(None if role is SiteRole.ANONYMOUS else 1, "x", "X", role)
        return [bool(may_invite(actor, as_role)) for as_role in list(SiteRole)[1:]]

    assert asks(SiteRole.ANONYMOUS) == asks(SiteRole.GUEST) == [False, False, False]
    assert asks(SiteRole.MEMBER) == [True, False, False]
    assert asks(SiteRole.ADMIN) == [True, True, True]


@pytest.mark.parametrize("who", ["ben", "cai"])
def test_only_leads_invite_into_a_space(wiki: Scene, who: str) -> None:
    assert wiki.post(who, "/lab/-/invitations", role="reader").status_code == 403
    assert wiki.post("dot", "/lab/-/invitations", role="reader").status_code == 404
    assert wiki.post("ada", "/lab/-/invitations", role="reader").status_code == 404
    assert wiki.post(who, "/-/admin/invitations", site_role="guest").status_code == 403


def test_open_invitations_are_listed_for_leads_and_admins_without_their_link(wiki: Scene) -> None:
    link = invite(wiki, email="hal@example.org")
    for who, url in (("eve", "/lab/-/members"), ("ada", "/-/admin/invitations")):
        screen = wiki.get(who, url).text
        assert "hal@example.org" in screen
        assert link not in screen
    assert "hal@example.org" not in wiki.get("ben", "/lab/-/members").text
    with wiki.database.read() as session:
        assert link.rpartition("/")[2] not in str(vars(session.scalars(select(Invitation)).one()))


def ended(wiki: Scene, link: str) -> str:
    """What a link that has ended says, to look at it and to use it, signed in or not."""
    said = set()
    for who in ("nobody", "dot"):
        browser = wiki.new_client(who)
        for answer in (browser.get(link), browser.post(link, data=FORM)):
            assert answer.status_code == 410
            found = re.search(r"data-reason>([^<]+)<", answer.text)
            assert found
            said.add(unescape(found[1]))
    assert len(said) == 1
    return said.pop()


def test_an_invitation_that_was_used_taken_back_expired_or_never_made_says_one_sentence(
    wiki: Scene,
) -> None:
    used, revoked, expired = invite(wiki), invite(wiki, email="r@example.org"), invite(wiki)
    wiki.new_client().post(used, data=FORM)
    with wiki.database.write() as session:
        ids = session.scalars(select(Invitation.id).order_by(Invitation.id)).all()
        session.execute(
            update(Invitation)
            .where(Invitation.id == ids[2])
            .values(expires_at=now() - timedelta(seconds=1))
        )
    assert wiki.post("eve", f"/lab/-/invitations/{ids[1]}/revoke").status_code == 303
    said = {ended(wiki, link) for link in (used, revoked, expired, "/-/invite/guessed")}
    assert said == {
        "This invitation was already used, was revoked or has expired. Ask the person who sent it "
        "for a new one."
    }


def test_an_invitation_is_good_for_fourteen_days(wiki: Scene) -> None:
    invite(wiki)
    with wiki.database.read() as session:
        row = session.scalars(select(Invitation)).one()
        assert timedelta(days=13, hours=23) < row.expires_at - now() <= timedelta(days=14)


def test_an_invitation_ends_with_the_right_of_whoever_made_it(wiki: Scene) -> None:
    link, by_admin = invite(wiki, "eve", "lab"), invite_to_site(wiki, site_role="admin")
    wiki.post("eve", "/lab/-/members", person="ben", role="lead")
    wiki.post("ben", "/lab/-/members", person="eve", role="editor")
    ended(wiki, link)
    wiki.post("ben", "/lab/-/members", person="eve", role="lead")
    assert wiki.new_client().get(link).status_code == 200
    wiki.post("ada", "/-/admin/people/eve/disable")
    ended(wiki, link)
    wiki.post("ada", "/-/admin/people/ben/role", role="admin")
    wiki.post("ben", "/-/admin/people/ada/role", role="member")
    ended(wiki, by_admin)


def test_invitations_are_taken_back_only_by_who_may(wiki: Scene) -> None:
    link = invite(wiki, "eve", "lab")
    invite_to_site(wiki, site_role="member")
    with wiki.database.read() as session:
        in_lab, at_site = session.scalars(select(Invitation.id).order_by(Invitation.id)).all()
    assert wiki.post("ben", f"/lab/-/invitations/{in_lab}/revoke").status_code == 403
    assert wiki.post("eve", f"/eng/-/invitations/{in_lab}/revoke").status_code == 404
    assert wiki.post("eve", f"/lab/-/invitations/{at_site}/revoke").status_code == 404
    assert wiki.post("eve", f"/-/admin/invitations/{in_lab}/revoke").status_code == 403
    assert wiki.new_client().get(link).status_code == 200
    assert wiki.post("ada", f"/-/admin/invitations/{in_lab}/revoke").status_code == 303
    ended(wiki, link)


def test_somebody_signed_in_accepts_into_their_own_account(wiki: Scene) -> None:
    link = invite(wiki, role="editor")
    browser = wiki.client("gus")
    assert "Accept as Gus" in browser.get(link).text
    assert browser.post(link).location == "/lab/"
    assert role_of(wiki, "gus", "lab") is Role.EDITOR
    assert site_role(wiki, "gus") == "guest"
    assert wiki.get("gus", "/lab/").status_code == 200


def test_an_accepted_invitation_takes_nothing_away(wiki: Scene) -> None:
    wiki.client("ben").post(invite(wiki, role="reader"))
    assert role_of(wiki, "ben", "lab") is Role.EDITOR
    wiki.client("ada").post(invite_to_site(wiki, site_role="guest"))
    assert site_role(wiki, "ada") == "admin"
    wiki.client("gus").post(invite_to_site(wiki, site_role="member"))
    assert site_role(wiki, "gus") == "member"


def test_of_two_who_use_an_invitation_at_once_one_comes_in(wiki: Scene) -> None:
    link = invite(wiki)
    dot = wiki.client("dot")
    ready = Barrier(2)

    def come(number: int) -> int:
        browser, form = (dot, {}) if number else (wiki.new_client(), FORM)
        ready.wait()
        return browser.post(link, data=form).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(come, range(2))) == [303, 410]
    with wiki.database.read() as session:
        row = session.scalars(select(Invitation)).one()
    got_in = [who for who in ("hal", "dot") if role_of(wiki, who, "lab")]
    assert len(got_in) == 1
    assert row.used_by_id is not None


def test_coming_in_waits_for_who_gives_a_role_and_neither_is_lost(wiki: Scene) -> None:
    """Publish in the transaction that holds the space while the other one waits for it."""
    link = invite(wiki)
    token = link.rpartition("/")[2]

    def gives(session: Session) -> None:
        seen = see_space(session, wiki.actor("eve"), "lab")
        dot = session.get_one(Person, wiki.actor("dot").person_id)
        session.get_one(Space, seen.space.id, with_for_update=True)
        begun.set()
        blocked.wait(0.5)
        set_role(session, seen, dot, Role.READER, consent=UNASKED)

    def comes(session: Session) -> None:
        hal = invitations.Newcomer(handle="hal", name="Hal", email=None, password_hash="x")
        invitations.accept_as_new(session, token, hal, ())

    begun, blocked = Event(), Event()

    def run(change: Callable[[Session], None]) -> None:
        with wiki.database.write() as session:
            change(session)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(run, gives)
        begun.wait()
        second = pool.submit(run, comes)
        first.result()
        second.result()
    assert (role_of(wiki, "dot", "lab"), role_of(wiki, "hal", "lab")) == (Role.READER, Role.EDITOR)


def test_a_form_that_is_refused_leaves_the_invitation_to_be_used(wiki: Scene) -> None:
    link = invite(wiki)
    for wrong, sentence in (
        ({"handle": "ben"}, "The user name “ben” is taken."),
        ({"email": "BEN@example.org"}, "This address belongs to another account."),
        ({"password": "short"}, "at least 10 characters"),
        ({"handle": "Hal Jordan"}, "letters a to z"),
        ({"email": "hal"}, "Enter a valid email address."),
    ):
        refused = wiki.new_client().post(link, data=FORM | wrong)
        assert refused.status_code == 422
        assert sentence in refused.text
        assert PASSWORD not in refused.text
    assert wiki.new_client().post(link, data=FORM).status_code == 303


def test_somebody_with_an_account_is_added_at_once_and_not_invited(wiki: Scene) -> None:
    refused = wiki.post("eve", "/lab/-/invitations", role="reader", email="DOT@example.org")
    assert refused.status_code == 422
    assert "Dot already has an account" in refused.text
    assert (
        wiki.post("eve", "/lab/-/members", person="Dot@example.org", role="reader").status_code
        == 303
    )
    assert role_of(wiki, "dot", "lab") is Role.READER
    unknown = wiki.post("eve", "/lab/-/members", person="hal@example.org", role="reader")
    assert unknown.status_code == 422
    assert 'name="email" type="email" value="hal@example.org"' in unknown.text
    wiki.post("ada", "/-/admin/people/cai/disable")
    closed = wiki.post("eve", "/lab/-/members", person="cai", role="editor")
    assert "Cai’s account is disabled." in closed.text


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"role": "owner"}, "role"),
        ({"role": ""}, "role"),
        ({"role": "reader", "site_role": "king"}, "role"),
        ({"role": "reader", "email": "x"}, "valid email"),
    ],
)
def test_what_cannot_be_invited_is_refused_with_a_sentence(
    wiki: Scene, form: dict[str, str], field: str
) -> None:
    refused = wiki.post("eve", "/lab/-/invitations", **form)
    assert refused.status_code == 422
    assert field in refused.text


def test_nobody_invites_without_end(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "PER_PERSON", invitations.Limit(2, timedelta(days=1)))
    invite(wiki)
    invite(wiki)
    refused = wiki.post("eve", "/lab/-/invitations", role="reader")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 80_000


@pytest.mark.parametrize(
    ("email", "handle"),
    [
        ("hal@example.org", "hal"),
        ("Ben@elsewhere.org", "ben2"),
        ("Émile.Zola+wiki@example.org", "emile.zolawiki"),
        ("李雷@example.org", ""),
        (None, ""),
        ("...@example.org", ""),
    ],
)
def test_a_user_name_is_suggested_that_is_free(wiki: Scene, email: str | None, handle: str) -> None:
    with wiki.database.read() as session:
        assert invitations.suggested_handle(session, email) == handle


def test_the_sign_in_leads_back_to_the_invitation(wiki: Scene) -> None:
    link = invite(wiki)
    browser = wiki.new_client()
    found = re.search(
        r'href="(/-/login\?next=[^"]*invite[^"]*)">Sign in</a> to accept', browser.get(link).text
    )
    assert found
    form = browser.get(unescape(found[1]))
    assert f'name="next" value="{link}"' in form.text
    signed_in = browser.post("/-/login", data={"login": "dot", "password": PASSWORD, "next": link})
    assert signed_in.location == link
