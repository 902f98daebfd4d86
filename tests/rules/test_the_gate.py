"""The gate and its twin in SQL say the same to everybody about everything."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from tests.cast import Scene, without_tokens
from wiki.pages import queries as pages
from wiki.pages.models import Page
from wiki.rules.access import May, PageFacts, SpaceFacts, decide, role_in
from wiki.rules.roles import Role, SiteRole, Visibility
from wiki.spaces import gate
from wiki.spaces import queries as spaces
from wiki.spaces.models import Membership, Space

pytestmark = pytest.mark.every_database


def test_sql_and_rule_agree_over_the_whole_matrix(wiki: Scene) -> None:
    members = [role for role in Role if role is not Role.NONE]
    with wiki.database.write() as session:
        for visibility, member_role, granted in itertools.product(
            Visibility, members[:3], [Role.NONE, *members]
        ):
            slug = f"{visibility}-{member_role.word}-{granted.word}"
            space = Space(
                slug=slug, title=slug, visibility=visibility.value, member_role=int(member_role)
            )
            session.add(space)
            session.flush()
            for deleted in (False, True):
                page = Page(
                    space_id=space.id, path=f"p{deleted}", path_key=f"p{deleted}", title="p"
                )
                if deleted:
                    page.deleted_at = space.created_at
                session.add(page)
            if granted:
                for handle in ("ada", "ben", "gus"):
                    session.add(
                        Membership(
                            space_id=space.id,
                            person_id=wiki.actor(handle).person_id,
                            role=int(granted),
                        )
                    )
    checked = 0
    for handle in ("nobody", "ada", "ben", "gus"):
        actor = wiki.actor(handle)
        with wiki.database.read() as session:
            readable = set(session.scalars(select(Space.slug).where(spaces.readable_by(actor))))
            editable = set(session.scalars(select(Space.slug).where(spaces.editable_by(actor))))
            shown = set(session.scalars(select(Page.id).where(pages.readable_by(actor))))
            live = set(session.scalars(select(Page.id).where(pages.live_for(actor))))
            for page, space in session.execute(
                select(Page, Space).join(Space, Space.id == Page.space_id)
            ):
                membership = session.get(Membership, (space.id, actor.person_id or 0))
                facts = space.facts(Role(membership.role) if membership else Role.NONE)
                deleted = page.deleted_at is not None
                label = f"{handle} in {space.slug}, deleted: {deleted}"
                may_read = bool(decide(May.READ, actor, facts))
                assert may_read == (space.slug in readable), label
                assert bool(decide(May.EDIT, actor, facts)) == (space.slug in editable), label
                assert bool(decide(May.READ, actor, facts, PageFacts(deleted=deleted))) == (
                    page.id in shown
                ), label
                assert (may_read and not deleted) == (page.id in live), label
                checked += 1
    assert checked == 4 * 3 * 3 * 5 * 2


def test_roles_include_those_below_them(wiki: Scene) -> None:
    for handle, visibility, granted in itertools.product(
        ("nobody", "ben", "gus"), Visibility, Role
    ):
        actor = wiki.actor(handle)
        facts = SpaceFacts("s", visibility, Role.READER, granted)
        answers = [bool(decide(may, actor, facts)) for may in May]
        assert answers == sorted(answers, reverse=True)
        assert sum(answers) == role_in(actor, facts)


def test_an_admin_does_not_see_into_a_private_space(wiki: Scene) -> None:
    assert wiki.actor("ada").site_role is SiteRole.ADMIN
    assert wiki.get("ada", "/lab/").status_code == 404


def test_what_is_hidden_answers_like_what_is_absent(wiki: Scene) -> None:
    wiki.write("plans", "secret", space="lab")
    for handle in ("nobody", "dot", "gus"):
        for verb in ("", "/-/backlinks", "/-/edit", "/-/move", "/-/delete"):
            hidden = wiki.get(handle, f"/lab/plans{verb}")
            absent = wiki.get(handle, f"/sub/plans{verb}")
            same = hidden.text.replace("/lab/plans", "/sub/plans")
            same = same.replace("lab%2Fplans", "sub%2Fplans")
            assert hidden.status_code == absent.status_code
            assert without_tokens(same) == without_tokens(absent.text)


def test_however_many_ask_at_once_each_is_asked_about_by_one_table(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is made for an asker is kept, as much as there is room for, and made by any thread."""
    monkeypatch.setattr(gate, "_KEPT", 2)
    wiki.write("page", "x")

    def ask(number: int) -> int:
        actor = replace(wiki.actor("cai"), handle=f"other{number % 20}")
        with wiki.database.read() as session:
            return len(session.scalars(select(Page.id).where(pages.readable_by(actor))).all())

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(ask, range(160))) == {1}
