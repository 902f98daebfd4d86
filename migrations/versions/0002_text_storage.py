"""Texts compressed against one another; renderings that follow a save"""

import sqlalchemy as sa
import zstandard
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Never by copying a table: on SQLite dropping the old one would take along what refers to it.
    zero = {"nullable": False, "server_default": "0"}
    op.add_column("pages", sa.Column("rendered", sa.Integer(), **zero))
    op.add_column("contents", sa.Column("position", sa.Integer(), **zero))
    op.add_column("contents", sa.Column("base", sa.String(length=64), nullable=True))
    checksum = sa.Column("checksum", sa.String(length=32), nullable=False, server_default="")
    op.add_column("renderings", checksum)
    op.execute("DELETE FROM renderings")  # they are made anew, each with its checksum


def downgrade() -> None:
    op.drop_column("renderings", "checksum")
    _store_whole()
    op.drop_column("contents", "base")
    op.drop_column("contents", "position")
    op.drop_column("pages", "rendered")


def _store_whole() -> None:
    """Compress each text by itself again: the bases before what was compressed against them."""
    connection = op.get_bind()
    depths = sa.text(
        "WITH RECURSIVE way(hash, depth) AS (SELECT hash, 0 FROM contents WHERE base IS NULL "
        "UNION ALL SELECT c.hash, way.depth + 1 FROM contents c JOIN way ON c.base = way.hash) "
        "SELECT hash FROM way WHERE depth > 0 ORDER BY depth DESC"
    )
    one = sa.text(
        "WITH RECURSIVE way(base, data, depth) AS ("
        "SELECT base, data, 0 FROM contents WHERE hash = :hash UNION ALL "
        "SELECT c.base, c.data, way.depth + 1 FROM contents c JOIN way ON c.hash = way.base) "
        "SELECT data FROM way ORDER BY depth DESC"
    )
    store = sa.text("UPDATE contents SET data = :data, base = NULL WHERE hash = :hash")
    compressor = zstandard.ZstdCompressor(level=9)
    for key in connection.scalars(depths).all():
        text = None
        for data in connection.scalars(one, {"hash": key}).all():
            base = text and zstandard.ZstdCompressionDict(
                text, dict_type=zstandard.DICT_TYPE_RAWCONTENT
            )
            text = zstandard.ZstdDecompressor(dict_data=base or None).decompress(data)
        connection.execute(store, {"hash": key, "data": compressor.compress(text or b"")})
