"""What the API gives away of what is kept to few is written down too."""

from __future__ import annotations

import pytest

from tests.api.conftest import Api
from tests.cast import Scene
from wiki.pages.access.models import PageRead
from wiki.pages.access.restrictions import set_label
from wiki.rules.labels import Label


@pytest.mark.parametrize(
    ("url", "count"),
    [
        ("/pages/eng/plan", 1),
        ("/pages/eng/plan/revisions/1", 1),
        ("/pages/eng/plan/diff/1..2", 2),
        ("/pages/eng/plan/blame", 1),
        ("/files/eng/plan/map.txt", 1),
        ("/pages/eng/plan/revisions", 0),
    ],
)
def test_a_read_by_a_program_is_written_down(wiki: Scene, api: Api, url: str, count: int) -> None:
    page = wiki.write("plan", "One.\n")
    wiki.write("plan", "Two.\n")
    wiki.attach("plan/map.txt", b"map")
    with wiki.database.write() as session:
        set_label(session, wiki.actor("eve"), page.id, Label.CONFIDENTIAL)
    assert api.get("ben", url).status_code == 200
    with wiki.database.read() as session:
        rows = session.query(PageRead).all()
        assert [row.person_id for row in rows] == [wiki.actor("ben").person_id] * count
