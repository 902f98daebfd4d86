"""Values for the names in braces in addresses of ``SCREENS``: numbers that only the world knows."""

from __future__ import annotations

from sqlalchemy import func, select

from tests.cast import Scene
from tests.transfer.trees import zipped
from wiki.inbox.unsubscribing import address_for
from wiki.outbox.models import EventRow
from wiki.pages.events import PageMoved
from wiki.pages.models import Page

TREE = {
    "plan.md": "---\nplan: [\n---\n# Plan\n\n[plan](trellis.md) ![rota](rota.png)\n",
    "../plan.md": "plan",
    "a rather long name of a file " * 3 + ".md": b"\xff\x00",
}


def name_things(scene: Scene) -> dict[str, object]:
    """Let there be an import and requests for access, and return the names."""
    sent = {"at": "/fair/plan", "message": "For the fair. " * 9}
    assert scene.client("dot").post("/-/request-access", data=sent).status_code == 303
    answer = scene.client("eve").post(
        "/open/-/import",
        data={"file": (zipped(TREE), "plan.zip")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 303, answer.text
    scene.deliver()
    for name in ("Quarterly budget", "w" * 100):
        words = {"name": name, "query": "w" * 200, "space": "eng"}
        scene.client("ben").post("/-/searches", data=words, follow_redirects=True)
    for words in ("pager, beeper, on-call phone", ", ".join(["w" * 60, "v" * 60])):
        scene.client("ada").post("/-/admin/search", data={"words": words})
    scene.client("ada").post("/-/admin/search/built-in", data={"name": "salary", "on": "0"})
    with scene.database.read() as session:
        gone = session.scalars(select(Page.id).where(Page.path == "gone")).one()
        moved = session.scalar(
            select(func.max(EventRow.id))
            .join(Page, Page.id == EventRow.page_id)
            .where(EventRow.name == PageMoved.__name__, Page.path == "new-name")
        )
    return {
        "gone": gone,
        "moved": moved,
        "unsubscribe": address_for(scene.settings, 1, None).rpartition("/")[2],
        "import": answer.headers["Location"].rpartition("/")[2],
    }
