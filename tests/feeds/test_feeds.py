"""Feeds: what they contain for whom, their personal addresses, and what they never contain."""

from __future__ import annotations

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from tests.cast import Scene, csrf_token
from wiki.db import now
from wiki.feeds import actions
from wiki.feeds.models import FeedAddress
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import set_label
from wiki.pages.rendering.models import RenderingRow
from wiki.people.models import Person
from wiki.people.one_time import hash_token
from wiki.purging.actions import purge_page
from wiki.room import Rate
from wiki.rules.labels import Label
from wiki.rules.limits import Pace
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import Membership
from wiki.web.secret_paths import path_to_log

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(answer: TestResponse) -> list[dict[str, str]]:
    """Return the entries of a valid Atom feed."""
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    root = ElementTree.fromstring(answer.data)
    assert root.tag == f"{ATOM}feed"
    found = []
    for node in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated", "link"):
            assert len(node.findall(f"{ATOM}{name}")) == 1, name
        assert re.fullmatch(r"tag:[^,]+,2026:\S+", node.findtext(f"{ATOM}id") or "")
        assert re.fullmatch(r"[-0-9]{10}T[:0-9]{8}Z", node.findtext(f"{ATOM}updated") or "")
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    for node in root.findall(f"{ATOM}entry"):
        link = node.find(f"{ATOM}link")
        assert link is not None
        told = {name: node.findtext(f"{ATOM}{name}") or "" for name in ("id", "title", "summary")}
        found.append(told | {"path": urlsplit(link.attrib["href"]).path})
    ids = [one["id"] for one in found]
    assert len(ids) == len(set(ids))
    return found


def titles(answer: TestResponse) -> list[str]:
    return [one["title"] for one in entries(answer)]


def follow(wiki: Scene, who: str, **subject: str) -> str:
    """Create an address with the form, and return its path."""
    shown = wiki.post(who, "/-/me/feeds", name="Phone", **subject)
    assert (shown.status_code, shown.headers["Cache-Control"]) == (200, "no-store"), shown.text
    found = re.search(r'<p class="secret" dir="ltr">([^<]+)</p>', shown.text)
    assert found
    return urlsplit(found[1]).path


@pytest.mark.every_database
def test_an_address_is_created_read_without_a_sign_in_and_revoked(wiki: Scene) -> None:
    wiki.write("rota", "words", title="The <rota> & more")
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    form = wiki.get("cai", "/-/me/feeds?space=eng").text
    address = follow(wiki, "cai", space="eng", csrf_token=csrf_token(form))
    wiki.app.config["WTF_CSRF_ENABLED"] = False
    answer = wiki.get("nobody", address)
    assert titles(answer) == ["Eve created The <rota> & more"]
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "private" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    shown = wiki.get("cai", "/-/me/feeds").text
    assert "Phone" in shown
    assert address.rpartition("/")[2] not in shown
    assert "last used" in shown
    with wiki.database.read() as session:
        row = session.scalars(select(FeedAddress)).one()
        assert row.token_hash == hash_token(address.rpartition("/")[2])
    assert wiki.post("ben", f"/-/me/feeds/{row.id}/revoke").status_code == 404
    assert wiki.post("cai", f"/-/me/feeds/{row.id}/revoke").status_code == 303
    gone, never = wiki.get("nobody", address), wiki.get("nobody", "/-/feeds/never")
    assert (gone.status_code, gone.data) == (never.status_code, never.data)
    assert gone.status_code == 404
    with wiki.database.read() as session:
        names = set(session.scalars(select(EventRow.name)))
    assert {"FeedAddressCreated", "FeedAddressRevoked"} <= names


def test_a_feed_asks_for_the_permissions_of_its_owner_at_each_reading(wiki: Scene) -> None:
    wiki.write("plan", "words", space="lab", title="Secret plan")
    wiki.write("rota", "words", title="Rota")
    home, lab = follow(wiki, "cai"), follow(wiki, "cai", space="lab")
    assert len(titles(wiki.get("nobody", home))) == 2
    with wiki.database.write() as session:
        cai = wiki.actor("cai").person_id
        session.execute(delete(Membership).where(Membership.person_id == cai))
    assert titles(wiki.get("nobody", home)) == ["Eve created Rota"]
    assert wiki.get("nobody", lab).status_code == 404
    assert "Secret plan" not in wiki.get("cai", "/-/me/feeds").text
    with wiki.database.write() as session:
        cai = session.get_one(Person, wiki.actor("cai").person_id)
        cai.disabled_at = now()
    assert wiki.get("nobody", home).status_code == 404


@pytest.mark.parametrize(
    ("label", "title", "summary"),
    [
        (Label.INTERNAL, "Eve edited Plan", "Hire four people"),
        (Label.CONFIDENTIAL, "Eve edited Plan", ""),
        (Label.RESTRICTED, "Something has changed. Sign in to see it.", ""),
    ],
)
def test_the_label_decides_what_leaves_the_wiki(
    wiki: Scene, label: Label, title: str, summary: str
) -> None:
    page = wiki.write("hiring/plan", "words", title="Plan", tags=("people",))
    wiki.write("hiring/plan", "more words", message="Hire four people", tags=("people",))
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), page.id, label, consent=UNASKED)
    wiki.deliver()
    is_open = label < Label.RESTRICTED
    for subject in ({"page": str(page.id)}, {"space": "eng"}):
        newest = entries(wiki.get("nobody", follow(wiki, "eve", **subject)))[0]
        assert (newest["title"], newest["summary"]) == (title, summary)
        assert ("hiring" in newest["path"]) == is_open
    told = wiki.get("nobody", follow(wiki, "eve", tag="people")).text
    assert ("Plan" in told) == is_open
    feed = wiki.get("nobody", follow(wiki, "eve", page=str(page.id))).text
    assert ("Plan" in feed, "hiring" in feed) == (is_open, is_open)


def test_a_feed_that_has_not_changed_is_answered_without_it(wiki: Scene) -> None:
    wiki.write("rota", "words", title="Rota")
    address = follow(wiki, "cai", space="eng")
    first = wiki.get("nobody", address)
    by_tag = {"If-None-Match": first.headers["ETag"]}
    by_time = {"If-Modified-Since": first.headers["Last-Modified"]}
    for headers in (by_tag, by_time):
        again = wiki.get("nobody", address, headers=headers)
        assert (again.status_code, again.data) == (304, b"")
    with wiki.database.write() as session:
        purge_page(session, wiki.actor("ada"), wiki.page("rota").id, seen=1)
    for headers in (by_tag, by_time):
        again = wiki.get("nobody", address, headers=headers)
        assert titles(again) == []


def test_redacted_and_purged_texts_are_in_no_feed(wiki: Scene) -> None:
    page = wiki.write("rota", "A swordfish", title="Rota", message="The code is swordfish")
    addresses = [follow(wiki, "cai", space="eng"), follow(wiki, "cai", page=str(page.id))]
    for address in addresses:
        assert "swordfish" in wiki.get("nobody", address).text
    form = {"text": "swordfish", "reason": "It was told in confidence", "confirm": "1"}
    assert wiki.post("eve", f"/-/p/{page.id}/redact", **form).status_code == 303
    wiki.deliver()
    for address in addresses:
        assert "swordfish" not in wiki.get("nobody", address).text


def test_the_feed_of_a_search_and_of_a_tag_list_pages_again_when_they_change(wiki: Scene) -> None:
    wiki.write("rota", "the zebra crossing", title="Rota", tags=("duty",))
    wiki.deliver()
    search, tag = follow(wiki, "cai", q="zebra"), follow(wiki, "cai", tag="Duty", space="eng")
    before = [entries(wiki.get("nobody", one))[0] for one in (search, tag)]
    assert {one["title"] for one in before} == {"Rota"}
    wiki.write("rota", "the zebra crosses", tags=("duty",))
    wiki.deliver()
    after = [entries(wiki.get("nobody", one)) for one in (search, tag)]
    assert [len(some) for some in after] == [1, 1]
    assert all(new[0]["id"] != old["id"] for new, old in zip(after, before, strict=True))


def test_a_home_feed_leaves_out_what_its_owner_did(wiki: Scene) -> None:
    wiki.write("mine", "words", by="ben", title="Mine")
    wiki.write("theirs", "words", by="eve", title="Theirs")
    assert titles(wiki.get("ben", "/-/feed.atom")) == ["Eve created Theirs"]


def test_feeds_are_in_the_language_of_their_reader_and_hold_any_title(wiki: Scene) -> None:
    wiki.write("odd", "words", title="]]> &amp; <b>bold</b> \u200b💡 \ufffe", by="eve")
    with wiki.database.write() as session:
        session.get_one(Person, wiki.actor("cai").person_id).language = "de"
    found = titles(wiki.get("nobody", follow(wiki, "cai", space="eng")))
    assert found == ["Eve hat ]]> &amp; <b>bold</b> \u200b💡  angelegt"]


def test_screens_name_the_feed_about_the_same_to_people_who_are_signed_in(wiki: Scene) -> None:
    page = wiki.write("rota", "words", title="Rota", tags=("duty",), space="open")
    wiki.deliver()
    for screen, query in (
        ("/", ""),
        ("/open/rota", f"?page={page.id}"),
        ("/open/-/changes", "?space=open"),
        ("/-/tags/duty", "?tag=duty"),
        ("/-/search?q=words&space=open", "?q=words+space%3Aopen"),
    ):
        shown = wiki.get("cai", screen).text
        found = re.search(r'<link rel="alternate"[^>]* href="([^"]+)">', shown)
        assert found, screen
        assert found[1] == f"/-/feed.atom{query}"
        assert entries(wiki.get("cai", found[1]))
        if screen != "/":
            assert f'href="/-/me/feeds{query}"' in shown, screen
        assert 'rel="alternate"' not in wiki.get("nobody", screen).text


def test_an_address_is_not_logged_and_reads_nothing_but_its_feed(wiki: Scene) -> None:
    address = follow(wiki, "cai", space="eng")
    assert path_to_log(address) == "/-/feeds/…"
    token = address.rpartition("/")[2]
    assert wiki.client("nobody").get(f"{address}?space=lab").status_code == 200
    sent = {"Authorization": f"Bearer {token}"}
    assert wiki.client("nobody").get("/-/api/v1/spaces", headers=sent).status_code == 401
    assert wiki.client("nobody").post(address).status_code == 405


def test_addresses_have_names_and_a_limit(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wiki.post("cai", "/-/me/feeds", name=" ").status_code == 422
    assert wiki.post("cai", "/-/me/feeds", name="n" * 101).status_code == 422
    assert wiki.post("cai", "/-/me/feeds", name="Reader", space="fair").status_code == 404
    assert wiki.post("cai", "/-/me/feeds", name="Reader", page="9" * 40).status_code == 404
    monkeypatch.setattr(actions, "MOST", 1)
    follow(wiki, "cai")
    refused = wiki.post("cai", "/-/me/feeds", name="Second")
    assert refused.status_code == 422
    assert "at most 1 addresses" in refused.text


def test_feeds_are_read_at_a_limited_rate(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(wiki.app.extensions["paces"].rates, "feeds", Rate("feeds", Pace(2, 0.001)))
    address = follow(wiki, "cai")
    statuses = [wiki.get("nobody", address).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_a_page_names_its_feed_before_its_rendering_is_stored(wiki: Scene) -> None:
    wiki.write("rota", "words")
    wiki.deliver()
    with wiki.database.write() as session:
        session.execute(delete(RenderingRow))
    shown = wiki.get("ben", "/eng/rota")
    assert (shown.status_code, 'href="/-/feed.atom?' in shown.text) == (200, True)
