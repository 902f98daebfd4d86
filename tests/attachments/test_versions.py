"""Versions of a file, where it is used, and what follows from that for removing it."""

import re

from sqlalchemy import select

from tests.attachments import samples
from tests.cast import Scene
from tests.pages.test_query_counts import counted
from wiki.attachments.queries import get_file
from wiki.outbox.models import EventRow


def versions_of(wiki: Scene, who: str, file: int) -> list[str]:
    """The numbers on a file's screen, as they stand."""
    return re.findall(r'row-title" href="[^"]*">Version (\d+)', screen(wiki, who, file))


def screen(wiki: Scene, who: str, file: int) -> str:
    return wiki.get(who, f"/-/f/{file}/versions").text


def test_every_version_is_listed_and_can_be_read_by_who_may_edit(wiki: Scene) -> None:
    wiki.write("rota", "x")
    ids = [wiki.attach("rota/n.txt", f"words {number}".encode()) for number in (1, 2, 3)]
    for file in ids:
        assert versions_of(wiki, "ben", file) == ["3", "2", "1"]
    for number, file in enumerate(ids, start=1):
        assert wiki.get("ben", f"/-/f/{file}").data == f"words {number}".encode()
    assert "Version 3" in wiki.get("cai", "/eng/rota/-/files").text
    shown = screen(wiki, "cai", ids[2])
    assert "7 bytes" in shown
    assert "Version" not in shown
    assert wiki.get("cai", f"/-/f/{ids[0]}/versions").status_code == 404
    assert wiki.get("nobody", f"/-/f/{ids[2]}/versions").status_code == 404


def test_bringing_a_version_back_makes_it_the_newest_and_loses_nothing(wiki: Scene) -> None:
    first = wiki.attach("n.txt", b"first")
    second = wiki.attach("n.txt", b"second")
    answer = wiki.post("ben", f"/-/f/{first}/restore", to="versions")
    newest = int(re.findall(r"/-/f/(\d+)/versions", answer.location)[0])
    assert newest not in (first, second)
    assert versions_of(wiki, "ben", newest) == ["3", "2", "1"]
    assert wiki.get("cai", "/eng/-/files/n.txt").data == b"first"
    assert wiki.get("ben", f"/-/f/{second}").data == b"second"
    again = wiki.post("ben", f"/-/f/{first}/restore", to="versions")
    assert again.location == answer.location
    assert "restored" in screen(wiki, "ben", newest)


def test_a_removed_file_says_so_and_comes_back_as_a_new_version(wiki: Scene) -> None:
    file = wiki.attach("n.txt", b"words", by="ben")
    wiki.post("ben", f"/-/f/{file}/remove")
    assert 'was removed by <a class="by-name" href="/-/people/ben" dir="auto">Ben</a>' in screen(
        wiki, "eve", file
    )
    assert wiki.get("cai", f"/-/f/{file}/versions").status_code == 404
    wiki.post("eve", f"/-/f/{file}/restore")
    assert versions_of(wiki, "ben", file) == ["2", "1"]
    assert wiki.get("cai", "/eng/-/files/n.txt").data == b"words"


def test_events_tell_of_new_versions_and_of_those_that_came_back(wiki: Scene) -> None:
    first = wiki.attach("n.txt", b"first")
    second = wiki.attach("N.txt", b"second")
    wiki.post("ben", f"/-/f/{first}/restore")
    with wiki.database.read() as session:
        rows = session.scalars(select(EventRow).order_by(EventRow.id)).all()
    told = [row.payload for row in rows if row.name == "FileAdded"]
    assert [(one["name"], one["version"], one["restored"]) for one in told] == [
        ("n.txt", 1, None),
        ("N.txt", 2, None),
        ("n.txt", 3, 1),
    ]
    assert [one["attachment_id"] for one in told][:2] == [first, second]


def test_versions_go_on_when_another_page_takes_the_place_over(wiki: Scene) -> None:
    old = wiki.attach("teams/n.txt", b"of the space")
    wiki.write("teams", "x")
    new = wiki.attach("teams/n.txt", b"of the page")
    assert versions_of(wiki, "ben", new) == ["2", "1"] == versions_of(wiki, "ben", old)


def test_two_pictures_stand_side_by_side(wiki: Scene) -> None:
    first = wiki.attach("plan.png", samples.png(40, 30, 1))
    second = wiki.attach("plan.png", samples.png(60, 30, 2))
    wiki.deliver()
    shown = wiki.get("ben", f"/-/f/{second}/versions?beside={first}").text
    assert f'src="/-/f/{first}?width=1280"' in shown
    assert f'src="/-/f/{second}?width=1280"' in shown
    assert "40 × 30" in shown
    other = wiki.attach("other.png", samples.png())
    for wrong in (other, 9999):
        assert wiki.get("ben", f"/-/f/{second}/versions?beside={wrong}").status_code == 404


def test_many_versions_come_screen_by_screen(wiki: Scene) -> None:
    for number in range(52):
        last = wiki.attach("n.txt", str(number).encode())
    first_screen = screen(wiki, "ben", last)
    older = re.findall(r'rel="next" href="([^"]+)"', first_screen)[0]
    found = re.findall(r">Version (\d+)</a>", first_screen + wiki.get("ben", older).text)
    assert found == [str(number) for number in range(52, 0, -1)]


def test_the_pages_that_use_a_file_are_named_and_keep_it_from_being_removed(wiki: Scene) -> None:
    wiki.write("rota", "![](rota/plan.png)", title="The rota")
    file = wiki.attach("rota/plan.png", samples.png())
    wiki.write("other", "[the plan](rota/plan.png)", title="Another page")
    shown = screen(wiki, "ben", file)
    assert "The rota" in shown
    assert "Another page" in shown
    assert "used on 2 pages" in wiki.get("ben", "/eng/rota/-/files").text
    asked = wiki.get("ben", f"/-/f/{file}/remove").text
    assert "plan.png is in use" in asked
    assert "/eng/other" in asked
    refused = wiki.post("ben", f"/-/f/{file}/remove")
    assert refused.status_code == 409
    assert "Another page" in refused.text
    assert wiki.get("cai", "/eng/rota/-/files/plan.png").status_code == 200
    wiki.write("rota", "nothing")
    wiki.write("other", "nothing")
    assert wiki.post("ben", f"/-/f/{file}/remove").status_code == 303
    assert wiki.get("cai", "/eng/rota/-/files/plan.png").status_code == 404


def test_a_deleted_page_uses_nothing(wiki: Scene) -> None:
    file = wiki.attach("plan.png", samples.png())
    wiki.write("rota", "![](plan.png)")
    wiki.post("ben", "/eng/rota/-/delete")
    assert wiki.post("ben", f"/-/f/{file}/remove").status_code == 303


def test_pages_that_one_may_not_read_neither_show_nor_keep_a_file(wiki: Scene) -> None:
    """A refusal for their sake would tell that they are there."""
    file = wiki.attach("plan.png", samples.png(), space="open", by="ben")
    wiki.write("secret", "![](/open/-/files/plan.png)", space="fair", title="The secret fair")
    assert "The secret fair" in screen(wiki, "eve", file)
    assert "used on a page" in wiki.get("eve", "/open/-/files").text
    assert "The secret fair" not in screen(wiki, "ben", file)
    assert "used on" not in wiki.get("ben", "/open/-/files").text
    assert wiki.post("eve", f"/-/f/{file}/remove").status_code == 409
    assert wiki.post("ben", f"/-/f/{file}/remove").status_code == 303


def test_a_link_to_a_former_address_counts_until_another_file_is_there(wiki: Scene) -> None:
    wiki.write("", "home")
    wiki.write("teams", "x")
    file = wiki.attach("teams/logo.png", samples.png())
    # Ben may not edit there, so his move repairs no link.
    wiki.write("stand", "![](/eng/teams/-/files/logo.png)", space="fair", title="The stand")
    wiki.post("ben", "/eng/teams/-/move", path="groups", space="eng")
    assert "The stand" in screen(wiki, "eve", file)
    assert "used on a page" in wiki.get("eve", "/eng/groups/-/files").text
    wiki.attach("teams/logo.png", samples.png(shade=9))
    assert "The stand" not in screen(wiki, "eve", file)


def test_the_list_comes_screen_by_screen_with_the_same_number_of_questions(wiki: Scene) -> None:
    wiki.alone()
    wiki.write("rota", "![](rota/f000.txt)")
    wiki.attach("rota/f000.txt", b"0")
    wiki.attach("rota/p.png", samples.png())
    wiki.get("ben", "/eng/rota/-/files")
    with counted(wiki) as few:
        wiki.get("ben", "/eng/rota/-/files")
    for number in range(1, 210):
        wiki.attach(f"rota/f{number:03}.txt", str(number).encode())
    wiki.deliver()
    wiki.get("ben", "/eng/rota/-/files")
    with counted(wiki) as many:
        first = wiki.get("ben", "/eng/rota/-/files").text
    assert len(many) <= len(few)
    older = re.findall(r'rel="next" href="([^"]+)"', first)[0].replace("&amp;", "&")
    names = re.findall(r'row-title" href="[^"]*">([^<]+)<', first + wiki.get("ben", older).text)
    assert names == [f"f{number:03}.txt" for number in range(210)] + ["p.png"]


def test_a_file_of_a_deleted_page_has_no_screen(wiki: Scene) -> None:
    wiki.write("rota", "x")
    file = wiki.attach("rota/n.txt", b"words")
    wiki.post("ben", "/eng/rota/-/delete")
    assert wiki.get("ben", f"/-/f/{file}/versions").status_code == 404
    with wiki.database.read() as session:
        assert get_file(session, wiki.actor("ben"), file).file.id == file
