"""Pages for the engine's tests, and short ways to ask it."""

from collections.abc import Callable, Collection, Iterable, Mapping

from wiki.search.engine import Document, Engine, Filters, Results
from wiki.search.query import parse

ENG, OPS = 1, 2
EVERYONE = Filters(frozenset({ENG, OPS}))


def page(page_id: int, title: str, body: str = "", space: int = ENG, **more: object) -> Document:
    fields = {"revision": 1, "path": title.lower().replace(" ", "-")} | more
    return Document(page_id=page_id, space_id=space, title=title, body=body, **fields)  # type: ignore[arg-type]


def source(
    pages: Iterable[Document],
) -> tuple[Callable[[Collection[int] | None], Iterable[Document]], Callable[[], Mapping[int, int]]]:
    """What a rebuild asks the database for."""
    held = {one.page_id: one for one in pages}
    return (
        lambda ids: [held[i] for i in (held if ids is None else ids)],
        lambda: {one.page_id: one.revision for one in held.values()},
    )


def ids(found: Results) -> list[int]:
    return [hit.page_id for hit in found.hits]


def ask(engine: Engine, text: str, filters: Filters = EVERYONE) -> list[int]:
    return ids(engine.search(parse(text), filters, limit=50))
