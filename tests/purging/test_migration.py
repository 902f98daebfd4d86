"""A wiki from before purging: its renderings are found by their text, and go on being read."""

from sqlalchemy import select, text

from tests.cast import Scene
from wiki.migrate import downgrade, migrate
from wiki.pages.models import RenderingRow, Revision


def test_renderings_from_before_know_their_text(wiki: Scene) -> None:
    wiki.write("rota", "first words")
    wiki.write("rota", "second words", title="Rota")
    wiki.write("other", "other words", space="lab")
    with wiki.database.write() as session:
        session.execute(
            text(
                "INSERT INTO renderings (key, content_hash, html, text, excerpt, headings, links,"
                " source_shown, created_at) SELECT 'of an older renderer', content_hash, html,"
                " text, excerpt, headings, links, source_shown, created_at FROM renderings LIMIT 1"
            )
        )
    before = renderings(wiki)
    downgrade(wiki.database, "0006-1")
    migrate(wiki.database)
    assert renderings(wiki) == before - {next(one for one in before if " " in one[0])}
    with wiki.database.read() as session:
        hashes = set(session.scalars(select(Revision.content_hash)))
    assert {content_hash for _, content_hash in before} == hashes
    assert wiki.get("cai", "/eng/rota").status_code == 200


def renderings(wiki: Scene) -> set[tuple[str, str]]:
    with wiki.database.read() as session:
        rows = session.execute(select(RenderingRow.key, RenderingRow.content_hash))
        return {(key, content_hash) for key, content_hash in rows}
