"""The audit: who did what, when and from where, for admins, and no more than they may know."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from sqlalchemy import select, update

from tests.cast import Scene
from wiki.audit.handlers import check_chain
from wiki.db import now
from wiki.outbox.actions import publish
from wiki.outbox.events import EventsExpired
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import set_label
from wiki.pages.events import PageRestricted, ScanningChanged, SecretsAllowed
from wiki.people.events import GroupDeleted, PersonChanged
from wiki.people.models import Person
from wiki.people.oidc.events import IdentityLinked, IdentityUnlinked
from wiki.people.signin.events import SignedIn
from wiki.rules.labels import Label
from wiki.spaces.consent import UNASKED

AUDIT = "/-/admin/audit"


def shown(wiki: Scene, query: str = "", who: str = "ada") -> str:
    """The sentences of the screen, without markup."""
    html = wiki.get(who, AUDIT + query).text
    rows = re.search(r'<ul class="rows audit-rows">(.*?)</ul>', html, re.DOTALL)
    words = re.sub(r"<[^>]+>", " ", rows[1]) if rows else ""
    return " ".join(words.replace("&#39;", "'").split())


def secrets(wiki: Scene) -> None:
    """Things happen in a space that Ada does not read, to a page with a telling name."""
    page = wiki.write("salary-of-dot", "x", space="lab", title="Salary of Dot")
    wiki.attach("salary-of-dot/list-of-dot.txt", b"x", space="lab")
    wiki.post("eve", "/lab/salary-of-dot/-/move", path="pay-of-dot", space="lab")
    wiki.post("eve", "/lab/pay-of-dot/-/delete")
    wiki.post("eve", f"/-/p/{page.id}/restore")
    with wiki.database.write() as session:
        publish(
            session,
            wiki.actor("eve"),
            PageRestricted(page.space_id, page.id, "read", [wiki.actor("ben").person_id or 0], []),
        )


@pytest.mark.parametrize("who", ["nobody", "ben", "eve", "gus"])
def test_only_admins_see_any_of_it(wiki: Scene, who: str) -> None:
    status = 302 if who == "nobody" else 403
    for path in (AUDIT, "/-/admin/jobs", "/-/admin/storage"):
        assert wiki.get(who, path).status_code in (status, 303, 401)
    for path in ("audit/export", "audit/check", "jobs/retry-all", "jobs/1/retry"):
        done = wiki.post(who, f"/-/admin/{path}", format="csv")
        assert done.status_code in (status, 303, 401)
        assert "event" not in (done.headers.get("Content-Disposition") or "")


def test_a_row_says_who_did_what_and_from_where(wiki: Scene) -> None:
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    wiki.client("nobody").post(
        "/-/login",
        data={"login": "ben", "password": "correct horse battery"},
        headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"},
        environ_base={"REMOTE_ADDR": "203.0.113.7"},
    )
    words = shown(wiki)
    assert "Ben signed in sign-in from 203.0.113.7 with Firefox" in words
    assert "Eve gave Cai the role editor in Eng access from 127.0.0.1" in words
    assert words.index("Ben signed in") < words.index("Eve gave")
    assert 'href="/-/admin/people/cai"' in wiki.get("ada", AUDIT).text


def test_edits_of_pages_are_no_business_of_the_audit(wiki: Scene) -> None:
    wiki.write("rota", "Ben.")
    assert "rota" not in shown(wiki)
    assert "No events yet" in wiki.get("ada", AUDIT).text


def test_names_of_pages_that_an_admin_may_not_read_are_left_out(wiki: Scene) -> None:
    secrets(wiki)
    html = wiki.get("ada", AUDIT).text
    assert "of-dot" not in html
    assert "Salary" not in html
    words = shown(wiki)
    assert "Eve moved a page of Lab content" in words
    assert "Eve deleted a page of Lab content" in words
    assert "Eve restricted reading a page of Lab to Ben" in words
    for query in ("?words=salary", "?words=of-dot"):
        assert shown(wiki, query) == ""
    # The same events, once she may read them.
    wiki.post("ada", "/-/admin/spaces/lab/lead")
    words = shown(wiki)
    assert "Eve moved “Salary of Dot” from /lab/salary-of-dot to /lab/pay-of-dot" in words
    assert "Ada took the lead role in Lab" in words
    assert "Eve moved" in shown(wiki, "?words=salary")


def test_the_old_place_of_a_page_that_came_out_of_a_private_space_is_left_out(wiki: Scene) -> None:
    wiki.write("of-dot", "x", space="lab", title="Plan")
    exposed = wiki.post("eve", "/lab/of-dot/-/move", path="plan", space="eng")
    assert wiki.agree("eve", exposed).status_code == 303
    words = shown(wiki)
    assert "Eve moved “Plan” out of Lab" in words
    assert "of-dot" not in words


def test_files_hide_names_of_hidden_pages_in_every_format(wiki: Scene) -> None:
    secrets(wiki)
    for format in ("csv", "jsonl"):
        told = wiki.post("ada", f"{AUDIT}/export", format=format).text
        assert "of-dot" not in told
        assert "Salary" not in told
        assert "a page of Lab" in told


def test_what_was_opened_says_who_agreed_and_no_address_that_is_not_theirs(wiki: Scene) -> None:
    object.__setattr__(wiki.settings, "second_person_from", 0)
    wiki.write("of-dot", "x", title="Salary of Dot")
    page = wiki.page("of-dot")
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), page.id, Label.CONFIDENTIAL, consent=UNASKED)
    exposed = wiki.post("eve", "/eng/of-dot/-/access", label="internal")
    for answer in ("refuse", "approve"):
        url = wiki.agree("eve", exposed, ask="1").headers["Location"]
        assert wiki.post("ada", url, **{answer: "1"}).status_code == 303
    words = shown(wiki)
    assert "Eve asked for approval of a change in Eng access from 127" in words
    assert "Ada rejected a change in Eng access from 127" in words
    assert "Ada approved a change in Eng access from 127" in words
    opened = "Eve gave more people access in Eng by changing the label of a page, approved by Ada"
    assert f"{opened} access" in words
    assert f"{opened} access from" not in words
    assert f'href="{url}"' in wiki.get("ada", AUDIT).text
    assert "gave more people" in shown(wiki, "?words=ada&kind=Opened")
    assert "Eve changed the label of “Salary of Dot” from confidential to internal" in words


def test_secrets_that_were_allowed_are_counted_and_never_told(wiki: Scene) -> None:
    page = wiki.write("of-dot", "x", space="lab", title="Salary of Dot")
    eve = wiki.actor("eve")
    with wiki.database.write() as session:
        publish(session, eve, SecretsAllowed(page.space_id, page.id, 2, ["aws"], 1))
        publish(session, eve, SecretsAllowed(page.space_id, page.id, 3, ["aws"], 2))
        publish(session, eve, ScanningChanged(page.space_id, ["aws"]))
        publish(session, eve, ScanningChanged(page.space_id, []))
        publish(session, eve, IdentityLinked(eve.person_id or 0))
        publish(session, wiki.actor("ada"), IdentityUnlinked(eve.person_id or 0))
    words = shown(wiki)
    assert "Eve saved revision 2 of a page of Lab with a possible secret" in words
    assert "revision 3 of a page of Lab with 2 possible secrets" in words
    assert "Eve changed the types of secrets scanned for in Lab" in words
    assert "Eve turned off secret scanning in Lab" in words
    assert "Eve linked an account of the provider" in words
    assert "Ada unlinked Eve from an account of the provider" in words
    assert "of-dot" not in words
    assert "aws" not in words


FILTERS = {
    "?who=ben": ("Ben", "Eve"),
    "?who=@eve": ("Eve", "Ben"),
    "?category=sign-in": ("signed in", "gave"),
    "?kind=MemberChanged": ("gave", "signed in"),
    "?space=eng": ("gave", "signed in"),
    "?words=CAI": ("gave Cai", "signed in"),
    "?words=eng": ("gave Cai", "signed in"),
    "?page=eng/rota": ("deleted", "gave"),
    "?words=roster": ("deleted “Roster”", "gave"),
    "?since=2020-01-01&until=2999-01-01": ("gave", "nothing else"),
    "?until=2020-01-01": ("", "e"),
    "?since=2999-01-01": ("", "e"),
}


@pytest.mark.parametrize("query", FILTERS)
def test_filters_find_what_they_say(wiki: Scene, query: str) -> None:
    page = wiki.write("rota", "x", title="Roster")
    wiki.post("eve", "/eng/rota/-/delete")
    wiki.post("eve", f"/-/p/{page.id}/restore")
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    with wiki.database.write() as session:
        publish(session, wiki.actor("ben"), SignedIn(wiki.actor("ben").person_id or 0))
    there, not_there = FILTERS[query]
    words = shown(wiki, query)
    assert there in words
    assert not_there not in words


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("?who=zoe", "There is no user zoe."),
        ("?category=gossip", "There is no such category."),
        ("?kind=Nothing", "There is no such event."),
        ("?space=nowhere", "There is no space nowhere."),
        ("?page=eng/nothing", "There is no page there that you can read."),
        ("?page=lab/hidden", "There is no page there that you can read."),
        ("?page=///", "There is no page there that you can read."),
        ("?since=yesterday", "Enter a valid date, such as 2026-03-31."),
        ("?until=9999-12-31", "Enter a valid date, such as 2026-03-31."),
        ("?since=0000-00-00", "Enter a valid date, such as 2026-03-31."),
    ],
)
def test_a_filter_that_names_nothing_says_so(wiki: Scene, query: str, sentence: str) -> None:
    wiki.write("hidden", "x", space="lab")
    answer = wiki.get("ada", AUDIT + query)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "?words=%25",
        "?words=%00%ed%a0%80",
        "?words=" + "w" * 5000,
        "?before=-1",
        "?before=" + "9" * 40,
    ],
)
def test_hostile_filters_are_only_words(wiki: Scene, query: str) -> None:
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    assert wiki.get("ada", AUDIT + query).status_code == 200
    if "%25" in query:
        assert shown(wiki, query) == ""


def test_many_events_come_a_screenful_at_a_time(wiki: Scene) -> None:
    ben = wiki.actor("ben")
    with wiki.database.write() as session:
        for _ in range(120):
            publish(session, ben, SignedIn(ben.person_id or 0))
    seen: list[str] = []
    url = f"{AUDIT}?who=ben"
    while url:
        html = wiki.get("ada", url).text
        seen += re.findall(r"· event (\d+)<|</span> event (\d+)<", html)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        url = older[1].replace("&amp;", "&") if older else ""
    numbers = [int(one or other) for one, other in seen]
    assert len(numbers) == len(set(numbers)) == 120
    assert numbers == sorted(numbers, reverse=True)


def test_a_csv_has_every_row_and_no_formula(wiki: Scene) -> None:
    with wiki.database.write() as session:
        ben = session.get_one(Person, wiki.actor("ben").person_id)
        ben.name = '=HYPERLINK("//evil","x")'
        for _ in range(1200):
            publish(session, ben.actor(), SignedIn(ben.id))
        publish(session, wiki.actor("ada"), PersonChanged(ben.id, {"name": True}))
        publish(session, wiki.actor("ada"), GroupDeleted(5, '+group, "with" quotes\nand lines'))
    answer = wiki.post("ada", f"{AUDIT}/export", format="csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "attachment; filename=" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    assert len(rows) == 1202
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert rows[-1]["who"] == '\'=HYPERLINK("//evil","x")'
    assert rows[0]["event"] == "GroupDeleted"
    assert [int(row["id"]) for row in rows] == sorted(
        (int(row["id"]) for row in rows), reverse=True
    )


def test_an_export_is_an_event_and_is_not_in_itself(wiki: Scene) -> None:
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    page = wiki.write("rota", "x")
    told = wiki.post("ada", f"{AUDIT}/export", format="jsonl", who="eve", page="eng/rota").text
    assert told == ""
    told = wiki.post("ada", f"{AUDIT}/export", format="jsonl", words="cai").text
    [row] = [json.loads(line) for line in told.splitlines()]
    assert (row["event"], row["user"], row["space"]) == ("MemberChanged", "eve", "eng")
    assert row["what"] == "gave Cai the role editor in Eng"
    with wiki.database.read() as session:
        events = session.scalars(
            select(EventRow).where(EventRow.name == "AuditExported").order_by(EventRow.id)
        ).all()
        assert events[0].payload["filters"] == {"who": "eve", "page": str(page.id)}
        assert events[1].payload["filters"] == {"words": "given"}
    assert "Ada exported part of the audit log as JSON lines" in shown(wiki)


@pytest.mark.parametrize("form", [{"format": "exe"}, {}, {"format": "csv", "who": "zoe"}])
def test_an_export_of_nonsense_is_refused_and_no_event(wiki: Scene, form: dict[str, str]) -> None:
    assert wiki.post("ada", f"{AUDIT}/export", **form).status_code == 422
    assert "exported" not in shown(wiki)


# -- the chain ------------------------------------------------------------------------------------


def test_the_screen_says_up_to_where_the_chain_was_verified(wiki: Scene) -> None:
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    assert "hasn’t been verified yet" in wiki.get("ada", AUDIT).text
    check_chain(wiki.database, wiki.settings)
    html = wiki.get("ada", AUDIT).text
    assert "Verified up to event 1, " in html
    assert "the one event is unchanged, and none is missing" in html


def test_whoever_asks_has_it_verified_again(wiki: Scene) -> None:
    check_chain(wiki.database, wiki.settings)
    for _ in range(2):
        assert wiki.post("ada", f"{AUDIT}/check").status_code == 303
    assert "is being verified" in wiki.get("ada", AUDIT).text
    check_chain(wiki.database, wiki.settings)
    assert "Verified up to event 1, " in wiki.get("ada", AUDIT).text
    assert shown(wiki).count("started a verification of the chain of events") == 1


def test_a_broken_chain_is_said_loudly(wiki: Scene) -> None:
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    with wiki.database.write() as session:
        session.execute(update(EventRow).values(actor_id=wiki.actor("ben").person_id))
    check_chain(wiki.database, wiki.settings)
    html = wiki.get("ada", AUDIT).text
    assert "The event chain is broken." in html
    assert "Event 1 (MemberChanged, " in html


def test_what_was_verified_today_is_not_verified_every_second(wiki: Scene) -> None:
    check_chain(wiki.database, wiki.settings)
    wiki.alone()
    before = wiki.database.version()
    check_chain(wiki.database, wiki.settings)
    assert wiki.database.version() == before


def test_an_event_of_the_wiki_itself_has_no_person(wiki: Scene) -> None:
    with wiki.database.write() as session:
        publish(session, wiki.actor("nobody"), EventsExpired(3, 9, now().isoformat()))
    assert "The wiki deleted 3 expired events" in shown(wiki)
