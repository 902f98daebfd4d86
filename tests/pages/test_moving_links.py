"""Links and moves: what worked before a move works after it, in the same transaction."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tests.cast import Scene
from tests.surroundings import examples
from wiki.errors import Invalid
from wiki.pages.actions import delete_page, restore_page
from wiki.pages.links.candidates import Named, candidates_for
from wiki.pages.links.models import PageLink
from wiki.pages.links.moves import move_page
from wiki.pages.links.naming import spots_of
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Page, Redirect, Revision
from wiki.pages.rendering.stored import context_of
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.pages.texts.stored import get_text
from wiki.rules.roles import Role
from wiki.spaces.actions import SpaceValues, create_space
from wiki.spaces.models import Space
from wiki.text.markdown.markup import Link, render
from wiki.text.paths import path_key

NAMES = st.sampled_from(["guide", "setup", "on-call", "a.b", "größe"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@dataclass(frozen=True)
class Written:
    """A link to be written: to which path, in which space, and how."""

    path: str
    other_space: bool
    style: str


STYLES = ["relative.md", "relative/", "absolute", "wiki", "name", "html", "reference", "index"]
LINKS = st.builds(Written, PATHS, st.booleans(), st.sampled_from(STYLES))
WORLDS = st.dictionaries(
    st.tuples(st.booleans(), PATHS),
    st.tuples(st.booleans(), st.lists(LINKS, max_size=4)),
    min_size=2,
    max_size=6,
)


@dataclass(frozen=True)
class Going:
    """A move: which page, where to, with what is below it?, to the other space?"""

    which: int
    path: str
    with_subtree: bool
    other_space: bool


MOVES = st.lists(
    st.builds(Going, st.integers(0, 5), PATHS, st.booleans(), st.booleans()), min_size=1, max_size=3
)


def body(spaces: list[str], in_other: bool, path: str, folder: bool, links: list[Written]) -> str:
    base = path if folder else path.rpartition("/")[0]
    up = "../" * (base.count("/") + 1 if base else 0)
    parts = ["# Title"]
    for number, link in enumerate(links):
        slug = spaces[link.other_space]
        text = {
            "relative.md": f"[a]({up}{link.path}.md#part)",
            "relative/": f"[a]({up}{link.path}/)",
            "index": f"[a]({up}{link.path}/index.md)",
            "absolute": f"[a](</{slug}/{link.path}/> 'title')",
            "wiki": f"[[{slug}:{link.path}|label]]",
            "name": f"[[{link.path}|label]]",
            "html": f'<a href="/{slug}/{link.path}/">a</a>',
            "reference": f"[a][{number}]\n\n[{number}]: {up}{link.path}.md",
        }[link.style]
        parts.append(text + f" `[not](/{slug}/{link.path})`")
    return "\n\n".join(parts)


def links_of(session: Session) -> dict[tuple[int, int], tuple[Link, int | None]]:
    """Every link of every live page, by the page's id and a number, and the page it leads to."""
    found, named = {}, {}
    for page, revision, slug in session.execute(
        select(Page, Revision, Space.slug)
        .join(Revision, (Revision.page_id == Page.id) & (Revision.number == Page.head))
        .join(Space, Space.id == Page.space_id)
        .where(Page.deleted_at.is_(None))
    ):
        text = get_text(session, revision.content_hash)
        for number, link in enumerate(render(text, context_of(slug, revision)).links):
            found[page.id, number] = link, None if link.named else leads_to(session, link)
            if link.named:
                spots = spots_of(link)
                named[page.id, number] = Named(0, 0, slug, page.path_key, spots, spots[0])
    candidates = candidates_for(session, named.values())
    for at, asked in named.items():
        chosen = candidates.choose(asked)
        found[at] = found[at][0], chosen[0].page_id if chosen else None
    return found


def leads_to(session: Session, link: Link) -> int | None:
    key = path_key(link.path)
    at = select(Page.id).join(Space).where(Space.slug == link.space, Page.path_key == key)
    there = session.scalar(at.where(Page.deleted_at.is_(None)))
    if there is not None:
        return there
    return session.scalar(
        select(Page.id)
        .join(Redirect, Redirect.page_id == Page.id)
        .join(Space, Space.id == Redirect.space_id)
        .where(Space.slug == link.space, Redirect.path_key == key, Page.deleted_at.is_(None))
    )


def kept(session: Session) -> dict[tuple[int, int], tuple[str, str, str, int | None]]:
    """The graph as it is stored."""
    rows = session.execute(
        select(
            PageLink.page_id,
            PageLink.ordinal,
            PageLink.kind,
            PageLink.space_slug,
            PageLink.path_key,
            PageLink.target_id,
        )
        .join(Page, Page.id == PageLink.page_id)
        .where(Page.deleted_at.is_(None), PageLink.kind != "anchor")
    )
    return {(id, number): (*row,) for id, number, *row in rows}  # type: ignore[misc]


def graph(session: Session) -> dict[tuple[int, int], tuple[str, str, str, int | None]]:
    """The graph as the texts have it."""
    return {
        at: (
            link.kind,
            link.space,
            path_key(link.path),
            None if link.kind == "file" else target,
        )
        for at, (link, target) in links_of(session).items()
        if link.kind in ("page", "file")
    }


NUMBERS = itertools.count()


@pytest.mark.thorough
@settings(
    max_examples=examples(40),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(world=WORLDS, moves=MOVES)
def test_no_link_that_worked_before_a_move_fails_after_it(
    wiki: Scene, world: dict[tuple[bool, str], tuple[bool, list[Written]]], moves: list[Going]
) -> None:
    eve = wiki.actor("eve")
    slugs = [f"w{os.getpid()}-{next(NUMBERS)}" for _ in range(2)]
    with wiki.database.write() as session:
        spaces = [create_space(session, eve, slug, SpaceValues(slug)) for slug in slugs]
        ids = []
        for (in_other, path), (folder, links) in world.items():
            text = Text(
                path, body([*slugs][:: -1 if in_other else 1], in_other, path, folder, links)
            )
            made = submit(session, eve, Edit(NewPage(spaces[in_other], path, folder=folder), text))
            ids.append(made.page.id)
    for move in moves:
        with wiki.database.read() as session:
            before = links_of(session)
        with wiki.database.write() as session:
            page = session.get_one(Page, ids[move.which % len(ids)])
            space = next(s for s in spaces if (s.id != page.space_id) == move.other_space)
            try:
                moved = move_page(
                    session,
                    eve,
                    page.id,
                    MoveTo(move.path, space=space, with_subtree=move.with_subtree),
                )
            except Invalid:
                session.rollback()
                return
            assert not moved.unclear
            assert kept(session) == graph(session)
        with wiki.database.read() as session:
            after = links_of(session)
        assert before.keys() == after.keys()
        for at, (link, target) in before.items():
            if target is not None:
                assert after[at][1] == target, (link, after[at][0])
            assert after[at][0].text == link.text
    with wiki.database.write() as session:
        session.execute(delete(Redirect).where(Redirect.space_id.in_([s.id for s in spaces])))
        bare = links_of(session)
    assert {at: target for at, (_, target) in bare.items()} == {
        at: target for at, (_, target) in after.items()
    }


def text_at(wiki: Scene, path: str, space: str = "eng") -> str:
    page = wiki.page(path, space=space)
    with wiki.database.read() as session:
        head = session.scalars(
            select(Revision).where(Revision.page_id == page.id, Revision.number == page.head)
        ).one()
        return get_text(session, head.content_hash)


def test_a_page_that_moves_alone_takes_its_links_with_it(wiki: Scene) -> None:
    wiki.write("guide/start", "[a](setup.md) [below](start/more.md)")
    wiki.write("guide/start/more", "[up](../start.md)")
    wiki.write("guide/setup", "x")
    wiki.post("ben", "/eng/guide/start/-/move", space="eng", path="top", repair="1")
    assert text_at(wiki, "top") == "[a](guide/setup.md) [below](guide/start/more.md)"
    assert text_at(wiki, "guide/start/more") == "[up](../../top.md)"
    assert wiki.page("top").head == 2


def test_pages_that_link_to_what_moves_get_a_revision_that_says_so(wiki: Scene) -> None:
    wiki.write("old", "x")
    wiki.write("notes", "See [[old]].")
    wiki.write("home-of-lab", "See [[eng:old]].", space="lab")
    answer = wiki.post("ben", "/eng/old/-/move", space="eng", path="new", repair="1")
    assert answer.status_code == 303
    assert text_at(wiki, "notes") == "See [[new]]."
    assert text_at(wiki, "home-of-lab", "lab") == "See [[eng:new]]."
    with wiki.database.read() as session:
        assert kept(session) == graph(session)
    history = wiki.get("ben", "/eng/notes/-/history").text
    assert "Links repaired: eng/old → eng/new" in history
    assert "links repaired" in history
    changes = wiki.get("ben", "/eng/-/changes").text
    assert "repaired links" in changes


def test_links_are_left_when_the_mover_says_so(wiki: Scene) -> None:
    wiki.write("old", "x")
    wiki.write("notes", "See [[old]].")
    wiki.post("ben", "/eng/old/-/move", space="eng", path="new")
    assert text_at(wiki, "notes") == "See [[old]]."
    assert wiki.get("ben", "/eng/old").location == "/eng/new"


@pytest.mark.thorough
def test_pages_that_the_mover_may_not_edit_stay_and_only_those_they_may_read_are_counted(
    wiki: Scene,
) -> None:
    wiki.write("old", "x")
    wiki.write("plan", "See [[eng:old]].", space="fair")
    with wiki.database.write() as session:
        space = create_space(session, wiki.actor("eve"), "rules", SpaceValues("Rules"))
        space.member_role = int(Role.READER)
    wiki.write("law", "See [[eng:old]].", space="rules")
    screen = wiki.get("ben", "/eng/old/-/move").text
    assert "1 page you can’t edit" in screen
    assert "plan" not in screen
    wiki.post("ben", "/eng/old/-/move", space="eng", path="new", repair="1")
    assert text_at(wiki, "plan", "fair") == "See [[eng:old]]."
    assert text_at(wiki, "law", "rules") == "See [[eng:old]]."
    assert wiki.get("ben", "/rules/law").text.count("missing") == 0


def test_files_go_with_their_page_and_links_to_them_too(wiki: Scene) -> None:
    wiki.write("guide/start", "![a](start/logo.png) ![b](shared.png)")
    wiki.write("notes", "![a](guide/start/logo.png) ![b](guide/shared.png)")
    wiki.write("guide", "g")
    wiki.attach("guide/start/logo.png", b"\x89PNG\r\n\x1a\n" + b"0" * 64)
    wiki.attach("guide/shared.png", b"\x89PNG\r\n\x1a\n" + b"1" * 64)
    wiki.post("ben", "/eng/guide/start/-/move", space="eng", path="top/begin", repair="1")
    assert text_at(wiki, "top/begin") == "![a](begin/logo.png) ![b](../guide/shared.png)"
    assert text_at(wiki, "notes") == "![a](top/begin/logo.png) ![b](guide/shared.png)"


def test_a_redirect_that_gives_way_is_written_into_the_links_that_went_through_it(
    wiki: Scene,
) -> None:
    wiki.write("one", "x")
    wiki.write("two", "y")
    wiki.write("notes", "[[one]] and [[two]]")
    with wiki.database.write() as session:
        move_page(session, wiki.actor("ben"), wiki.page("one").id, MoveTo("first", repair=False))
    assert text_at(wiki, "notes") == "[[one]] and [[two]]"
    with wiki.database.write() as session:
        move_page(session, wiki.actor("ben"), wiki.page("two").id, MoveTo("one"))
    assert text_at(wiki, "notes") == "[[first]] and [[one]]"


def test_a_page_that_changed_since_the_preview_is_repaired_as_it_is_now(wiki: Scene) -> None:
    wiki.write("old", "x")
    wiki.write("notes", "See [[old]].")
    wiki.post("ben", "/eng/old/-/move", space="eng", path="new", repair="1", preview="1")
    wiki.write("notes", "Do see [[old]].")
    wiki.post("ben", "/eng/old/-/move", space="eng", path="new", repair="1")
    assert text_at(wiki, "notes") == "Do see [[new]]."


def test_a_page_restored_elsewhere_takes_its_links_with_it(wiki: Scene) -> None:
    page = wiki.write("guide/start", "[a](setup.md)")
    with wiki.database.write() as session:
        delete_page(session, wiki.actor("ben"), page.id)
    with wiki.database.write() as session:
        restore_page(session, wiki.actor("ben"), page.id, raw_path="top")
    assert text_at(wiki, "top") == "[a](guide/setup.md)"


@pytest.mark.parametrize("deed", ["create", "delete", "restore", "save"])
def test_the_graph_follows_what_is_at_each_place(wiki: Scene, deed: str) -> None:
    eve = wiki.actor("eve")
    notes = wiki.write("notes", "[[rota]]")
    wiki.write("mine", "[[notes]]")

    def targets() -> list[int | None]:
        with wiki.database.read() as session:
            assert kept(session) == graph(session)
            of_notes = select(PageLink.target_id).where(PageLink.page_id == notes.id)
            return list(session.scalars(of_notes))

    assert targets() == [None]
    rota = wiki.write("rota", "x")
    assert targets() == [rota.id]
    if deed in ("delete", "restore"):
        with wiki.database.write() as session:
            delete_page(session, eve, rota.id)
        assert targets() == [None]
    if deed == "restore":
        with wiki.database.write() as session:
            restore_page(session, eve, rota.id)
        assert targets() == [rota.id]
    if deed == "save":
        with wiki.database.write() as session:
            submit(session, eve, Edit(notes.id, Text("notes", "[[mine]]"), base=1))
        assert targets() == [wiki.page("mine").id]
