"""Redacting: who may, what a form shows, what comes back and what does not."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from sqlalchemy import select

from tests.cast import Scene
from tests.redaction.test_traces import CANARY, redact
from wiki.attachments.storage import Storage
from wiki.errors import Invalid
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import AccessList, restrict, set_label
from wiki.pages.actions import delete_page
from wiki.pages.merging import Text
from wiki.pages.models import AllowedSecret, Page, Revision
from wiki.pages.saving.edit import Edit
from wiki.pages.saving.secrets import Override
from wiki.pages.saving.submit import submit
from wiki.redaction.actions import redact_span
from wiki.redaction.models import Redaction
from wiki.redaction.targets import SpanTarget
from wiki.rules.access import May
from wiki.rules.labels import Label

REASON = "It was told in confidence"


def plan(wiki: Scene, path: str = "plan", **more: object) -> Page:
    return wiki.write(path, f"One.\n\nThe {CANARY} is two.\n\nThree.\n", **more)  # type: ignore[arg-type]


def raw(wiki: Scene, path: str = "plan", revision: int | None = None) -> str:
    query = f"?revision={revision}" if revision else ""
    return wiki.get("eve", f"/eng/{path}/-/raw{query}").text


@pytest.mark.parametrize(
    ("who", "status"), [("eve", 200), ("ada", 200), ("ben", 403), ("cai", 403), ("gus", 404)]
)
def test_only_who_leads_the_space_or_administers_may(wiki: Scene, who: str, status: int) -> None:
    page = plan(wiki)
    assert wiki.get(who, f"/-/p/{page.id}/redact").status_code == status
    form = {"text": CANARY, "reason": REASON, "confirm": "1"}
    if status != 200:
        assert wiki.post(who, f"/-/p/{page.id}/redact", **form).status_code == status
        assert CANARY in raw(wiki)


def test_an_admin_who_may_not_read_a_page_finds_none(wiki: Scene) -> None:
    page = plan(wiki, space="lab")
    assert wiki.get("ada", f"/-/p/{page.id}/redact").status_code == 404


@pytest.mark.parametrize(
    ("words", "reason", "sentence"),
    [
        ("qu", REASON, "Enter at least 3 characters"),
        ("  q  ", REASON, "Enter at least 3 characters"),
        ("…?!…", REASON, "letters or digits"),
        ("edact", REASON, "part of the mark"),
        (CANARY, "", "Enter a reason"),
        (CANARY, f"Because of {CANARY.upper()}", "don’t repeat"),
    ],
)
def test_what_cannot_be_redacted_is_said(
    wiki: Scene, words: str, reason: str, sentence: str
) -> None:
    page = plan(wiki)
    refused = wiki.post("eve", f"/-/p/{page.id}/redact", text=words, reason=reason, confirm="1")
    assert refused.status_code == 422
    assert sentence in refused.text
    assert CANARY in raw(wiki)


def test_the_form_shows_where_it_is_and_offers_only_pages_that_one_may_redact(wiki: Scene) -> None:
    page = plan(wiki)
    wiki.write("plan", f"One. Two {CANARY} and\n{CANARY}.\n", message=f"More {CANARY}")
    plan(wiki, "other", title="The other")
    plan(wiki, "there", space="lab", title="In the lab")
    plan(wiki, "public", space="open", title="Elsewhere")
    shown = wiki.post("ada", f"/-/p/{page.id}/redact", text=CANARY, reason=REASON).text
    assert "Texts: 3 words in 2 of 2 revisions" in shown
    assert "Messages: 1" in shown
    assert "The other" in shown
    assert "Elsewhere" in shown
    assert "In the lab" not in shown
    assert "Line 2" in shown
    assert (
        "In the lab" in wiki.post("eve", f"/-/p/{page.id}/redact", text=CANARY, reason=REASON).text
    )


def test_other_pages_lose_it_where_they_are_chosen(wiki: Scene) -> None:
    page, chosen, left = plan(wiki), plan(wiki, "chosen"), plan(wiki, "left")
    redact(wiki, "eve", page.id, other=[chosen.id])
    assert "[redacted]" in raw(wiki)
    assert "[redacted]" in raw(wiki, "chosen")
    assert CANARY in raw(wiki, "left")
    assert "redacted one word" in wiki.get("ben", "/eng/chosen/-/history").text
    wiki.write("left", f"{CANARY} again", by="ben")
    assert left.head == 1


def test_a_page_below_stays_below_what_protects_it(wiki: Scene) -> None:
    wiki.write(CANARY, "above")
    with wiki.database.write() as session:
        above = session.scalars(select(Page).where(Page.path == CANARY)).one()
        people = {wiki.actor("ben").person_id}
        restrict(session, wiki.actor("eve"), above.id, AccessList(May.READ, people))
    below = plan(wiki, f"{CANARY}/{CANARY}")
    redact(wiki, "eve", below.id)
    assert wiki.page(f"{CANARY}/redacted").id == below.id
    assert wiki.get("cai", f"/eng/{CANARY}/redacted").status_code == 404
    redact(wiki, "eve", above.id, other=[below.id])
    assert wiki.page("redacted/redacted").id == below.id
    assert wiki.get("cai", "/eng/redacted/redacted").status_code == 404
    assert wiki.get("ben", "/eng/redacted/redacted").status_code == 200


def test_the_history_says_who_did_it_when_and_why(wiki: Scene) -> None:
    page = plan(wiki)
    redact(wiki, "eve", page.id)
    for who in ("cai", "ben"):
        seen = wiki.get(who, "/eng/plan/-/history").text
        assert "Eve" in seen
        assert f"one word: {REASON}" in seen
        assert "who could read it" not in seen
    assert "who could read it" in wiki.get("eve", "/eng/plan/-/history").text
    told = wiki.get("ada", "/-/admin/audit").text
    assert "redacted one word of" in told
    assert REASON in told


def test_the_tombstone_says_who_could_have_read_and_who_did(wiki: Scene) -> None:
    page = plan(wiki)
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), page.id, Label.CONFIDENTIAL)
    wiki.get("ben", "/eng/plan")
    assert wiki.get("cai", "/eng/plan").status_code == 404
    url = redact(wiki, "eve", page.id).location
    assert url in wiki.get("eve", "/eng/-/redactions").text
    told = wiki.get("eve", url).text
    assert "2 people at the time of redaction" in told
    assert "The label was confidential" in told
    assert "read it" in told.partition("@ben")[2].partition("@eve")[0]
    assert "Cai" not in told.partition("Who could have read it")[2]
    assert CANARY not in told
    for who in ("ben", "cai"):
        assert wiki.get(who, "/eng/-/redactions").status_code == 403
    assert wiki.get("gus", "/eng/-/redactions").status_code == 404


def test_an_old_copy_does_not_bring_it_back(wiki: Scene) -> None:
    page = plan(wiki)
    old = f"One, edited.\n\nThe {CANARY.upper()} is two.\n\nThree.\n"
    redact(wiki, "eve", page.id)
    wiki.write("plan", "One.\n\nThe [redacted] is two.\n\nThree, edited meanwhile.\n")
    refused = wiki.post("ben", "/eng/plan/-/edit", title="plan", body=old, base=1)
    assert refused.status_code == 422
    assert "something that was redacted here (line 3)" in refused.text
    assert "One, edited." in refused.text
    assert wiki.page("plan").head == 2
    cleaned = old.replace(CANARY.upper(), "[redacted]")
    saved = wiki.post("ben", "/eng/plan/-/edit", title="plan", body=cleaned, base=1)
    assert saved.status_code == 303
    assert raw(wiki) == "One, edited.\n\nThe [redacted] is two.\n\nThree, edited meanwhile.\n"
    assert wiki.post("ben", "/eng/plan/-/restore", revision=1, head=3).status_code == 303
    assert CANARY not in raw(wiki)
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("eve"), page.id)
    again = wiki.post("ben", "/eng/-/new", title="Plan", path="plan", body=old)
    assert again.status_code == 422
    elsewhere = wiki.post("ben", "/eng/-/new", title="Another", path="another", body=old)
    assert elsewhere.status_code == 303


def test_an_import_does_not_bring_it_back(wiki: Scene) -> None:
    page = plan(wiki)
    redact(wiki, "eve", page.id)
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("eve"), page.id)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as tree:
        tree.writestr("plan.md", f"# Plan\n\nThe {CANARY} is two.\n")
        tree.writestr("fine.md", "# Fine\n")
    packed.seek(0)
    wiki.client("eve").post("/eng/-/import", data={"file": (packed, "docs.zip")})
    wiki.deliver()
    assert wiki.page("fine").title == "Fine"
    assert wiki.get("eve", "/eng/plan").status_code == 404
    shown = wiki.get("eve", "/eng/-/import/1").text
    assert "something that was redacted here" in shown
    assert CANARY not in shown


def test_a_lead_lets_it_be_written_again(wiki: Scene) -> None:
    page = plan(wiki)
    url = redact(wiki, "eve", page.id).location
    assert wiki.post("ben", f"{url}/lift").status_code == 403
    assert wiki.post("eve", f"{url}/lift").status_code == 303
    saved = wiki.post("ben", "/eng/plan/-/edit", title="plan", body=CANARY, base=1)
    assert saved.status_code == 303
    assert raw(wiki, revision=1).startswith("One.\n\nThe [redacted]")


def test_the_same_is_not_redacted_twice(wiki: Scene) -> None:
    page = plan(wiki)
    for expected in (303, 422):
        form = {"text": CANARY, "reason": REASON, "confirm": "1"}
        assert wiki.post("eve", f"/-/p/{page.id}/redact", **form).status_code == expected
    with wiki.database.write() as session, pytest.raises(Invalid):
        storage = Storage(wiki.settings.data_dir)
        redact_span(session, wiki.actor("eve"), storage, SpanTarget(CANARY, [page.id]), REASON)


def test_an_older_revision_goes_and_keeps_its_number(wiki: Scene) -> None:
    page = plan(wiki)
    wiki.write("plan", "New.\n")
    form = {"revision": 1, "reason": REASON, "head": 2}
    assert wiki.get("eve", f"/-/p/{page.id}/redact?revision=1").status_code == 200
    assert wiki.post("ben", f"/-/p/{page.id}/redact", **form).status_code == 403
    assert wiki.post("eve", f"/-/p/{page.id}/redact", **form).status_code == 303
    assert wiki.get("eve", "/eng/plan?revision=1").status_code == 410
    assert raw(wiki) == "New.\n"
    assert f"a revision: {REASON}" in wiki.get("cai", "/eng/plan/-/history").text


def test_of_the_newest_revision_the_title_is_left(wiki: Scene) -> None:
    page = plan(wiki, title="Plan", tags=("secret",), message="m")
    form = {"revision": 1, "reason": REASON}
    assert wiki.post("eve", f"/-/p/{page.id}/redact", **form, head=7).status_code == 409
    assert wiki.post("eve", f"/-/p/{page.id}/redact", **form, head=1).status_code == 303
    assert raw(wiki) == "[redacted]\n"
    assert wiki.get("eve", "/eng/plan?revision=1").status_code == 410
    with wiki.database.read() as session:
        rows = session.scalars(select(Revision).order_by(Revision.number)).all()
        assert [(row.title, row.tags, row.message) for row in rows] == [
            ("", [], ""),
            ("Plan", [], ""),
        ]
    form = {"revision": 2, "reason": REASON, "head": 2}
    assert wiki.post("eve", f"/-/p/{page.id}/redact", **form).status_code == 422
    stale = wiki.post("ben", "/eng/plan/-/edit", title="Plan", body=f"My {CANARY}", base=1)
    assert stale.status_code == 410
    assert f"My {CANARY}" in stale.text
    assert raw(wiki) == "[redacted]\n"


@pytest.mark.parametrize(
    "block",
    [
        '{\n  "title": "Plan",\n  "owner": "Fr\\u00e4nzi M\\u00fcller"\n}\n\n',
        '---\ntitle: Plan\nowner: "Fr\\xe4nzi M\\xfcller"\n---\n\n',
        "+++\ntitle = 'Plan'\nowner = \"Fr\\u00e4nzi M\\U000000fcller\"\n+++\n\n",
    ],
)
def test_what_front_matter_writes_with_escapes_goes_as_well(wiki: Scene, block: str) -> None:
    page = wiki.write("plan", f"{block}Text\n", title="Plan")
    redact(wiki, "eve", page.id, "Fränzi Müller")
    with wiki.database.read() as session:
        row = session.scalars(select(Revision).where(Revision.page_id == page.id)).one()
        assert (row.fields, row.title) == ({"owner": "[redacted]"}, "Plan")
        assert "ller" not in row.front_matter
        assert row.front_matter.count("[redacted]") == 1


def test_a_title_goes_from_addresses_and_stays_in_texts(wiki: Scene) -> None:
    page = plan(wiki, f"the-{CANARY}-plan", title=f"The {CANARY} plan")
    done = redact(wiki, "eve", page.id, f"The {CANARY} plan", titles="1")
    assert done.status_code == 303
    assert wiki.page("redacted").title == "[redacted]"
    form = {"title": f"The {CANARY} plan", "body": "New", "base": 1}
    assert wiki.post("ben", "/eng/redacted/-/edit", **form).status_code == 422
    assert wiki.get("eve", f"/eng/the-{CANARY}-plan").status_code == 404
    assert CANARY in raw(wiki, "redacted")


def test_all_versions_of_a_file_go_with_their_name(wiki: Scene) -> None:
    wiki.write("plan", "![](secret.txt)", title="On secret.txt", message="Shows secret.txt")
    first = wiki.attach("plan/secret.txt", b"first")
    second = wiki.attach("plan/secret.txt", b"second")
    other = wiki.attach("plan/other.txt", b"other")
    url = f"/-/f/{second}/redact"
    assert wiki.get("ben", url).status_code == 403
    assert wiki.get("eve", url).status_code == 200
    form = {"reason": REASON, "all": "1", "name": "1"}
    assert wiki.post("eve", url, **form).status_code == 303
    wiki.deliver()
    for id in (first, second):
        assert wiki.get("eve", f"/-/f/{id}").text == "This file was redacted.\n"
    assert wiki.get("eve", f"/-/f/{other}").text == "other"
    assert len(list(Storage(wiki.settings.data_dir).hashes())) == 2
    assert wiki.get("eve", "/eng/plan/-/files/redacted").status_code == 200
    with wiki.database.read() as session:
        assert "secret.txt" not in str(session.scalars(select(EventRow.payload)).all())
        assert session.scalars(select(Redaction.finished_at)).one() is not None
    history = wiki.get("cai", "/eng/plan/-/history").text
    assert f"a file: {REASON}" in history
    assert "Shows redacted" in history.replace("[redacted]", "redacted")
    assert wiki.page("plan").title == "On secret.txt"


def test_a_secret_that_was_allowed_is_none_any_more(wiki: Scene) -> None:
    key, other = "AKIA" + "Y34FZKBOKMUTVV7Q", "AKIA" + "Y34FZKBOKMUTVV7R"
    page = wiki.write("plan", "x")
    with wiki.database.write() as session:
        submit(
            session,
            wiki.actor("eve"),
            Edit(page.id, Text("plan", f"{key} and {other}"), base=1, override=Override("meant")),
        )
    redact(wiki, "eve", page.id, key)
    with wiki.database.read() as session:
        left = session.scalars(select(AllowedSecret)).one()
        text = raw(wiki)
        assert text[left.starts : left.ends] == other


def test_a_redaction_of_a_page_that_was_purged_stays_in_the_list(wiki: Scene) -> None:
    page = plan(wiki)
    url = redact(wiki, "eve", page.id).location
    wiki.post("ada", f"/-/p/{page.id}/purge", name="plan", head=1)
    assert "The page no longer exists" in wiki.get("eve", url).text


def test_an_admin_learns_nothing_of_a_redaction_on_a_page_that_is_hidden_from_them(
    wiki: Scene,
) -> None:
    page = plan(wiki)
    with wiki.database.write() as session:
        restrict(session, wiki.actor("eve"), page.id, AccessList(May.READ, set()))
    url = redact(wiki, "eve", page.id).location
    assert wiki.get("ada", url).status_code == 404
    for screen in ("/eng/-/redactions", "/-/admin/audit"):
        assert REASON not in wiki.get("ada", screen).text
    assert exported(wiki) == [("", "")]
    other = plan(wiki, "other")
    redact(wiki, "eve", other.id)
    assert exported(wiki) == [("ada ben cai dot eve", ""), ("", "")]


def exported(wiki: Scene) -> list[tuple[str, str]]:
    """Who could read what was redacted, and who did, as the audit is exported."""
    sent = wiki.post("ada", "/-/admin/audit/export", format="jsonl", kind="Redacted").text
    return [(line["could_read"], line["did_read"]) for line in map(json.loads, sent.splitlines())]
