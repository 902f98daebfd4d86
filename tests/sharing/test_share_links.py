"""Pages read by a link, without an account: what it shows, and for how long."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.attachments.samples import png
from tests.cast import Scene, words_of
from tests.pages.test_query_counts import counted
from wiki.db import at, now
from wiki.outbox.models import EventRow
from wiki.pages.access import restrictions
from wiki.pages.access.restrictions import AccessList
from wiki.pages.actions import delete_page, restore_page
from wiki.pages.links.moves import move_page
from wiki.pages.links.plans import MoveTo
from wiki.people.actions import disable, set_site_role
from wiki.people.models import Person
from wiki.rules.access import May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, SiteRole
from wiki.sharing import actions
from wiki.sharing.handlers import forget_old_links
from wiki.sharing.models import ShareLink
from wiki.spaces import gate
from wiki.spaces.actions import give_role
from wiki.spaces.consent import UNASKED
from wiki.spaces.queries import see_space


@pytest.fixture
def guide(wiki: Scene) -> Scene:
    """A guide with pages below it in a private space, which Ben edits, and a page beside it."""
    body = (
        "Read [the first step](guide/first) or [[guide/first#on]], then [what is beside](beside), "
        "[nothing](guide/none), [the first draft](guide/first?revision=1), @cai and "
        "[its history](/lab/guide/-/history), [a site](https://example.org/x) and "
        "[ours](http://127.0.0.1:8000/lab/beside).\n"
    )
    wiki.write("guide", body, space="lab", title="Guide")
    wiki.write("guide/first", "A draft of the first step.", space="lab", title="First step")
    wiki.write("guide/first", "## On\n\nSwitch it on.", space="lab")
    wiki.write("guide/first/deep", "Deeper.", space="lab", title="Deep step")
    wiki.write("beside", "Not for them.", space="lab", title="Beside")
    return wiki


def shared(wiki: Scene, path: str = "guide", *, by: str = "ben", **form: object) -> str:
    """Make a link to a page; the path of its address."""
    made = wiki.post(by, f"/lab/{path}/-/share", **form)
    found = re.search(r'<p class="secret" dir="ltr">http://[^/]+(/-/s/[\w-]+/)</p>', made.text)
    assert found, made.text
    return found[1]


def visit(wiki: Scene, url: str) -> TestResponse:
    """What somebody sees who comes by a link in a fresh browser."""
    return wiki.new_client().get(url)


def row_of(wiki: Scene) -> ShareLink:
    """The newest link."""
    with wiki.database.read() as session:
        found = session.scalars(select(ShareLink).order_by(ShareLink.id.desc())).first()
        assert found is not None
        return found


def test_whoever_has_the_link_reads_the_page_and_nothing_around_it(guide: Scene) -> None:
    url = shared(guide, recipient="Gus of the partners")
    seen = visit(guide, url)
    assert seen.status_code == 200
    assert 'Shared by Ben with <span dir="auto">Gus of the partners</span> until' in seen.text
    for hidden in ("/lab", "cai", "Cai</a>", "First step", "Eve", "Beside", "127.0.0.1", "/-/p/"):
        assert hidden not in seen.text.replace("@cai", "")
    assert 'href="https://example.org/x"' in seen.text
    assert seen.headers["X-Robots-Tag"].startswith("noindex")
    assert seen.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in seen.headers["Cache-Control"]
    assert "A draft" not in visit(guide, f"{url}?revision=1").text
    for other in ("first", "-/files/x", "none"):
        assert visit(guide, url + other).status_code == 404


def test_a_link_to_all_that_is_below_leads_around_in_it_and_nowhere_else(guide: Scene) -> None:
    url = shared(guide, what="subtree")
    browser = guide.new_client()
    home = browser.get(url).text
    assert f'<a href="{url}first">the first step</a>' in home
    assert f'<a href="{url}first#sec-on">' in home
    for words in ("what is beside", "nothing", "the first draft", "@cai", "its history", "ours"):
        assert re.search(f"<span[^>]*>{words}</span>", home), words
    assert "Switch it on." in browser.get(f"{url}first").text
    assert "Deeper." in browser.get(f"{url}first/deep").text
    assert browser.get(f"{url}beside").status_code == 404
    assert browser.get(f"{url}../beside").status_code == 404
    assert row_of(guide).views == 1


def test_what_a_page_includes_comes_along_as_far_as_the_link_shows_it(guide: Scene) -> None:
    guide.write("guide", "![[guide/first]]\n\n![[beside]]", space="lab")
    guide.get("ben", "/lab/guide")  # for whom some statements are kept now
    gate._of_thread.__dict__.clear()
    alone = visit(guide, shared(guide)).text
    assert "Switch it on." not in alone and "Not for them." not in alone
    below = visit(guide, shared(guide, what="subtree")).text
    assert "Switch it on." in below and "Not for them." not in below
    assert "/lab/" not in below


def test_what_is_kept_narrower_below_is_left_out(guide: Scene) -> None:
    eve = guide.actor("eve")
    guide.write("guide/secret", "x", space="lab", title="Secret step")
    guide.write("guide/secret/below", "x", space="lab", title="Below it")
    guide.write("guide/few", "x", space="lab", title="For a few")
    guide.write("guide/fixed", "x", space="lab", title="Fixed")
    ben = guide.actor("ben").person_id or 0
    with guide.database.write() as session:
        for path, do in (
            (
                "guide/secret",
                lambda id: restrictions.set_label(session, eve, id, Label.CONFIDENTIAL),
            ),
            (
                "guide/few",
                lambda id: restrictions.restrict(session, eve, id, AccessList(May.READ, [ben])),
            ),
            (
                "guide/fixed",
                lambda id: restrictions.restrict(session, eve, id, AccessList(May.EDIT, [])),
            ),
        ):
            do(guide.page(path, space="lab").id)
    screen = guide.get("ben", "/lab/guide/-/share").text
    assert "3 pages now, and any added below later." in screen
    assert (
        "Left out: 2 pages with a higher label than internal, 1 page restricted to some people and "
        "1 page you can’t edit."
    ) in screen
    url = shared(guide, what="subtree")
    browser = guide.new_client()
    home = browser.get(url).text
    assert "First step" in home
    for title, path in (
        ("Secret step", "secret"),
        ("Below it", "secret/below"),
        ("For a few", "few"),
        ("Fixed", "fixed"),
    ):
        assert title not in home
        assert browser.get(url + path).data == browser.get(f"{url}never").data


def test_pictures_and_files_come_along_with_their_page_alone(guide: Scene) -> None:
    guide.attach("guide/images/map.png", png(900, 30), space="lab")
    guide.attach("guide/first/notes.txt", b"Of the first step.", space="lab")
    guide.attach("beside/secret.txt", b"Not for them.", space="lab")
    guide.write(
        "guide",
        "![A map](guide/images/map.png) ![Another](beside/secret.png)\n\n"
        "[Notes](guide/first/notes.txt) [Secrets](beside/secret.txt)",
        space="lab",
    )
    guide.deliver()
    url, whole = shared(guide), shared(guide, what="subtree")
    browser = guide.new_client()
    page = browser.get(url).text
    picture = re.search(
        r'<img src="([^"]+)" alt="A map"[^>]* width="900"[^>]*srcset="([^"]+)"', page
    )
    assert picture, page
    assert picture[1] == f"{url}images/-/files/map.png"
    assert all(one.strip().startswith(url) for one in picture[2].split(","))
    assert '<span class="image-link">Another</span>' in page
    assert "<span>Notes</span> <span>Secrets</span>" in page
    answer = browser.get(picture[1])
    assert answer.data == png(900, 30)
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Robots-Tag"].startswith("noindex")
    assert browser.get(f"{url}first/-/files/notes.txt").status_code == 404
    assert guide.new_client().get(picture[1]).status_code == 404  # without having come in
    assert browser.get(whole).status_code == 200
    assert browser.get(f"{whole}first/-/files/notes.txt").data == b"Of the first step."
    assert browser.get(f"{whole}beside/-/files/secret.txt").status_code == 404


def _as_eve(do: Callable[..., object]) -> Callable[[Scene], None]:
    def done(wiki: Scene) -> None:
        page = wiki.page("guide", space="lab")
        with wiki.database.write() as session:
            do(session, wiki.actor("eve"), page.id)

    return done


def _demote(role: Role) -> Callable[[Scene], None]:
    def done(wiki: Scene) -> None:
        eve, ben = wiki.actor("eve"), wiki.actor("ben").person_id or 0
        with wiki.database.write() as session:
            give_role(session, eve, see_space(session, eve, "lab").space, ben, role)

    return done


def _ben(do: Callable[..., object]) -> Callable[[Scene], None]:
    def done(wiki: Scene) -> None:
        with wiki.database.write() as session:
            ben = session.get_one(Person, wiki.actor("ben").person_id)
            do(session, wiki.actor("ada"), ben)

    return done


def _keep(wiki: Scene) -> None:
    ben = wiki.actor("ben").person_id or 0
    _as_eve(lambda s, eve, id: restrictions.restrict(s, eve, id, AccessList(May.READ, [ben])))(wiki)


ENDS: dict[str, Callable[[Scene], object]] = {
    "its maker takes it back": lambda wiki: wiki.post("ben", f"/-/shares/{row_of(wiki).id}/revoke"),
    "a lead takes it back": lambda wiki: wiki.post("eve", f"/-/shares/{row_of(wiki).id}/revoke"),
    "its maker reads only": _demote(Role.READER),
    "its maker is out": _demote(Role.NONE),
    "its maker is disabled": _ben(disable),
    "its maker is a guest": _ben(lambda s, ada, ben: set_site_role(s, ada, ben, SiteRole.GUEST)),
    "the page is confidential": _as_eve(
        lambda s, eve, id: restrictions.set_label(s, eve, id, Label.CONFIDENTIAL)
    ),
    "the page is kept to its maker": _keep,
    "the page is deleted": _as_eve(lambda s, eve, id: delete_page(s, eve, id)),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_link_shows_nothing_from_the_next_request_on_once(guide: Scene, how: str) -> None:
    url = shared(guide, what="subtree")
    browser = guide.new_client()
    assert browser.get(url).status_code == 200
    ENDS[how](guide)
    unknown = visit(guide, "/-/s/never-was/")
    for client in (browser, guide.new_client(), guide.client("eve")):
        for path in (url, f"{url}first"):
            gone = client.get(path)
            assert (gone.status_code, gone.data) == (404, unknown.data)
            assert list(gone.headers.keys()) == list(unknown.headers.keys())


def test_a_link_ends_after_the_days_it_was_given(guide: Scene) -> None:
    url = shared(guide)
    browser = guide.new_client()
    with at(now() + timedelta(days=13)):
        assert browser.get(url).status_code == 200
    with at(now() + timedelta(days=15)):
        unknown = visit(guide, "/-/s/never-was/")
        assert browser.get(url).data == visit(guide, url).data == unknown.data
    assert "days from 1 to 90" in guide.post("ben", "/lab/guide/-/share", days="91").text
    shared(guide, days="90")
    with at(now() + timedelta(days=200)):
        forget_old_links(guide.database, guide.settings)
    with guide.database.read() as session:
        assert session.scalars(select(ShareLink)).all() == []
        assert len(session.scalars(select(EventRow).where(EventRow.name == "ShareMade")).all()) == 2


def test_a_link_follows_its_page_and_comes_back_with_it(guide: Scene) -> None:
    url = shared(guide, what="subtree")
    eve, page = guide.actor("eve"), guide.page("guide", space="lab")
    with guide.database.write() as session:
        move_page(session, eve, page.id, MoveTo("handbook/start"))
    assert "Switch it on." in visit(guide, f"{url}first").text
    with guide.database.write() as session:
        delete_page(session, eve, page.id)
    assert visit(guide, url).status_code == 404
    with guide.database.write() as session:
        restore_page(session, eve, page.id)
    assert visit(guide, url).status_code == 200


def test_a_password_is_asked_for_before_anything_is_shown(guide: Scene) -> None:
    url = shared(guide, password="open sesame now")
    browser = guide.new_client()
    for path in (url, f"{url}?x=1"):
        door = browser.get(path)
        assert "Guide" not in door.text
        assert "Ben" not in door.text
    wrong = browser.post(url, data={"password": "open sesame"})
    assert wrong.status_code == 422
    assert browser.get(url).text == door.text
    right = browser.post(url, data={"password": "open sesame now"})
    assert (right.status_code, right.location) == (303, url)
    assert "Guide" in browser.get(url).text
    cookie = right.headers["Set-Cookie"]
    assert f"Path={url}" in cookie
    assert "HttpOnly" in cookie


def guess(client: FlaskClient, url: str, address: str, password: str = "wrong") -> TestResponse:
    where = {"REMOTE_ADDR": address}
    return client.post(url, data={"password": password}, environ_overrides=where)


def test_wrong_passwords_make_their_sender_wait_and_then_the_link_rest(guide: Scene) -> None:
    url = shared(guide, password="open sesame now")
    answers = [guess(guide.new_client(), url, "192.0.2.1").status_code for _ in range(7)]
    assert answers == [422] * 5 + [429] * 2
    assert guess(guide.new_client(), url, "192.0.2.2", "open sesame now").status_code == 303
    for number in range(3, 6):
        for _ in range(5):
            guess(guide.new_client(), url, f"192.0.{number}.1")
    last = guess(guide.new_client(), url, "192.0.9.1", "open sesame now")
    assert last.data == visit(guide, "/-/s/never-was/").data
    assert visit(guide, url).status_code == 404
    letter = guide.letters()[-1]
    assert letter["To"] == "ben@example.org"
    assert "many wrong passwords were tried" in words_of(letter)
    assert url not in words_of(letter)
    assert "suspended" in guide.get("ben", "/-/me/shares").text
    id = row_of(guide).id
    assert guide.post("cai", f"/-/shares/{id}/resume").status_code == 404
    assert guide.post("ben", f"/-/shares/{id}/resume").status_code == 303
    assert guess(guide.new_client(), url, "192.0.2.9", "open sesame now").status_code == 303


def test_visits_are_counted_by_browser_and_no_more_come_in_than_were_allowed(guide: Scene) -> None:
    url = shared(guide, max_views="2")
    for _ in range(3):
        assert "Guide" not in visit(guide, url).text  # what only looks uses nothing up
    assert row_of(guide).views == 0
    first, second, third = (guide.new_client() for _ in range(3))
    for browser in (first, second):
        assert browser.post(url).status_code == 303
        assert "Guide" in browser.get(url).text
        assert browser.post(url).status_code == 303
    assert row_of(guide).views == 2
    for late in (third.post(url), third.get(url)):
        assert late.data == visit(guide, "/-/s/never-was/").data
    assert first.get(url).status_code == 200
    assert "opened 2 times of 2" in guide.get("ben", "/lab/guide/-/share").text


def test_a_link_that_is_opened_too_often_rests(
    guide: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "VISITS", replace(actions.VISITS, most=3))
    url = shared(guide)
    assert [visit(guide, url).status_code for _ in range(5)] == [200] * 3 + [404] * 2
    assert "opened unusually often" in words_of(guide.letters()[-1])
    rests = guide.get("eve", "/lab/-/shares").text
    assert "Suspended since" in rests
    assert guide.post("eve", f"/-/shares/{row_of(guide).id}/resume").status_code == 303
    assert visit(guide, url).status_code == 200


def test_the_link_is_mailed_to_whom_it_is_for_and_is_not_known_again(guide: Scene) -> None:
    url = shared(
        guide, email="partner@example.com", recipient="Partner", password="open sesame now"
    )
    letter = guide.letters()[-1]
    text = words_of(letter)
    assert letter["To"] == "partner@example.com"
    assert guide.settings.base_url + url in text
    assert "Guide" not in text
    assert "open sesame" not in text
    assert url not in guide.get("ben", "/lab/guide/-/share").text
    assert url.split("/")[3] not in str(vars(row_of(guide)))


@pytest.mark.parametrize(
    ("who", "status"), [("eve", 200), ("ben", 200), ("cai", 403), ("dot", 404), ("gus", 404)]
)
def test_only_who_may_edit_a_page_can_share_it(guide: Scene, who: str, status: int) -> None:
    assert guide.get(who, "/lab/guide/-/share").status_code == status
    assert guide.post(who, "/lab/guide/-/share").status_code == status
    assert ("Share by link" in guide.get(who, "/lab/guide").text) == (status == 200)


def test_what_may_not_be_shared_says_why(guide: Scene) -> None:
    eve, page = guide.actor("eve"), guide.page("guide", space="lab")
    with guide.database.write() as session:
        restrictions.set_label(session, eve, page.id, Label.CONFIDENTIAL, consent=UNASKED)
    screen = guide.get("eve", "/lab/guide/-/share").text
    assert "The page is labelled confidential; share links show at most internal pages." in screen
    assert guide.post("eve", "/lab/guide/-/share").status_code == 403
    with guide.database.write() as session:
        space = see_space(session, eve, "fair")
        give_role(session, eve, space.space, guide.actor("gus").person_id or 0, Role.EDITOR)
    guide.write("start", space="fair")
    assert "Only members of the organisation" in guide.get("gus", "/fair/start/-/share").text
    assert guide.post("gus", "/fair/start/-/share").status_code == 403


def test_links_can_be_turned_off_for_the_whole_wiki(guide: Scene) -> None:
    url = shared(guide)
    wiki = guide.app.extensions["wiki"]
    guide.app.extensions["wiki"] = replace(
        wiki, settings=replace(guide.settings, share_up_to="off")
    )
    assert visit(guide, url).status_code == 404
    assert "Share by link" not in guide.get("ben", "/lab/guide").text
    assert guide.post("ben", "/lab/guide/-/share").status_code == 403


def test_links_are_seen_by_whose_affair_they_are(guide: Scene) -> None:
    shared(guide, what="subtree", recipient="The partners")
    id = row_of(guide).id
    for who, url in (
        ("ben", "/lab/guide/-/share"),
        ("eve", "/lab/guide/first/-/share"),  # by a link from above
        ("eve", "/lab/-/shares"),
        ("ben", "/-/me/shares"),
    ):
        assert "The partners" in guide.get(who, url).text, url
    assert (
        "One share link lets people without an account"
        in guide.get("ben", "/lab/guide/-/access").text
    )
    assert "One share link" not in guide.get("ben", "/lab/beside/-/access").text
    assert guide.get("ben", "/lab/-/shares").status_code == 403
    assert "The partners" not in guide.get("eve", "/-/me/shares").text
    for who in ("cai", "dot", "gus", "ada"):
        assert guide.post(who, f"/-/shares/{id}/revoke").data == (
            guide.post(who, f"/-/shares/{id + 9}/revoke").data
        )
    _demote(Role.NONE)(guide)
    guide.write("guide", "x", space="lab", title="Renamed since")
    mine = guide.get("ben", "/-/me/shares").text
    assert "a page you can no longer read" in mine
    assert "Renamed since" not in mine
    assert "Ben has no access to Lab" in guide.get("eve", "/lab/-/shares").text
    assert guide.post("ben", f"/-/shares/{id}/revoke").status_code == 303
    assert row_of(guide).revoked_at is not None


def test_no_screen_of_links_asks_more_often_because_there_is_more(guide: Scene) -> None:
    guide.alone()
    url = shared(guide, what="subtree")
    browser = guide.new_client()
    places = (url, "/lab/guide/-/share", "/lab/guide/-/access", "/lab/-/shares", "/-/me/shares")

    def asked() -> list[int]:
        found = []
        for place in places:
            client = browser if place == url else guide.client("eve")
            client.get(place)
            with counted(guide) as statements:
                assert client.get(place).status_code == 200
            found.append(len(statements))
        return found

    guide.attach("guide/a.png", png(40, 30), space="lab")
    guide.write("guide", "[a](guide/first) ![](guide/a.png)", space="lab")
    shared(guide, by="eve")
    guide.deliver()
    before = asked()
    for number in range(4):
        guide.write(f"guide/more-{number}", "x", space="lab")
        guide.attach(f"guide/more-{number}/b.png", png(50, 30), space="lab")
        shared(guide, by="ben" if number % 2 else "eve", what="subtree", days=str(number + 1))
    links = "".join(f"[b](guide/more-{n}) ![](guide/more-{n}/b.png)" for n in range(4))
    guide.write("guide", f"[a](guide/first) ![](guide/a.png) {links}", space="lab")
    guide.deliver()
    # Settings of the site are read again from time to time.
    assert all(now <= then for now, then in zip(asked(), before, strict=True))


def test_of_many_at_once_no_more_come_in_than_were_allowed(guide: Scene) -> None:
    url = shared(guide, max_views="2")
    clients = [guide.new_client() for _ in range(5)]
    together = Barrier(len(clients))

    def come_in(client: FlaskClient) -> int:
        together.wait()
        return client.post(url).status_code

    with ThreadPoolExecutor(len(clients)) as threads:
        assert sorted(threads.map(come_in, clients)) == [303, 303, 404, 404, 404]
    assert row_of(guide).views == 2


def test_the_audit_says_what_was_shared(guide: Scene) -> None:
    shared(guide, what="subtree")
    guide.post("eve", f"/-/shares/{row_of(guide).id}/revoke")
    told = guide.get("ada", "/-/admin/audit?category=access").text
    assert "created a share link to" in told
    assert "revoked a share link to" in told
