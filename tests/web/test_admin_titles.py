"""Every screen of the administration says in its title what it is."""

from __future__ import annotations

import re

from tests.cast import Scene

PLACES = ("/-/admin/people/ben", "/-/admin/people/ben/tokens")


def test_every_screen_of_the_administration_has_a_title_of_its_own(wiki: Scene) -> None:
    rules = [one for one in wiki.app.url_map.iter_rules() if "GET" in (one.methods or ())]
    plain = {one.rule for one in rules if one.rule.startswith("/-/admin/") and not one.arguments}
    titles: dict[str, str] = {}
    for address in sorted({"/-/admin", *plain, *PLACES}):
        answer = wiki.get("ada", address, headers={"Accept-Language": "en"})
        if answer.status_code == 200 and answer.mimetype == "text/html":
            found = re.search(r"<title>(.*?)</title>", answer.text)
            assert found and found[1].endswith(" · Administration · Trellis"), address
            assert found[1] not in titles, (address, titles[found[1]])
            titles[found[1]] = address
    assert len(titles) >= 14
