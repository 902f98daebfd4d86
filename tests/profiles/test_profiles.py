"""A person as others see them."""

import re

from tests.cast import Scene


def test_a_profile_shows_what_its_reader_may_read(wiki: Scene) -> None:
    wiki.write("rota", "x", space="eng", by="ben", title="The rota")
    wiki.write("plans", "x", space="lab", by="ben", title="The plans")
    for who, sees in (("cai", True), ("dot", False)):
        screen = wiki.get(who, "/-/people/ben").text
        assert "The rota" in screen
        assert ("The plans" in screen) is sees
    assert "changed anything you can read yet" in wiki.get("ben", "/-/people/cai").text
    assert wiki.get("nobody", "/-/people/ben").status_code == 302


def test_a_guest_knows_only_those_they_share_a_space_with_or_whose_words_they_read(
    wiki: Scene,
) -> None:
    absent = wiki.get("gus", "/-/people/zed")
    hidden = wiki.get("gus", "/-/people/ben")
    assert absent.status_code == hidden.status_code == 404
    assert absent.text.replace("/zed", "/ben") == hidden.text
    assert wiki.get("gus", "/-/people/eve").status_code == 200
    assert wiki.get("gus", "/-/people/gus").status_code == 200
    wiki.write("news", "x", space="open", by="ben")
    assert wiki.get("gus", "/-/people/ben").status_code == 200


def test_a_long_past_comes_in_slices(wiki: Scene) -> None:
    for number in range(35):
        wiki.write(f"page{number:02}", "x", by="ben", title=f"Page {number:02}")
    first = wiki.get("cai", "/-/people/ben").text
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    rest = wiki.get("cai", older[1]).text
    titles = re.findall(r">Page (\d\d)</a>", first + rest)
    assert titles == [f"{number:02}" for number in reversed(range(35))]


def test_whoever_left_is_said_to_have(wiki: Scene) -> None:
    wiki.write("rota", "x", by="ben")
    wiki.post("ada", "/-/admin/people/ben/disable")
    assert "account closed" in wiki.get("cai", "/-/people/ben").text
