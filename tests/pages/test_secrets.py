"""Secrets in what is saved: refused once with the place, saved with a reason that stays."""

import json
import re

import pytest
from sqlalchemy import select

from tests.cast import Scene
from wiki.errors import Invalid
from wiki.outbox.models import EventRow
from wiki.pages.merging import Text
from wiki.pages.models import AllowedSecret
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.secrets import Override, SecretsFound, checked_override
from wiki.pages.saving.submit import submit
from wiki.purging.actions import purge_page, purge_revisions
from wiki.spaces.queries import see_space

KEY = "AKIA" + "Y34FZKBOKMUTVV7Q"
OTHER = "ghp_" + "Zq8Rk2Lw9Vt4Xs7Bn3Md6Hf5Jc1Pg0YaTuEi"
CARD = "4111 1111 1111 1111"
EDIT = "/eng/rota/-/edit"


def form(body: str, base: int = 1, **more: object) -> dict[str, object]:
    return {"title": "Rota", "body": body, "base": str(base), **more}


def seen_in(page: str) -> str:
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found
    return found[1]


def rows(wiki: Scene) -> list[AllowedSecret]:
    with wiki.database.read() as session:
        return list(session.scalars(select(AllowedSecret).order_by(AllowedSecret.id)))


def test_a_save_that_brings_a_secret_is_refused_with_its_line_and_loses_nothing(
    wiki: Scene,
) -> None:
    wiki.write("rota", "Words.\n")
    sent = form(f"Words.\n\nThe key is {KEY}.\n", message="Why not", tags="keys")
    refused = wiki.post("ben", EDIT, **sent)
    assert refused.status_code == 422
    assert "Not saved yet: this looks like a secret" in refused.text
    assert 'data-line="3" data-column="12">Line 3</a>: AWS access key <code>AKIA…7Q</code>' in (
        refused.text
    )
    assert f"The key is {KEY}." in refused.text.partition("<textarea")[2]
    assert 'value="Why not"' in refused.text
    assert 'value="keys"' in refused.text
    assert wiki.page("rota").head == 1


@pytest.mark.parametrize(
    ("choice", "words"),
    [("false-alarm", "False alarm"), ("meant", "Intended")],
)
def test_it_is_saved_with_a_reason_which_leads_see(wiki: Scene, choice: str, words: str) -> None:
    wiki.write("rota", "Words.\n")
    body = f"The key is {KEY}.\n"
    seen = seen_in(wiki.post("ben", EDIT, **form(body)).text)
    saved = wiki.post("ben", EDIT, **form(body, allow=choice, seen=seen))
    assert saved.status_code == 303
    assert wiki.page("rota").head == 2
    (row,) = rows(wiki)
    assert (row.revision, row.kind, row.masked, row.line) == (2, "token", "AKIA…7Q", 1)
    assert row.created_by_id == wiki.actor("ben").person_id
    screen = wiki.get("eve", "/eng/-/findings").text
    assert "AWS access key <code>AKIA…7Q</code>" in screen
    assert f"“{words}”" in screen
    assert "still there" in screen
    assert 'href="/eng/rota/-/blame#L1"' in screen


def test_the_secret_itself_is_nowhere_but_in_the_text(wiki: Scene) -> None:
    wiki.write("rota", "Words.\n")
    body = f"{KEY} {CARD}\n"
    seen = seen_in(wiki.post("ben", EDIT, **form(body)).text)
    wiki.post("ben", EDIT, **form(body, allow="meant", seen=seen))
    with wiki.database.read() as session:
        events = [json.dumps([row.name, row.payload]) for row in session.scalars(select(EventRow))]
    assert any('"SecretsAllowed"' in one and '"card"' in one for one in events)
    for handle, url in (("eve", "/eng/-/findings"), ("ada", "/-/admin/findings")):
        screen = wiki.get(handle, url).text
        assert "AKIA…7Q" in screen
        for secret in (KEY, CARD, CARD.replace(" ", "")):
            assert secret not in screen
            assert not any(secret in one for one in events)
            assert not any(secret in str(vars(row)) for row in rows(wiki))


def test_a_reason_holds_only_for_what_was_shown(wiki: Scene) -> None:
    wiki.write("rota", "Words.\n")
    seen = seen_in(wiki.post("ben", EDIT, **form(f"{KEY}\n")).text)
    more = form(f"{KEY}\n{OTHER}\n", allow="meant", seen=seen)
    refused = wiki.post("ben", EDIT, **more)
    assert refused.status_code == 422
    assert "this looks like 2 secrets" in refused.text
    assert wiki.page("rota").head == 1
    less = form("Words.\n\nMore.", allow="meant", seen=seen)
    assert wiki.post("ben", EDIT, **less).status_code == 303
    assert rows(wiki) == []


@pytest.mark.parametrize("allow", ["", "because", "false-alarm "])
def test_no_other_word_is_a_reason_in_the_form(wiki: Scene, allow: str) -> None:
    wiki.write("rota", "Words.\n")
    seen = seen_in(wiki.post("ben", EDIT, **form(f"{KEY}\n")).text)
    refused = wiki.post("ben", EDIT, **form(f"{KEY}\n", allow=allow, seen=seen))
    assert refused.status_code == 422


def test_return_in_a_field_does_not_let_a_secret_pass(wiki: Scene) -> None:
    wiki.write("rota", "Words.\n")
    refused = wiki.post("ben", EDIT, **form(f"{KEY}\n")).text
    first = re.search(r"<button[^>]*type=\"submit\"[^>]*>", refused.partition('class="editor"')[2])
    assert first
    assert "name=" not in first[0]


def test_what_was_there_before_does_not_nag(wiki: Scene) -> None:
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        text = Text("Rota", f"{KEY}\n")
        submit(
            session,
            wiki.actor("eve"),
            Edit(NewPage(space, "rota"), text, override=Override("meant")),
        )
    saved = wiki.post("ben", EDIT, **form(f"More words.\n\n{KEY}, again: {KEY}\n"))
    assert saved.status_code == 303
    refused = wiki.post("ben", EDIT, **form(f"{KEY}\n\n{CARD}\n", base=2))
    assert refused.status_code == 422
    assert "Line 3</a>: payment card number <code>4111…11</code>" in refused.text
    assert "AKIA…7Q" not in refused.text


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("title", f"The key {KEY}", '<a href="#title">Title</a>'),
        ("description", f"The key {KEY}", '<a href="#description">Description</a>'),
        ("tags", f"one, {KEY}", '<a href="#tags">Tags</a>'),
        ("fields", json.dumps({"deep": [{"er": KEY}]}), "A field"),
    ],
)
def test_every_part_of_a_page_is_looked_through(
    wiki: Scene, field: str, value: str, where: str
) -> None:
    wiki.write("rota", "Words.\n")
    refused = wiki.post("ben", EDIT, **form("More.\n") | {field: value})
    assert refused.status_code == 422
    assert f"{where}: AWS access key" in refused.text


def test_a_line_is_counted_in_the_text_as_it_was_typed(wiki: Scene) -> None:
    wiki.write("rota", "Words.\n")
    body = f"---\r\nowner: ben\r\nkey: {CARD}\r\n---\r\n\r\nThe key is {KEY}.\r\n"
    refused = wiki.post("ben", EDIT, **form(body)).text
    assert 'data-line="6" data-column="12">' in refused
    assert 'data-line="3" data-column="6">' in refused


def test_a_new_page_is_looked_through(wiki: Scene) -> None:
    sent = {"title": "Keys", "body": f"{KEY}\n"}
    refused = wiki.post("ben", "/eng/-/new", **sent)
    assert refused.status_code == 422
    assert f"{KEY}\n</textarea>" in refused.text
    sent |= {"allow": "meant", "seen": seen_in(refused.text)}
    assert wiki.post("ben", "/eng/-/new", **sent).status_code == 303
    assert [row.revision for row in rows(wiki)] == [1]


def test_what_is_restored_is_looked_through(wiki: Scene) -> None:
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        text = Text("Rota", f"{KEY}\n")
        submit(
            session,
            wiki.actor("eve"),
            Edit(NewPage(space, "rota"), text, override=Override("meant")),
        )
    wiki.write("rota", "Harmless.\n")
    sent = {"revision": "1", "head": "2", "message": "Back to it"}
    refused = wiki.post("ben", "/eng/rota/-/restore", **sent)
    assert refused.status_code == 422
    assert "AWS access key <code>AKIA…7Q</code>" in refused.text
    assert 'value="Back to it"' in refused.text
    assert wiki.page("rota").head == 2
    sent |= {"allow": "meant", "seen": seen_in(refused.text)}
    assert wiki.post("ben", "/eng/rota/-/restore", **sent).status_code == 303
    assert [row.revision for row in rows(wiki)] == [1, 3]


def test_only_what_is_new_to_the_page_counts_when_edits_are_merged(wiki: Scene) -> None:
    wiki.write("rota", "One.\n\nTwo.\n\nThree.\n")
    theirs = form(f"{KEY}\n\nTwo.\n\nThree.\n")
    seen = seen_in(wiki.post("eve", EDIT, **theirs).text)
    wiki.post("eve", EDIT, **theirs, allow="meant", seen=seen)
    merged = wiki.post("ben", EDIT, **form("One.\n\nTwo.\n\nMine.\n"))
    assert merged.status_code == 303
    assert wiki.page("rota").head == 3
    refused = wiki.post("ben", EDIT, **form(f"One.\n\nTwo.\n\n{CARD}\n", base=1))
    assert refused.status_code in (409, 422)


def test_what_is_decided_in_a_conflict_is_looked_through(wiki: Scene) -> None:
    wiki.write("rota", "One.\n")
    wiki.write("rota", "Theirs.\n")
    conflict = wiki.post("ben", EDIT, **form(f"{KEY}\n"))
    assert conflict.status_code == 409
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', conflict.text))
    key = re.search(r'name="choice-([\w-]+)"', conflict.text)
    assert key
    sent = form(f"{KEY}\n") | {name: hidden[name] for name in ("base", "theirs", "seal", "fields")}
    decided = wiki.post("ben", "/eng/rota/-/resolve", **sent, **{f"choice-{key[1]}": "mine"})
    assert decided.status_code == 422
    assert f"{KEY}\n</textarea>" in decided.text
    assert 'name="base" value="2"' in decided.text
    saved = wiki.post("ben", EDIT, **form(f"{KEY}\n", 2, allow="meant", seen=seen_in(decided.text)))
    assert saved.status_code == 303
    assert wiki.page("rota").head == 3


def test_what_became_of_it_is_told(wiki: Scene) -> None:
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        for path in ("stays", "leaves", "goes"):
            submit(
                session,
                wiki.actor("ben"),
                Edit(
                    NewPage(space, path),
                    Text(path.title(), f"Words.\n{KEY}\n"),
                    override=Override("meant"),
                ),
            )
    wiki.write("stays", f"Words.\n\n\nMore.\n{KEY}\n")
    wiki.write("leaves", "Words.\n")
    wiki.post("eve", "/eng/goes/-/delete")
    screen = wiki.get("eve", "/eng/-/findings").text
    told = dict(
        re.findall(r'in <a href="[^"]*" dir="auto">(\w+)</a>(?:, <a href="([^"]*)")?', screen)
    )
    assert told == {
        "Stays": "/eng/stays/-/blame#L5",
        "Leaves": "/eng/leaves/-/blame?revision=1#L2",
        "Goes": "",
    }
    badges = re.findall(r'<span class="badge[^"]*">([^<]*)</span>', screen)
    assert sorted(badges) == ["in older revisions only", "on a deleted page", "still there"]
    for url in told.values():
        assert not url or wiki.get("eve", url.partition("#")[0]).status_code == 200


def test_findings_are_for_those_who_lead_and_of_what_they_may_read(wiki: Scene) -> None:
    for slug in ("eng", "lab"):
        with wiki.database.write() as session:
            space = see_space(session, wiki.actor("eve"), slug).space
            text = Text(f"Keys of {slug}", f"{KEY}\n")
            submit(
                session,
                wiki.actor("ben"),
                Edit(NewPage(space, "keys"), text, override=Override("meant")),
            )
    for handle, status in (("ben", 403), ("dot", 403), ("gus", 404), ("nobody", 302)):
        for url in ("/eng/-/findings", "/eng/-/scanning"):
            assert wiki.get(handle, url).status_code == status, handle
    assert wiki.get("ada", "/lab/-/findings").status_code == 404
    of_all = wiki.get("ada", "/-/admin/findings").text
    assert "Keys of eng" in of_all
    assert "Keys of lab" not in of_all
    assert wiki.get("eve", "/-/admin/findings").status_code == 403
    assert "Keys of lab" in wiki.get("eve", "/lab/-/findings").text


def test_a_long_list_goes_on(wiki: Scene) -> None:
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        body = "\n".join(f"AKIA{number:016}" for number in range(10_000_000, 10_000_070))
        body = body.replace("0000", "Q7ZR")
        submit(
            session,
            wiki.actor("ben"),
            Edit(NewPage(space, "keys"), Text("K", body), override=Override("meant")),
        )
    first = wiki.get("eve", "/eng/-/findings").text
    older = re.search(r'href="(/eng/-/findings\?before=\d+)"', first)
    assert older
    assert first.count("AWS access key <code>") == 50
    assert wiki.get("eve", older[1]).text.count("AWS access key <code>") == 20


def test_a_space_looks_for_what_its_leads_choose(wiki: Scene) -> None:
    wiki.write("rota", "Words.\n")
    ssn = "Hers is 536-90-4399.\n"
    assert wiki.post("ben", EDIT, **form(ssn)).status_code == 303
    screen = wiki.get("eve", "/eng/-/scanning").text
    assert 'value="card" checked' in screen
    assert 'value="id-us">' in screen
    saved = wiki.post("eve", "/eng/-/scanning", kinds=["id-us", "token"])
    assert saved.status_code == 303
    assert 'value="id-us" checked' in wiki.get("eve", "/eng/-/scanning").text
    assert wiki.post("ben", EDIT, **form(f"{CARD}\n", 2)).status_code == 303
    refused = wiki.post("ben", EDIT, **form("Mine is 536-90-4398.\n", 3))
    assert refused.status_code == 422
    assert "social security number (United States) <code>…98</code>" in refused.text
    assert wiki.post("eve", "/eng/-/scanning").status_code == 303
    assert wiki.post("ben", EDIT, **form(f"{KEY}\n", 3)).status_code == 303


def test_nobody_chooses_what_cannot_be_found_or_where_they_do_not_lead(wiki: Scene) -> None:
    refused = wiki.post("eve", "/eng/-/scanning", kinds=["token", "nuclear-codes"])
    assert refused.status_code == 422
    assert "This kind of secret doesn’t exist." in refused.text
    assert wiki.post("ben", "/eng/-/scanning", kinds=["token"]).status_code == 403


def test_a_purged_page_or_revision_takes_what_was_noted_of_it_along(wiki: Scene) -> None:
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        for path in ("one", "two"):
            submit(
                session,
                wiki.actor("ben"),
                Edit(NewPage(space, path), Text(path, KEY), override=Override("meant")),
            )
    wiki.write("one", "Harmless.\n")
    with wiki.database.write() as session:
        purge_revisions(session, wiki.actor("ada"), wiki.page("one").id, {1}, seen=2)
        purge_page(session, wiki.actor("ada"), wiki.page("two").id, seen=1)
    assert rows(wiki) == []
    assert "No secrets saved" in wiki.get("eve", "/eng/-/findings").text


def test_an_error_does_not_say_the_secret(wiki: Scene) -> None:
    with pytest.raises(SecretsFound) as raised:
        wiki.write("rota", f"{KEY}\n")
    assert KEY not in str(raised.value)
    assert KEY not in repr(raised.value.secrets)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 301, f"It is {KEY}."])
def test_a_reason_has_words_and_no_secret(reason: str) -> None:
    with pytest.raises(Invalid):
        checked_override(reason)


def test_what_is_said_of_a_change_holds_no_secret(wiki: Scene) -> None:
    wiki.write("rota", "One.\n")
    wiki.write("rota", "Two.\n")
    said = f"With the new key {KEY}"
    for url, sent in (
        (EDIT, form("Three.\n", base=2, message=said)),
        ("/eng/-/new", {"path": "other", "title": "Other", "body": "x", "message": said}),
        ("/eng/rota/-/restore", {"revision": "1", "head": "2", "message": said}),
        ("/eng/rota/-/move", {"path": "elsewhere", "space": "eng", "message": said}),
    ):
        refused = wiki.post("ben", url, **sent)
        assert refused.status_code == 422, url
        assert (
            "contains something that looks like a secret (AWS access key AKIA…7Q)" in refused.text
        ), url
    assert wiki.page("rota").head == 2


def test_a_tag_gets_no_name_that_looks_like_a_secret(wiki: Scene) -> None:
    wiki.write("rota", "x", tags=("keys",))
    wiki.deliver()
    refused = wiki.post("ben", "/eng/-/rename-tag", tag="keys", to=KEY)
    assert refused.status_code == 422
    assert "The name contains something that looks like a secret" in refused.text
    with wiki.database.write() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        text = Text("Old", "x", (KEY,))
        submit(
            session,
            wiki.actor("eve"),
            Edit(NewPage(space, "old"), text, override=Override("meant")),
        )
    wiki.deliver()
    wiki.post("ben", "/eng/-/rename-tag", tag=KEY, to="gone")
    history = wiki.get("ben", "/eng/old/-/history").text
    assert "Tag renamed: one that looks like a secret → gone" in history
