"""Two people make a page at one path in the same moment."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from tests.cast import Scene
from wiki.errors import Invalid
from wiki.pages.merging import Text
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.spaces.queries import see_space

pytestmark = pytest.mark.every_database


def waits_for_a_lock(wiki: Scene) -> bool:
    with wiki.database.read() as session:
        query = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(session.scalar(query))


def test_the_second_waits_for_the_first_and_gets_a_sentence(wiki: Scene) -> None:
    def make(body: str) -> None:
        with wiki.database.write() as session:
            seen = see_space(session, wiki.actor("ben"), "eng")
            submit(session, wiki.actor("ben"), Edit(NewPage(seen.space, "new"), Text("New", body)))

    with ThreadPoolExecutor(1) as pool:
        with wiki.database.write() as session:
            seen = see_space(session, wiki.actor("eve"), "eng")
            submit(
                session, wiki.actor("eve"), Edit(NewPage(seen.space, "new"), Text("New", "first"))
            )
            second = pool.submit(make, "second")
            while not wiki.database.is_sqlite and not waits_for_a_lock(wiki):
                assert not second.done()
        with pytest.raises(Invalid, match="already a page"):
            second.result()
    assert "first" in wiki.get("cai", "/eng/new").text
