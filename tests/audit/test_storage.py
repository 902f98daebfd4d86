"""What takes room is told, and nothing of pages that the admin may not read."""

from __future__ import annotations

import pytest

from tests.cast import Scene

pytestmark = pytest.mark.every_database

STORAGE = "/-/admin/storage"


def test_an_empty_wiki_has_sizes_too(wiki: Scene) -> None:
    html = wiki.get("ada", STORAGE).text
    assert "Free disk space" in html
    assert "0 bytes for 0 pages, their latest revisions only" in html
    assert "Largest pages" not in html


def test_the_largest_pages_and_spaces_are_listed(wiki: Scene) -> None:
    wiki.write("small", "x", title="Small page")
    wiki.write("large", "x", title="Large page")
    wiki.attach("large/data.bin", b"y" * 300_000)
    wiki.attach("notes.bin", b"z" * 5_000)
    html = wiki.get("ada", STORAGE).text
    assert html.index("Large page") < html.index("Small page")
    assert "293 KiB" in html  # the page's file
    assert "298 KiB" in html  # with that of the space


def test_rendered_pages_are_counted_and_not_their_former_revisions(wiki: Scene) -> None:
    for body in ("One text", "Another text", "A last text"):
        wiki.write("plan", body)
        wiki.deliver()
    wiki.write("rota", "Monday")
    wiki.deliver()
    assert "for 2 pages, their latest revisions only" in wiki.get("ada", STORAGE).text


def test_pages_of_a_private_space_have_no_name(wiki: Scene) -> None:
    wiki.write("cobalt-plan", "x", space="lab", title="Cobalt plan")
    wiki.attach("cobalt-plan/cobalt.bin", b"y" * 300_000, space="lab")
    html = wiki.get("ada", STORAGE).text
    assert "obalt" not in html
    assert "A page you can’t read" in html
    assert "293 KiB" in html
    wiki.post("ada", "/-/admin/spaces/lab/lead")
    assert "Cobalt plan" in wiki.get("ada", STORAGE).text
