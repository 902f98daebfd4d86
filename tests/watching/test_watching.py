"""Watching: levels for pages, spaces, discussions and tags, of people and of groups."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.api.conftest import Api
from tests.cast import Scene, csrf_token
from tests.pages.test_query_counts import counted
from wiki.comments.models import Thread
from wiki.outbox.models import EventRow
from wiki.pages.access.restrictions import AccessList, restrict
from wiki.people.groups.actions import create_group, store_member
from wiki.people.models import Person
from wiki.purging.actions import purge_page
from wiki.rules.access import May
from wiki.spaces.consent import UNASKED
from wiki.watching.levels import Level
from wiki.watching.models import Watch
from wiki.watching.queries import chain_of, deciding


def watches(wiki: Scene, handle: str) -> dict[str, Level]:
    """Return the levels of a person's own watches, by the kind of subject."""
    with wiki.database.read() as session:
        rows = session.execute(
            select(Watch.subject, Watch.level).where(
                Watch.person_id == wiki.actor(handle).person_id
            )
        )
        return {subject.partition(":")[0]: Level(level) for subject, level in rows}


def levels(wiki: Scene, path: str) -> dict[str, Level]:
    """Return the deciding level of each person at a page."""
    with wiki.database.read() as session:
        page = wiki.page(path)
        found = deciding(chain_of(session, page))
        rows = session.execute(
            select(Person.handle, found.c.level).join(found, found.c.person_id == Person.id)
        )
        return {handle: Level(level) for handle, level in rows}


def make_group(wiki: Scene, handle: str, *people: str) -> None:
    with wiki.database.write() as session:
        ada = wiki.actor("ada")
        group = create_group(session, ada, handle=handle, name=handle.capitalize())
        for one in people:
            person = session.get_one(Person, wiki.actor(one).person_id)
            store_member(session, ada, group, person, member=True)


def test_a_page_is_watched_and_unwatched_with_the_form_of_its_bell(wiki: Scene) -> None:
    wiki.write("rota", "words", title="The rota")
    wiki.app.config["WTF_CSRF_ENABLED"] = True
    assert 'href="/eng/rota/-/watch"' in wiki.get("cai", "/eng/rota").text
    shown = wiki.get("cai", "/eng/rota/-/watch").text
    assert "You watch nothing here" in shown
    token = csrf_token(shown)
    answer = wiki.post("cai", "/eng/rota/-/watch", level="everything", csrf_token=token)
    assert (answer.status_code, answer.location) == (303, "/eng/rota/-/watch")
    assert "Because you watch" in wiki.get("cai", "/eng/rota/-/watch").text
    assert "The rota" in wiki.get("cai", "/-/watching").text
    assert watches(wiki, "cai") == {"page": Level.EVERYTHING}
    wiki.post("cai", "/eng/rota/-/watch", level="mute", remove="1", csrf_token=token)
    assert watches(wiki, "cai") == {}
    assert "You watch nothing yet" in wiki.get("cai", "/-/watching").text


def test_a_level_that_does_not_exist_changes_nothing(wiki: Scene) -> None:
    wiki.write("rota", "words")
    answer = wiki.post("cai", "/eng/rota/-/watch", level="loud")
    assert answer.status_code == 422
    assert "Choose a level" in answer.text
    assert watches(wiki, "cai") == {}


@pytest.mark.every_database
def test_a_watch_holds_for_the_pages_below_until_a_nearer_one_decides(wiki: Scene) -> None:
    for path in ("apollo", "apollo/plan", "apollo/plan/risks"):
        wiki.write(path, "words", title=path.rpartition("/")[2].capitalize())
    wiki.post("cai", "/eng/-/watch", level="changes")
    wiki.post("cai", "/eng/apollo/-/watch", level="mute")
    wiki.post("cai", "/eng/apollo/plan/risks/-/watch", level="everything")
    assert levels(wiki, "apollo")["cai"] is Level.MUTE
    assert levels(wiki, "apollo/plan")["cai"] is Level.MUTE
    assert levels(wiki, "apollo/plan/risks")["cai"] is Level.EVERYTHING
    shown = wiki.get("cai", "/eng/apollo/plan/-/watch").text
    assert 'Because you watch <span dir="auto">Apollo</span>.' in shown


def test_letting_a_group_watch_is_on_record_once(wiki: Scene) -> None:
    page = wiki.write("apollo", "words", title="Apollo")
    make_group(wiki, "design", "ben")
    for _ in range(2):
        wiki.post("eve", "/eng/apollo/-/watch", group="design", level="changes")
    wiki.post("eve", "/eng/-/watch", group="design", level="mute")
    for _ in range(2):
        wiki.post("eve", "/eng/apollo/-/watch", group="design", remove="1")
    with wiki.database.read() as session:
        named = select(EventRow).where(EventRow.name == "GroupWatchChanged").order_by(EventRow.id)
        rows = [(row.page_id, row.payload["level"]) for row in session.scalars(named)]
    assert rows == [(page.id, "changes"), (None, "mute"), (page.id, "")]
    shown = wiki.get("ada", "/-/admin/audit").text
    assert "no longer lets" in shown and "Design" in shown


@pytest.mark.every_database
def test_members_see_that_their_group_watches_and_step_out_alone(wiki: Scene) -> None:
    wiki.write("apollo", "words", title="Apollo")
    wiki.write("apollo/plan", "words")
    make_group(wiki, "design", "ben", "cai")
    refused = wiki.post("ben", "/eng/apollo/-/watch", group="design", level="changes")
    assert refused.status_code == 403
    wiki.post("eve", "/eng/apollo/-/watch", group="@design", level="changes")
    assert levels(wiki, "apollo/plan") == {"ben": Level.CHANGES, "cai": Level.CHANGES}
    shown = wiki.get("cai", "/eng/apollo/plan/-/watch").text
    assert 'Because Design watches <span dir="auto">Apollo</span>.' in shown
    assert "Choose for myself" in wiki.get("cai", "/-/watching").text
    wiki.post("cai", "/eng/apollo/-/watch", level="mentions")
    assert levels(wiki, "apollo/plan") == {"ben": Level.CHANGES, "cai": Level.MENTIONS}
    shown = wiki.get("cai", "/eng/apollo/-/watch").text
    assert "Without your choice: Changes. Because Design watches" in shown
    wiki.post("eve", "/eng/apollo/-/watch", group="design", level="changes", remove="1")
    assert levels(wiki, "apollo/plan") == {"cai": Level.MENTIONS}
    assert wiki.post("eve", "/eng/apollo/-/watch", group="no", level="mute").status_code == 422


@pytest.mark.every_database
def test_authors_watch_what_they_write_and_where_they_comment_unless_they_prefer_not(
    wiki: Scene,
) -> None:
    wiki.write("rota", "words", by="eve")
    wiki.write("rota", "more words", by="ben")
    wiki.post("ben", "/eng/rota/-/comments", body="Is this right?")
    wiki.deliver()
    assert watches(wiki, "eve") == {"page": Level.EVERYTHING}
    assert watches(wiki, "ben") == {"page": Level.CHANGES, "thread": Level.EVERYTHING}
    assert "Because you wrote" in wiki.get("ben", "/eng/rota/-/watch").text
    wiki.post("ben", "/-/watching/preferences")
    wiki.write("other", "words", by="ben")
    wiki.post("ben", "/eng/other/-/comments", body="Done.")
    wiki.post("eve", "/eng/rota/-/watch", level="mute")
    wiki.write("rota", "even more words", by="eve")
    wiki.deliver()
    assert watches(wiki, "ben") == {"page": Level.CHANGES, "thread": Level.EVERYTHING}
    assert watches(wiki, "eve") == {"page": Level.MUTE}


def test_the_list_of_watches_leads_to_the_home_page_too(wiki: Scene) -> None:
    wiki.write("", "Welcome.", by="eve")
    wiki.deliver()
    assert 'href="/eng/-/watch"' in wiki.get("eve", "/-/watching").text
    assert wiki.get("eve", "/eng/-/watch").status_code == 200


def test_a_discussion_and_a_tag_are_watched_too(wiki: Scene) -> None:
    wiki.write("rota", "words", tags=("On Call",))
    wiki.post("eve", "/eng/rota/-/comments", body="Is this right?")
    with wiki.database.read() as session:
        thread = session.scalars(select(Thread.id)).one()
    assert wiki.get("cai", f"/-/threads/{thread}/watch").status_code == 200
    wiki.post("cai", f"/-/threads/{thread}/watch", level="mute")
    wiki.post("cai", "/-/watching", tag="#on call", level="changes")
    wiki.deliver()
    assert watches(wiki, "cai") == {"thread": Level.MUTE, "tag": Level.CHANGES}
    assert levels(wiki, "rota")["cai"] is Level.CHANGES
    tag = "/-/watching?tag=On%20Call#watch-tag"
    assert tag in wiki.get("cai", "/-/tags/On%20Call").text
    assert 'value="On Call"' in wiki.get("cai", tag).text
    shown = wiki.get("cai", "/-/watching").text
    assert "#on call" in shown and "a discussion on" in shown
    assert wiki.post("cai", "/-/watching", tag=" ", level="changes").status_code == 422


def test_the_list_changes_levels_and_only_ones_own(wiki: Scene) -> None:
    wiki.write("rota", "words")
    wiki.post("cai", "/eng/rota/-/watch", level="mute")
    with wiki.database.read() as session:
        row = session.scalars(select(Watch.id)).one()
    assert wiki.post("ben", f"/-/watching/{row}", level="everything").status_code == 404
    wiki.post("cai", f"/-/watching/{row}", level="decisions")
    assert watches(wiki, "cai") == {"page": Level.DECISIONS}
    wiki.post("cai", f"/-/watching/{row}", level="decisions", remove="1")
    assert watches(wiki, "cai") == {}


def test_what_is_hidden_is_not_listed_and_answers_as_what_does_not_exist(wiki: Scene) -> None:
    wiki.write("secret", "words", title="The secret")
    wiki.post("cai", "/eng/secret/-/watch", level="everything")
    with wiki.database.write() as session:
        only_leads = AccessList(May.READ, [])
        page_id = wiki.page("secret").id
        restrict(session, wiki.actor("eve"), page_id, only_leads, consent=UNASKED)
    assert "The secret" not in wiki.get("cai", "/-/watching").text
    for verb in (wiki.get, wiki.post):
        hidden, missing = verb("cai", "/eng/secret/-/watch"), verb("cai", "/eng/never/-/watch")
        assert hidden.status_code == missing.status_code == 404


@pytest.mark.every_database
def test_watches_go_with_the_page_and_the_person(wiki: Scene) -> None:
    wiki.write("rota", "words")
    wiki.post("cai", "/eng/rota/-/watch", level="everything")
    wiki.deliver()
    with wiki.database.write() as session:
        purge_page(session, wiki.actor("ada"), wiki.page("rota").id, seen=1)
    with wiki.database.read() as session:
        assert session.scalars(select(Watch.id)).all() == []


def test_the_list_takes_the_same_statements_for_any_number_of_watches(wiki: Scene) -> None:
    for number in range(12):
        wiki.write(f"page-{number}", "words")
    numbers = []
    for count in (2, 12):
        for number in range(count):
            wiki.post("cai", f"/eng/page-{number}/-/watch", level="changes")
        with counted(wiki) as statements:
            wiki.get("cai", "/-/watching")
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


def test_watches_over_the_api(wiki: Scene) -> None:
    api = Api(wiki)
    wiki.write("rota", "words")
    put = api.put("cai", "/watches", {"space": "eng", "path": "rota", "level": "changes"})
    assert put.status_code == 204
    listed = api.get("cai", "/watches").json["watches"]
    assert [(one["path"], one["level"], one["reason"]) for one in listed] == [
        ("rota", "changes", "chosen")
    ]
    for wrong in ({"level": "changes"}, {"level": "loud", "space": "eng"}):
        assert api.put("cai", "/watches", wrong).status_code == 422
    assert api.call("cai", "DELETE", "/watches?space=eng&path=rota").status_code == 204
    assert api.get("cai", "/watches").json["watches"] == []
