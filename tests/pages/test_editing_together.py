"""Several people save one page: edits merge or are decided, and none is lost or overwritten."""

import html
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.cast import Scene
from tests.surroundings import examples
from wiki.pages.models import Page
from wiki.pages.revisions import get_revision
from wiki.pages.texts.stored import get_text
from wiki.text.compare.merge import merge

BASE = "# Leave\n\nTwenty days.\n\nAsk Eve.\n"


def fields_of(page: TestResponse) -> dict[str, str]:
    """What the form of a screen would send: hidden fields, text areas and checked choices."""
    form = re.search(r'<form class="(?:resolve|editor)".*?</form>', page.text, re.DOTALL)
    assert form
    found: dict[str, str] = {}
    for tag in re.findall(r"<input[^>]*>", form[0]):
        at = dict(re.findall(r'([a-z-]+)="([^"]*)"', tag))
        if at.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        found[at["name"]] = html.unescape(at.get("value", ""))
    areas = re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>\n(.*?)</textarea>', form[0], re.DOTALL)
    return found | {name: html.unescape(text) for name, text in areas}


def bodies(wiki: Scene, page: Page) -> list[str]:
    """The texts of all revisions, oldest first."""
    with wiki.database.read() as session:
        head = session.get_one(Page, page.id).head
        revisions = [get_revision(session, page, number) for number in range(1, head + 1)]
        return [get_text(session, revision.content_hash) for revision in revisions]


def conflict(wiki: Scene) -> TestResponse:
    """Ben and Eve both changed the days, Ben also the title and Eve also the last line."""
    wiki.write("leave", BASE, title="Leave", tags=("hr",))
    wiki.post(
        "ben",
        "/eng/leave/-/edit",
        title="Holidays",
        body=BASE.replace("Twenty", "Thirty"),
        tags="hr, ben",
        base=1,
    )
    return wiki.post(
        "eve",
        "/eng/leave/-/edit",
        title="Leave",
        body=BASE.replace("Twenty", "Forty").replace("Ask Eve", "Ask Ada"),
        tags="hr, eve",
        message="More of it",
        base=1,
    )


def test_a_conflict_shows_both_texts_and_the_base_and_saves_nothing(wiki: Scene) -> None:
    shown = conflict(wiki)
    assert shown.status_code == 409
    for words in ("<ins>Forty</ins> days", "<ins>Thirty</ins> days", "<div>Twenty days.</div>"):
        assert words in shown.text
    assert "Ben changed the same lines" in shown.text
    assert fields_of(shown)["message"] == "More of it"
    assert wiki.page("leave").head == 2


@pytest.mark.parametrize(
    ("choice", "days"),
    [
        ("mine", "Forty days.\n"),
        ("theirs", "Thirty days.\n"),
        ("both", "Thirty days.\nForty days.\n"),
        ("own", "Fifty days.\n"),
    ],
)
def test_what_was_decided_is_saved_with_all_that_needed_no_decision(
    wiki: Scene, choice: str, days: str
) -> None:
    sent = fields_of(conflict(wiki))
    sent |= {"choice-text-1": choice, "own-text-1": "Fifty days."}
    done = wiki.post("eve", "/eng/leave/-/resolve", **sent)
    assert (done.status_code, done.location) == (303, "/eng/leave")
    page = wiki.page("leave")
    assert bodies(wiki, page)[-1] == f"# Leave\n\n{days}\nAsk Ada.\n"
    assert page.title == "Holidays"
    with wiki.database.read() as session:
        revision = get_revision(session, page, 3)
        assert set(revision.tags) == {"hr", "ben", "eve"}
        assert (revision.action, revision.message) == ("merge", "More of it")


def test_an_answer_that_is_missing_is_asked_for_again_with_the_others_kept(wiki: Scene) -> None:
    wiki.write("two", "one\n\ntwo\n\nthree\n")
    wiki.post("ben", "/eng/two/-/edit", title="two", body="ONE\n\ntwo\n\nTHREE\n", base=1)
    shown = wiki.post("eve", "/eng/two/-/edit", title="two", body="1\n\ntwo\n\n3\n", base=1)
    sent = fields_of(shown)
    sent |= {"choice-text-2": "own", "own-text-2": "trois"}
    again = wiki.post("eve", "/eng/two/-/resolve", **sent)
    assert again.status_code == 409
    assert "Not saved yet" in again.text
    kept = fields_of(again)
    assert (kept["choice-text-2"], kept["own-text-2"], kept["body"]) == (
        "own",
        "trois",
        "1\n\ntwo\n\n3\n",
    )
    assert wiki.page("two").head == 2


def test_one_can_go_on_editing_with_what_was_decided(wiki: Scene) -> None:
    sent = fields_of(conflict(wiki)) | {"choice-text-1": "both", "more": "1"}
    editor = wiki.post("eve", "/eng/leave/-/resolve", **sent)
    assert editor.status_code == 200
    fields = fields_of(editor)
    assert fields["body"] == "# Leave\n\nThirty days.\nForty days.\n\nAsk Ada.\n"
    assert fields["base"] == "2"
    assert wiki.page("leave").head == 2


def test_two_titles_are_decided_like_two_texts(wiki: Scene) -> None:
    wiki.write("leave", BASE, title="Leave")
    wiki.post("ben", "/eng/leave/-/edit", title="Holidays", body=BASE, base=1)
    shown = wiki.post("eve", "/eng/leave/-/edit", title="Time off", body=BASE, base=1)
    assert shown.status_code == 409
    sent = fields_of(shown) | {"choice-title": "own", "own-title": "Holidays and time off"}
    assert wiki.post("eve", "/eng/leave/-/resolve", **sent).status_code == 303
    assert wiki.page("leave").title == "Holidays and time off"


@pytest.mark.every_database
def test_who_decides_while_others_save_is_merged_or_asked_again(wiki: Scene) -> None:
    sent = fields_of(conflict(wiki)) | {"choice-text-1": "mine"}
    newest = BASE.replace("Twenty", "Thirty").replace("# Leave", "# Leave!")
    wiki.write("leave", newest, by="ben", title="Leave!")
    assert wiki.post("eve", "/eng/leave/-/resolve", **sent).status_code == 303
    assert bodies(wiki, wiki.page("leave"))[-1] == ("# Leave!\n\nForty days.\n\nAsk Ada.\n")
    wiki.write("leave", "all new\n", by="ben")
    assert wiki.post("eve", "/eng/leave/-/resolve", **sent).status_code == 409
    assert bodies(wiki, wiki.page("leave"))[-1] == "all new\n"


def test_answers_to_other_questions_are_not_taken(wiki: Scene) -> None:
    sent = fields_of(conflict(wiki)) | {"choice-text-1": "mine", "seal": "0" * 32}
    assert wiki.post("eve", "/eng/leave/-/resolve", **sent).status_code == 409
    assert wiki.page("leave").head == 2


@pytest.mark.parametrize("alternating", [False, True])
def test_edits_too_large_to_be_merged_are_one_bounded_question_that_loses_nothing(
    wiki: Scene, alternating: bool
) -> None:
    kept = "\nkept\n\n" if alternating else ""
    base, ben, eve = ("".join(f"{c}{n % 7}\n{kept}" for n in range(3_000)) for c in "xyz")
    wiki.write("leave", base, title="Leave")
    assert wiki.post("ben", "/eng/leave/-/edit", title="Leave", body=ben, base=1).status_code == 303
    shown = wiki.post("eve", "/eng/leave/-/edit", title="Leave", body=eve, base=1)
    assert shown.status_code == 409
    assert shown.text.count("<fieldset") == 1
    assert shown.text.count("<div") < 3_000
    assert len(shown.data) < 4 * len(eve) + 200_000
    assert re.search(r"\d+ more lines", shown.text)
    sent = fields_of(shown) | {"choice-text-1": "own"}
    assert wiki.post("eve", "/eng/leave/-/resolve", **sent).status_code == 303
    assert bodies(wiki, wiki.page("leave")) == [base, ben, eve]


@pytest.mark.parametrize("change", [{"theirs": "99"}, {"theirs": "x"}, {"base": "77"}])
def test_a_decision_about_revisions_that_do_not_exist_is_refused(
    wiki: Scene, change: dict[str, str]
) -> None:
    sent = fields_of(conflict(wiki)) | {"choice-text-1": "mine"} | change
    assert wiki.post("eve", "/eng/leave/-/resolve", **sent).status_code == 404
    assert wiki.page("leave").head == 2


def test_a_reader_cannot_decide(wiki: Scene) -> None:
    sent = fields_of(conflict(wiki)) | {"choice-text-1": "mine"}
    assert wiki.post("cai", "/eng/leave/-/resolve", **sent).status_code == 403
    assert wiki.page("leave").head == 2


def test_an_author_is_told_of_an_edit_that_was_merged_into_theirs(wiki: Scene) -> None:
    wiki.write("list", "one\n\ntwo\n\nthree\n")
    wiki.post("ben", "/eng/list/-/edit", title="list", body="ONE\n\ntwo\n\nthree\n", base=1)
    wiki.post("eve", "/eng/list/-/edit", title="list", body="one\n\ntwo\n\nTHREE\n", base=1)
    shown = wiki.get("eve", "/eng/list").text
    assert "Ben also edited this page while you were editing; both edits are included." in shown
    assert "/eng/list/-/diff/1..2" in shown
    assert "Based on revision 1" in wiki.get("cai", "/eng/list/-/history").text


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["ben", "eve"]),
        st.integers(0, 3),
        st.sampled_from(["change", "insert", "delete"]),
        st.integers(0, 6),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=examples(12),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits=EDITS)
@pytest.mark.every_database
def test_each_revision_is_the_merge_of_what_was_sent_with_what_was_there(
    wiki: Scene, edits: list[tuple[str, int, str, int]]
) -> None:
    name = f"page-{id(edits)}-{threading.get_ident()}"
    while wiki.get("eve", f"/eng/{name}").status_code == 200:
        name += "x"
    page = wiki.write(name, "".join(f"line {n} of it\n\n" for n in range(6)), title="t")
    history = bodies(wiki, page)
    for count, (who, back, what, at) in enumerate(edits):
        base = max(len(history) - back, 1)
        lines = history[base - 1].splitlines(keepends=True)
        at = min(at * 2, len(lines))
        match what:
            case "change":
                lines[at : at + 1] = [f"change {count}\n"]
            case "insert":
                lines[at:at] = [f"new {count}\n", "\n"]
            case _:
                del lines[at : at + 2]
        sent = "".join(lines)
        expected = merge(history[base - 1], sent, history[-1])
        done = wiki.post(who, f"/eng/{name}/-/edit", title="t", body=sent, base=base)
        now = bodies(wiki, page)
        if expected.text is None:
            assert done.status_code == 409
            assert now == history
        else:
            assert done.status_code == 303
            assert now[-1] == expected.text
            assert now[: len(history)] == history
        history = now


@pytest.mark.every_database
def test_no_acknowledged_edit_is_lost_when_many_save_at_once(wiki: Scene) -> None:
    people, each = 5, 4
    sections = "".join(f"## Section {n}\n\nstart {n}\n\n" for n in range(people))
    page = wiki.write("busy", sections, title="Busy")
    clients = [wiki.new_client("ben" if n % 2 else "eve") for n in range(people)]
    barrier = threading.Barrier(people)

    def work(number: int) -> list[str]:
        client, acknowledged = clients[number], []
        barrier.wait()
        for count in range(each):
            token = f"token-{number}-{count}"
            # All write at the very top, too, so that some of it is in dispute.
            if save(client, number, token, top=count % 2 == 0):
                acknowledged.append(token)
        return acknowledged

    with ThreadPoolExecutor(people) as pool:
        acknowledged = [token for done in pool.map(work, range(people)) for token in done]
    assert len(acknowledged) == people * each
    history = [set(re.findall(r"token-\d+-\d+", body)) for body in bodies(wiki, page)]
    assert all(before <= after for before, after in pairwise(history)), "something was overwritten"
    assert history[-1] == set(acknowledged)


def add(text: str, number: int, token: str, *, top: bool) -> str:
    if top:
        return f"{token}\n\n{text}"
    return text.replace(f"start {number}\n", f"start {number}\n\n{token}\n")


def save(client: FlaskClient, number: int, token: str, *, top: bool) -> bool:
    """Edit the busy page as a person would, deciding conflicts by keeping both."""
    sent = fields_of(client.get("/eng/busy/-/edit"))
    sent["body"] = add(sent["body"], number, token, top=top)
    answer = client.post("/eng/busy/-/edit", data=sent)
    while answer.status_code == 409:
        sent = fields_of(answer)
        places = re.findall(r'name="(choice-text-\d+)"', answer.text)
        sent |= dict.fromkeys(places, "both")
        answer = client.post("/eng/busy/-/resolve", data=sent)
    return answer.status_code == 303


@pytest.mark.every_database
def test_of_many_who_replace_the_same_words_each_is_in_history_or_was_told(wiki: Scene) -> None:
    people = 5
    page = wiki.write("owner", "owner nobody\n", title="Owner")
    clients = [wiki.new_client("ben" if n % 2 else "eve") for n in range(people)]
    barrier = threading.Barrier(people)

    def work(number: int) -> list[tuple[str, int]]:
        told = []
        for count in range(3):
            base = fields_of(clients[number].get("/eng/owner/-/edit"))["base"]
            barrier.wait()
            mine = f"owner {number}-{count}\n"
            form = {"title": "Owner", "body": mine, "base": base}
            told.append((mine, clients[number].post("/eng/owner/-/edit", data=form).status_code))
        return told

    with ThreadPoolExecutor(people) as pool:
        told = [one for each in pool.map(work, range(people)) for one in each]
    texts = bodies(wiki, page)
    assert {status for _, status in told} <= {303, 409}
    assert sorted(text for text, status in told if status == 303) == sorted(texts[1:])
    assert any(status == 409 for _, status in told)
