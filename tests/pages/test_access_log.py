"""Who reads what is kept to few is written down before they get it, and what is not is free."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.app import create_app
from wiki.audit.handlers import delete_expired
from wiki.db import at, now
from wiki.pages.access.models import PageRead
from wiki.pages.access.restrictions import set_label
from wiki.rules.labels import Label


def confidential(wiki: Scene, label: Label = Label.CONFIDENTIAL) -> int:
    page = wiki.write("plan", "One ![](map.txt)\n")
    wiki.write("plan", "Two ![](map.txt)\n")
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), page.id, label)
    wiki.deliver()
    return page.id


def reads(wiki: Scene) -> set[tuple[str, int]]:
    """Who read which revisions (0: a file)."""
    names = {actor.person_id: handle for handle, actor in wiki.people.items()}
    with wiki.database.read() as session:
        return {(names[row.person_id or None], row.revision) for row in session.query(PageRead)}


@pytest.mark.parametrize(
    ("url", "revisions"),
    [
        ("/eng/plan", {2}),
        ("/eng/plan?revision=1", {1}),
        ("/eng/plan/-/raw?revision=1", {1}),
        ("/eng/plan/-/diff/1..2", {1, 2}),
        ("/eng/plan/-/blame", {2}),
        ("/eng/plan/-/edit", {2}),
        ("/eng/plan/-/restore?revision=1", {1, 2}),
        ("/eng/plan/-/files/map.txt", {0}),
        ("/eng/plan/-/history", set()),
        ("/eng/plan?revision=7", set()),
    ],
)
def test_what_gives_a_text_away_is_written_down(wiki: Scene, url: str, revisions: set[int]) -> None:
    confidential(wiki)
    wiki.attach("plan/map.txt", b"map")
    wiki.get("ben", url)
    assert reads(wiki) == {("ben", number) for number in revisions}


@pytest.mark.every_database
def test_a_second_look_on_the_same_day_costs_nothing_and_another_day_is_another_row(
    wiki: Scene,
) -> None:
    confidential(wiki)
    first = wiki.get("ben", "/eng/plan")
    with counted(wiki) as statements:
        again = wiki.get("ben", "/eng/plan", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code in (200, 304)
    assert not any("page_reads" in one for one in statements)
    midnight = (now() + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    with at(midnight):
        wiki.get("ben", "/eng/plan")
    wiki.get("eve", "/eng/plan")
    with wiki.database.read() as session:
        rows = session.scalars(select(PageRead).order_by(PageRead.day)).all()
    assert sorted(row.person_id for row in rows) == sorted(
        wiki.actor(one).person_id or 0 for one in ("ben", "ben", "eve")
    )


def test_what_is_below_the_label_asks_and_writes_nothing(wiki: Scene) -> None:
    confidential(wiki, Label.INTERNAL)
    wiki.get("ben", "/eng/plan")
    with counted(wiki) as statements:
        wiki.get("ben", "/eng/plan/-/raw")
    assert not any("page_reads" in one for one in statements)
    assert reads(wiki) == set()


@pytest.mark.every_database
def test_who_cannot_be_written_down_does_not_read(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    confidential(wiki)

    def refuse(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("disk full"))

    monkeypatch.setattr("wiki.pages.access.access_log.ReadLog.write", refuse)
    for url in ("/eng/plan", "/eng/plan/-/raw"):
        refused = wiki.get("ben", url)
        assert refused.status_code == 503
        assert "Two" not in refused.text
        assert "logging isn’t possible" in refused.text


def test_everything_is_logged_where_that_is_asked_for(wiki: Scene) -> None:
    settings = wiki.settings.__class__(**{**vars(wiki.settings), "access_log_from": "public"})
    wiki.app = create_app(settings, wiki.database)
    wiki._clients.clear()
    wiki.write("plan", "words", space="open")
    wiki.get("nobody", "/open/plan")
    assert reads(wiki) == {("nobody", 1)}


def test_leads_and_admins_see_who_read_a_page_and_others_do_not(wiki: Scene) -> None:
    confidential(wiki)
    wiki.get("ben", "/eng/plan")
    seen = wiki.get("eve", "/eng/plan/-/access").text
    assert "on one day, one revision" in seen.partition("Readers")[2]
    assert "Readers" not in wiki.get("ben", "/eng/plan/-/access").text
    listed = wiki.get("ada", "/-/admin/reads?who=ben")
    assert "/-/admin/people/ben" in listed.text
    assert "No reads found" in wiki.get("ada", "/-/admin/reads?who=cai").text
    assert wiki.get("ada", "/-/admin/reads?who=nobody-like-this").status_code == 422
    assert wiki.get("eve", "/-/admin/reads").status_code == 403


@pytest.mark.every_database
def test_it_is_forgotten_after_the_days_that_were_set(wiki: Scene) -> None:
    confidential(wiki)
    wiki.get("ben", "/eng/plan")
    delete_expired(wiki.database, wiki.settings)
    assert reads(wiki) == {("ben", 2)}
    with at(now() + timedelta(days=367)):
        delete_expired(wiki.database, wiki.settings)
    assert reads(wiki) == set()


def test_what_is_shown_inside_another_page_is_written_down_too(wiki: Scene) -> None:
    wiki.write("rota", "![[plan]]\n\n![[other]]")
    wiki.write("other", "words")
    page_id = confidential(wiki)
    assert "Two" in wiki.get("ben", "/eng/rota").text
    assert reads(wiki) == {("ben", 2)}
    with wiki.database.read() as session:
        assert {row.page_id for row in session.query(PageRead)} == {page_id}
    wiki.get("cai", "/eng/rota")
    assert reads(wiki) == {("ben", 2)}, "Cai was shown nothing of it"


def test_what_a_preview_of_a_move_shows_of_other_pages_is_written_down_too(wiki: Scene) -> None:
    wiki.write("rota", "words")
    page_id = confidential(wiki)
    wiki.write("plan", "See [the rota](rota).")
    wiki.deliver()
    form = {"space": "eng", "path": "duties", "repair": "1", "preview": "1"}
    shown = wiki.post("ben", "/eng/rota/-/move", **form)
    assert "See" in shown.text
    with wiki.database.read() as session:
        assert {row.page_id for row in session.query(PageRead)} == {page_id}


@pytest.mark.every_database
def test_the_list_of_reads_goes_on(wiki: Scene) -> None:
    page_id = confidential(wiki)
    who, day = wiki.actor("ben").person_id or 0, now()
    with wiki.database.write() as session:
        for number in range(1, 61):
            row = {"page_id": page_id, "person_id": who, "revision": number, "file_id": 0}
            session.add(PageRead(**row, day=day.date(), at=day - timedelta(hours=number // 2)))
    first = wiki.get("ada", "/-/admin/reads?who=ben").text
    older = re.search(r'href="(/-/admin/reads\?who=ben&amp;before=[^"]+)"', first)
    assert older
    rest = wiki.get("ada", html.unescape(older[1])).text
    seen = re.findall(r"revision (\d+)", first) + re.findall(r"revision (\d+)", rest)
    assert sorted(map(int, seen)) == list(range(1, 61))
    assert wiki.get("ada", "/-/admin/reads?before=nonsense").status_code == 200
