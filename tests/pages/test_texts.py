"""How texts of revisions are stored: once each, small, checked, and really gone when purged."""

from __future__ import annotations

import random
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, func, select, text, update
from sqlalchemy.orm import Session

from tests.cast import Scene
from tests.surroundings import examples
from wiki.db import Base
from wiki.migrate import downgrade, migrate
from wiki.pages.models import Content, Page, Revision
from wiki.pages.texts import stored as texts
from wiki.pages.texts.packing import DEEPEST, WHOLE_EVERY, DamagedText, base_position
from wiki.pages.texts.stored import forget_texts, get_text, get_texts, hash_of, put_text

pytestmark = pytest.mark.usefixtures("nothing_recent")


def story(count: int, seed: int = 1) -> list[str]:
    """A text that grows and changes a little with each version."""
    chance = random.Random(seed)
    lines = [f"Line {n}: {chance.random()} {chance.random()}" for n in range(200)]
    versions = []
    for number in range(count):
        lines[chance.randrange(len(lines))] = f"Changed by {number}: {chance.random()}"
        versions.append("\n".join(lines))
    return versions


def tell(wiki: Scene, versions: list[str]) -> Page:
    for version in versions:
        page = wiki.write("story", version)
    return page


@pytest.mark.thorough
def test_every_version_of_a_long_history_is_read_as_it_was_written(wiki: Scene) -> None:
    versions = story(90)
    tell(wiki, versions)
    with wiki.database.read() as session:
        for version in versions:
            assert get_text(session, hash_of(version)) == version
        keys = [hash_of(version) for version in versions]
        assert get_texts(session, keys) == dict(zip(keys, versions, strict=True))


@pytest.mark.thorough
def test_history_takes_little_room_and_no_text_is_deep(wiki: Scene) -> None:
    versions = story(100)
    tell(wiki, versions)
    with wiki.database.read() as session:
        rows = {row.hash: row for row in session.scalars(select(Content))}
    whole = [row for row in rows.values() if row.base is None]
    assert len(whole) == 100 // WHOLE_EVERY + 1
    delta = max(len(row.data) for row in rows.values() if row.base)
    assert delta < min(len(row.data) for row in whole) / 4

    def depth(row: Content) -> int:
        return 1 + depth(rows[row.base]) if row.base else 0

    assert max(map(depth, rows.values())) == DEEPEST


@given(st.integers(0, 10_000))
def test_the_base_of_a_position_lies_on_the_way_of_the_position_before(position: int) -> None:
    def way(at: int | None) -> list[int]:
        return [] if at is None else [at % WHOLE_EVERY, *way(base_position(at))]

    assert len(way(position)) <= DEEPEST + 1
    base = base_position(position)
    if base is not None:
        assert base in way(position - 1)


def test_a_text_that_is_all_new_is_stored_whole(wiki: Scene) -> None:
    chance = random.Random(2)
    other = " ".join(str(chance.random()) for _ in range(500))
    tell(wiki, [*story(3), other])
    with wiki.database.read() as session:
        assert session.get_one(Content, hash_of(other)).base is None
        assert get_text(session, hash_of(other)) == other


@pytest.mark.every_database
def test_the_same_text_is_stored_once_whoever_writes_it(wiki: Scene) -> None:
    wiki.write("one", "The same.")
    wiki.write("two", "The same.", by="ben")
    wiki.write("one", "Another.")
    wiki.write("one", "The same.")
    with wiki.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Content)) == 2


@pytest.mark.every_database
def test_a_text_that_was_damaged_is_not_read_as_if_it_were_well(wiki: Scene) -> None:
    versions = story(5)
    tell(wiki, versions)
    first = hash_of(versions[0])
    with wiki.database.write() as session:
        data = bytearray(session.get_one(Content, first).data)
        data[len(data) // 2] ^= 1
        session.execute(update(Content).where(Content.hash == first).values(data=bytes(data)))
    with wiki.database.read() as session:
        for version in versions:  # each was compressed against the one before
            with pytest.raises(DamagedText):
                get_text(session, hash_of(version))


def test_a_text_whose_base_is_gone_is_called_missing(wiki: Scene) -> None:
    versions = story(3)
    tell(wiki, versions)
    with wiki.database.write() as session:
        gone = hash_of("not there")
        session.execute(
            update(Content).where(Content.hash == hash_of(versions[2])).values(base=gone)
        )
    with wiki.database.read() as session, pytest.raises(DamagedText, match="missing"):
        get_text(session, hash_of(versions[2]))


@settings(max_examples=examples(15))
@given(data=st.data())
def test_forgetting_some_texts_leaves_all_others_readable(data: st.DataObject) -> None:
    count = 40
    versions = story(count, seed=data.draw(st.integers(0, 99)))
    keys = [hash_of(version) for version in versions]
    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        previous = None
        for version in versions:
            previous = put_text(session, version, previous)
        left = set(range(count))
        while left:
            going = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1, max_size=12))
            assert forget_texts(session, [keys[n] for n in going]) == len(going)
            left -= going
            wanted = {keys[n]: versions[n] for n in left}
            assert get_texts(session, list(wanted)) == wanted
            assert session.scalar(select(func.count()).select_from(Content)) == len(left)
            if len(left) < 10:
                break


@pytest.mark.every_database
def test_a_text_that_a_revision_still_has_is_not_forgotten(wiki: Scene) -> None:
    page = tell(wiki, ["Once", "Twice"])
    with wiki.database.write() as session:
        assert forget_texts(session, [hash_of("Once"), hash_of("Twice")]) == 0
        session.execute(
            update(Revision)
            .where(Revision.page_id == page.id, Revision.number == 1)
            .values(content_hash=hash_of("Twice"))
        )
        assert forget_texts(session, [hash_of("Once"), hash_of("Twice")]) == 1
        assert get_text(session, hash_of("Twice")) == "Twice"


@pytest.mark.thorough
@pytest.mark.every_database
def test_a_database_with_texts_goes_back_to_the_older_form_and_forward(wiki: Scene) -> None:
    versions = story(40)
    page = tell(wiki, versions)
    downgrade(wiki.database, "0001")
    with wiki.database.writer.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM contents")) == 40
        assert connection.scalar(text("SELECT count(*) FROM revisions")) == 40
    migrate(wiki.database)
    with wiki.database.read() as session:
        assert session.get_one(Page, page.id).rendered == 0
        for version in versions:
            assert get_text(session, hash_of(version)) == version
    assert wiki.get("cai", "/eng/story").status_code == 200


@pytest.mark.every_database
def test_large_texts_are_read_a_few_at_a_time(wiki: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(12):
        wiki.write("large", f"{number}" * 1_000)
    monkeypatch.setattr(texts, "TOGETHER", 3_000)
    asked: list[int] = []
    get_texts = texts.get_texts

    def counted(session: Session, keys: Collection[str]) -> dict[str, str]:
        found = get_texts(session, keys)
        asked.append(sum(map(len, found.values())))
        return found

    monkeypatch.setattr(texts, "get_texts", counted)
    with wiki.database.read() as session:
        keys = session.scalars(select(Revision.content_hash).order_by(Revision.number)).all()
        found = list(texts.each_text(session, keys))
    assert [key for key, _ in found] == list(keys)
    assert max(asked) <= 3_000
    assert len(asked) > 3
