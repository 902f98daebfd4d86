"""Whatever people do to access, SQL, rule and a tiny model of both say the same.

Each sequence is done in one transaction that is never committed. ``WIKI_TEST_SEQUENCES`` says how
many there are; `make storm` does ten thousand.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tests.cast import SITE_ROLES, Scene
from tests.surroundings import examples
from wiki.attachments.models import Attachment
from wiki.attachments.queries import files_of_space
from wiki.db import now
from wiki.errors import Forbidden, Invalid, NotFound
from wiki.history.recent import Which, recent_changes
from wiki.pages import actions, queries
from wiki.pages.access import restrictions
from wiki.pages.access.acl import check_scopes
from wiki.pages.access.restrictions import AccessList
from wiki.pages.links import moves
from wiki.pages.links.plans import MoveTo
from wiki.pages.merging import Text
from wiki.pages.models import Page
from wiki.pages.saving.edit import Edit, NewPage
from wiki.pages.saving.submit import submit
from wiki.pages.tree import children_of
from wiki.people.groups import actions as groups
from wiki.people.groups import members as group_members
from wiki.people.models import Group, Person
from wiki.purging import actions as purging
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.roles import Role, Visibility
from wiki.search.listing import hidden_pages
from wiki.sharing import actions as sharing
from wiki.sharing import queries as shared
from wiki.sharing.models import ShareLink
from wiki.sharing.shown import shown_by
from wiki.spaces.actions import give_role
from wiki.spaces.audience import audience_of
from wiki.spaces.consent import UNASKED
from wiki.spaces.models import GroupRole, Space
from wiki.spaces.queries import list_spaces, see_space_by_id
from wiki.tags.lists import Wanted, list_pages

SEQUENCES = int(os.environ.get("WIKI_TEST_SEQUENCES") or examples(40))
PARTS = 16 if SEQUENCES > 1_000 else 2
STEPS = 14
PATHS = ("a", "a/b", "a/b/c", "a/d", "e", "e/f", "g/h", "g/h/i", "")
PEOPLE = tuple(SITE_ROLES)


@dataclass(eq=False)
class List:
    """A restriction: who is on it, by name of person and group."""

    may: May
    people: set[str]
    groups: set[str]
    id: int = 0


@dataclass(eq=False)
class Sheet:
    """A page as the model has it. ``kept`` is what a deleted page had before."""

    id: int
    space: str
    path: str
    label: int = 0
    lists: list[List] = field(default_factory=list)
    deleted: bool = False
    kept_label: int = 0
    kept: list[List] = field(default_factory=list)

    def is_below(self, other: Sheet) -> bool:
        """Whether its path is below the other's."""
        above = other.path + "/" if other.path else ""
        return self.space == other.space and self.path != other.path and self.path.startswith(above)


@dataclass
class Room:
    """A space as the model has it."""

    visibility: Visibility
    member_role: Role
    label: int
    clearances: tuple[int, int, int]
    people: dict[str, Role] = field(default_factory=dict)
    groups: dict[str, Role] = field(default_factory=dict)


@dataclass(eq=False)
class Link:
    """A link for people without an account, and who made it to what."""

    id: int
    sheet: Sheet
    subtree: bool
    maker: str
    ended: bool = False


class Model:
    """Who may do what, said as plainly as possible."""

    def __init__(self) -> None:
        self.rooms: dict[str, Room] = {}
        self.sheets: list[Sheet] = []
        self.links: list[Link] = []
        self.members: dict[str, set[str]] = {}
        self.parts: dict[str, set[str]] = {}

    def inside(self, group: str) -> set[str]:
        """Everybody in a group, at any depth."""
        found = set(self.members[group])
        for part in self.parts[group]:
            found |= self.inside(part)
        return found

    def on(self, one: List, who: str) -> bool:
        """Whether somebody is on a list."""
        return who in one.people or any(who in self.inside(group) for group in one.groups)

    def role(self, who: str, space: str) -> Role:
        """Somebody's own role."""
        room = self.rooms[space]
        roles = [Role.NONE, room.people.get(who, Role.NONE)]
        roles += [role for group, role in room.groups.items() if who in self.inside(group)]
        is_member = who in SITE_ROLES and SITE_ROLES[who] in ("member", "admin")
        if is_member and room.visibility is not Visibility.PRIVATE:
            roles.append(room.member_role)
        return max(roles)

    def sees(self, who: str, space: str) -> bool:
        """Whether a space exists for somebody."""
        room = self.rooms[space]
        is_open = room.visibility is Visibility.PUBLIC and room.label == 0
        return is_open or self.role(who, space) > Role.NONE

    def chain(self, sheet: Sheet) -> list[Sheet]:
        """The page and the live ones above it."""
        return [sheet] + [one for one in self.sheets if not one.deleted and sheet.is_below(one)]

    def bounds(self, sheet: Sheet) -> tuple[int, list[List]]:
        """The highest label and all lists that hold for a page."""
        chain = self.chain(sheet)
        label = max(one.label for one in chain)
        lists = [each for one in chain for each in one.lists]
        if sheet.deleted:
            label, lists = max(label, sheet.kept_label), lists + sheet.kept
        return label, lists

    def may(self, may: May, who: str, sheet: Sheet) -> bool:
        """Whether somebody may read or edit a page."""
        if not self.sees(who, sheet.space):
            return False
        role, room = self.role(who, sheet.space), self.rooms[sheet.space]
        if (may is May.EDIT or sheet.deleted) and role < Role.EDITOR:
            return False
        if role is Role.LEAD:
            return True
        label, lists = self.bounds(sheet)
        cleared = max(room.clearances[role - 1], room.label) if role else 0
        if label > cleared:
            return False
        asked = {May.READ} if may is May.READ and not sheet.deleted else {May.READ, May.EDIT}
        return all(self.on(one, who) for one in lists if one.may in asked)

    def shows(self, link: Link) -> set[int]:
        """The pages that whoever has a link reads by it."""
        if link.ended or not self.may_share(link.maker, link.sheet):
            return set()
        below = [one for one in self.sheets if link.subtree and one.is_below(link.sheet)]
        return {one.id for one in (link.sheet, *below) if self.may_share(link.maker, one)}

    def may_share(self, who: str, sheet: Sheet) -> bool:
        """Whether somebody may share a page."""
        if sheet.deleted or SITE_ROLES[who] == "guest":
            return False
        label, lists = self.bounds(sheet)
        narrow = max(label, self.rooms[sheet.space].label) > Label.INTERNAL
        kept = any(one.may is May.READ for one in lists)
        return not narrow and not kept and self.may(May.EDIT, who, sheet)

    def keep(self) -> None:
        """After each step: what is deleted keeps what held for it."""
        for sheet in self.sheets:
            if sheet.deleted:
                sheet.kept_label, sheet.kept = self.bounds(sheet)

    def forget(self, gone: List) -> None:
        """A restriction is lifted."""
        for sheet in self.sheets:
            sheet.lists = [one for one in sheet.lists if one is not gone]
            sheet.kept = [one for one in sheet.kept if one is not gone]

    def hand_down(self, going: list[Sheet]) -> list[tuple[Sheet, List]]:
        """What stays below pages that go gets what they had; the new lists, to be matched."""
        made = []
        for page in sorted(going, key=lambda one: one.path, reverse=True):
            staying = [
                one
                for one in self.sheets
                if one not in going and not one.deleted and one.is_below(page)
            ]
            for one in staying:
                if not any(one.is_below(other) for other in staying):
                    one.label = max(one.label, page.label)
                    for each in page.lists:
                        copy = List(each.may, set(each.people), set(each.groups))
                        one.lists.append(copy)
                        made.append((one, copy))
        return made

    def copy_restrictions_before_purge(self, going: Sheet) -> list[tuple[Sheet, List]]:
        """What is deleted and kept by lists of a page that is purged gets lists of its own."""
        made = []
        for sheet in sorted(self.sheets, key=lambda one: one.id):
            for each in going.lists:
                if sheet is not going and sheet.deleted and each in sheet.kept:
                    copy = List(each.may, set(each.people), set(each.groups))
                    sheet.kept = [one for one in sheet.kept if one is not each]
                    sheet.lists.append(copy)
                    made.append((sheet, copy))
        return made


class Play:
    """One sequence, on the database and on the model."""

    def __init__(self, wiki: Scene, session: Session, dice: random.Random) -> None:
        self.wiki, self.session, self.dice = wiki, session, dice
        self.model = Model()
        self.ids = {name: wiki.actor(name).person_id or 0 for name in PEOPLE}
        self.names = {id: name for name, id in self.ids.items()}
        self.spaces: dict[str, Space] = {}
        self.groups: dict[str, Group] = {}
        self.done: list[str] = []
        for name in ("g1", "g2", "g3"):
            group = groups.create_group(session, self.ada, handle=name, name=name)
            self.groups[name] = group
            self.model.members[name], self.model.parts[name] = set(), set()
        for slug in ("one", "two"):
            self.add_space(slug)

    @property
    def ada(self) -> Actor:
        """Who administers."""
        return self.wiki.actor("ada")

    def add_space(self, slug: str) -> None:
        """A space that Eve leads, of any kind."""
        dice = self.dice
        visibility = dice.choice(list(Visibility))
        member_role = dice.choice([Role.READER, Role.COMMENTER, Role.EDITOR])
        label = 0 if visibility is Visibility.PUBLIC else dice.choice([0, 1, 1, 2])
        clearances = tuple(sorted(dice.choices(range(4), k=3)))
        space = Space(
            slug=slug,
            title=slug,
            visibility=visibility.value,
            member_role=int(member_role),
            label=label,
            reader_clearance=clearances[0],
            commenter_clearance=clearances[1],
            editor_clearance=clearances[2],
        )
        self.session.add(space)
        self.session.flush()
        self.spaces[slug] = space
        room = Room(visibility, member_role, label, clearances)  # type: ignore[arg-type]
        self.model.rooms[slug] = room
        self.give(slug, "eve", Role.LEAD)

    def give(self, slug: str, who: str, role: Role) -> None:
        """A role, or none any more."""
        give_role(self.session, self.ada, self.spaces[slug], self.ids[who], role)
        self.model.rooms[slug].people[who] = role

    # What can happen. Each returns whether it did.

    def grant(self) -> bool:
        slug, who = self.dice.choice(list(self.spaces)), self.dice.choice(PEOPLE)
        if who == "eve":
            return False
        self.give(slug, who, self.dice.choice(list(Role)))
        return True

    def grant_group(self) -> bool:
        slug, name = self.dice.choice(list(self.spaces)), self.dice.choice(list(self.groups))
        role = self.dice.choice(list(Role))
        row = self.session.get(GroupRole, (self.spaces[slug].id, self.groups[name].id))
        if row is not None:
            self.session.delete(row)
            self.session.flush()
        if role:
            self.session.add(
                GroupRole(
                    space_id=self.spaces[slug].id, group_id=self.groups[name].id, role=int(role)
                )
            )
            self.session.flush()
        self.model.rooms[slug].groups[name] = role
        return True

    def put(self) -> bool:
        name, who = self.dice.choice(list(self.groups)), self.dice.choice(PEOPLE)
        inside = self.dice.random() < 0.7
        person = self.session.get_one(Person, self.ids[who])
        groups.store_member(self.session, self.ada, self.groups[name], person, member=inside)
        (self.model.members[name].add if inside else self.model.members[name].discard)(who)
        return True

    def nest(self) -> bool:
        one, other = self.dice.sample(list(self.groups), 2)
        inside = self.dice.random() < 0.7
        try:
            groups.store_part(
                self.session, self.ada, self.groups[one], self.groups[other], inside=inside
            )
        except Invalid:
            return False
        (self.model.parts[one].add if inside else self.model.parts[one].discard)(other)
        return True

    def write(self) -> bool:
        slug, path = self.dice.choice(list(self.spaces)), self.dice.choice(PATHS)
        by = self.wiki.actor(self.dice.choice(["eve", "ben", "gus"]))
        try:
            saved = submit(
                self.session,
                by,
                Edit(
                    NewPage(see_space_by_id(self.session, by, self.spaces[slug].id).space, path),
                    Text(path or "home", "", ("tag",)),
                ),
            )
        except (Invalid, Forbidden, NotFound):
            return False
        self.session.execute(
            insert(Attachment),
            {
                "page_id": saved.page.id,
                "name": "f.txt",
                "name_key": "f.txt",
                "sha256": "0" * 64,
                "size": 1,
                "content_type": "text/plain",
            },
        )
        self.model.sheets.append(Sheet(saved.page.id, slug, path))
        return True

    def some(self, *, deleted: bool = False) -> Sheet | None:
        those = [one for one in self.model.sheets if one.deleted == deleted]
        return self.dice.choice(those) if those else None

    def by(self, may: May, sheet: Sheet) -> Actor:
        """Somebody who may, or (rarely) anybody."""
        able = [name for name in PEOPLE if self.model.may(may, name, sheet)]
        return self.wiki.actor(
            self.dice.choice(able if able and self.dice.random() < 0.9 else PEOPLE)
        )

    def label(self) -> bool:
        sheet = self.some()
        if sheet is None:
            return False
        actor, label = self.by(May.EDIT, sheet), self.dice.choice(list(Label))
        try:
            restrictions.set_label(self.session, actor, sheet.id, label, consent=UNASKED)
        except (Forbidden, NotFound, Invalid):
            raise Undone from None
        sheet.label = int(label)
        return True

    def restrict(self) -> bool:
        sheet = self.some()
        if sheet is None:
            return False
        actor, may = self.by(May.EDIT, sheet), self.dice.choice([May.READ, May.READ, May.EDIT])
        who = set(self.dice.sample(PEOPLE, self.dice.randrange(3)))
        some = set(self.dice.sample(list(self.groups), self.dice.randrange(3)))
        old = self.dice.choice([None, *sheet.lists])
        try:
            restrictions.restrict(
                self.session,
                actor,
                sheet.id,
                AccessList(
                    may, [self.ids[name] for name in who], [self.groups[name].id for name in some]
                ),
                restriction_id=old.id if old else None,
                consent=UNASKED,
            )
        except (Forbidden, NotFound, Invalid):
            raise Undone from None
        if old:
            old.people, old.groups = who, some
        else:
            page = self.session.get_one(Page, sheet.id)
            newest = restrictions.own_restrictions(self.session, page)[-1]
            sheet.lists.append(List(may, who, some, newest.id))
        return True

    def lift(self) -> bool:
        sheet = self.some()
        if sheet is None or not sheet.lists:
            return False
        one = self.dice.choice(sheet.lists)
        actor = self.by(May.EDIT, sheet)
        try:
            restrictions.lift(self.session, actor, sheet.id, one.id, consent=UNASKED)
        except (Forbidden, NotFound, Invalid):
            raise Undone from None
        self.model.forget(one)
        return True

    def subtree(self, sheet: Sheet, actor: Actor, with_subtree: bool) -> list[Sheet]:
        below = [
            one
            for one in self.model.sheets
            if with_subtree
            and not one.deleted
            and one.is_below(sheet)
            and self.model.may(May.EDIT, actor.handle, one)
        ]
        return [sheet, *below]

    def match(self, made: list[tuple[Sheet, List]]) -> None:
        """Learn the ids of restrictions that were handed down."""
        for sheet in {id(one): one for one, _ in made}.values():
            page = self.session.get_one(Page, sheet.id)
            rows = restrictions.own_restrictions(self.session, page)
            assert len(rows) == len(sheet.lists)
            for row, one in zip(rows, sheet.lists, strict=True):
                assert row.may is one.may
                assert {self.names[person.id] for person in row.people} == one.people
                assert {group.handle for group in row.groups} == one.groups
                one.id = row.id

    def delete(self) -> bool:
        sheet = self.some()
        if sheet is None:
            return False
        actor, with_subtree = self.by(May.EDIT, sheet), self.dice.random() < 0.5
        going = self.subtree(sheet, actor, with_subtree)
        kept = {id(one): self.model.bounds(one) for one in going}
        try:
            gone = actions.delete_page(self.session, actor, sheet.id, with_subtree=with_subtree)
        except (Forbidden, NotFound):
            return False
        assert {page.id for page in gone} == {one.id for one in going}
        made = self.model.hand_down(going)
        for one in going:
            one.deleted = True
            one.kept_label, one.kept = kept[id(one)]
        self.match(made)
        return True

    def restore(self) -> bool:
        sheet = self.some(deleted=True)
        if sheet is None:
            return False
        try:
            actions.restore_page(self.session, self.by(May.EDIT, sheet), sheet.id)
        except (Forbidden, NotFound, Invalid):
            return False
        sheet.deleted, sheet.kept, sheet.kept_label = False, [], 0
        return True

    def move(self) -> bool:
        sheet = self.some()
        if sheet is None:
            return False
        actor, with_subtree = self.by(May.EDIT, sheet), self.dice.random() < 0.7
        slug, path = self.dice.choice(list(self.spaces)), self.dice.choice([*PATHS, "x", "x/y"])
        going = self.subtree(sheet, actor, with_subtree)
        try:
            space = see_space_by_id(self.session, actor, self.spaces[slug].id).space
            done = moves.move_page(
                self.session,
                actor,
                sheet.id,
                MoveTo(path, space=space, with_subtree=with_subtree),
                consent=UNASKED,
            )
        except (Forbidden, NotFound, Invalid):
            return False
        assert {page.id for page in done.pages} == {one.id for one in going}
        made = self.model.hand_down(going)
        old = sheet.path
        for one in going:
            one.space, one.path = slug, path + one.path[len(old) :]
        self.match(made)
        return True

    def purge(self) -> bool:
        sheet = self.some(deleted=self.dice.random() < 0.5)
        if sheet is None:
            return False
        head = self.session.get_one(Page, sheet.id).head
        spaces = {slug: space.id for slug, space in self.spaces.items()}
        named = {name: group.id for name, group in self.groups.items()}
        purging.purge_page(self.session, self.ada, sheet.id, seen=head, anywhere=True)
        # It forgets all objects of the session.
        self.spaces = {slug: self.session.get_one(Space, id) for slug, id in spaces.items()}
        self.groups = {name: self.session.get_one(Group, id) for name, id in named.items()}
        made = [] if sheet.deleted else self.model.hand_down([sheet])
        made += self.model.copy_restrictions_before_purge(sheet)
        self.model.links = [one for one in self.model.links if one.sheet is not sheet]
        self.model.sheets.remove(sheet)
        self.match(made)
        return True

    def share(self) -> bool:
        model, sheet = self.model, self.some()
        if sheet is None or len(model.links) > 3:
            return False
        able = [
            (one, who) for one in model.sheets for who in PEOPLE if model.may_share(who, one)
        ]  # without them hardly any link would be made
        actor = self.by(May.EDIT, sheet)
        if able and self.dice.random() < 0.9:
            sheet, who = self.dice.choice(able)
            actor = self.wiki.actor(who)
        subtree = self.dice.random() < 0.8
        may = self.model.may_share(actor.handle, sheet)
        try:
            row, _ = sharing.make_link(
                self.session, actor, self.wiki.settings, sheet.id, sharing.Wish(subtree)
            )
        except (Forbidden, NotFound):
            assert not may, (sheet, self.done)
            return False
        assert may, (sheet, self.done)
        self.model.links.append(Link(row.id, sheet, subtree, actor.handle))
        return True

    def unshare(self) -> bool:
        """Take a link back, or let its time be over."""
        if not self.model.links:
            return False
        link = self.dice.choice(self.model.links)
        if self.dice.random() < 0.5:
            maker = self.wiki.actor(link.maker)
            sharing.revoke_link(self.session, maker, self.wiki.settings, link.id)
        else:
            self.session.get_one(ShareLink, link.id).expires_at = now() - timedelta(seconds=1)
        link.ended = True
        return True

    def step(self) -> None:
        """Do one thing, or find that it cannot be done; then both say the same still."""
        what = self.dice.choice(
            [self.grant, self.grant_group, self.put, self.nest, self.write, self.write, self.label,
             self.restrict, self.restrict, self.lift, self.delete, self.restore, self.move,
             self.move, self.share, self.share, self.unshare, self.purge]
        )  # fmt: skip
        inner = self.session.begin_nested()
        try:
            happened = what()
        except Undone:
            inner.rollback()
            self.session.expire_all()
            return
        if not happened:
            inner.rollback()
            self.session.expire_all()
            return
        inner.commit()
        self.model.keep()
        self.done.append(what.__name__)
        self.follow_links()

    def follow_links(self) -> None:
        """What is read by each link is what the model says."""
        self.session.flush()
        for link in self.model.links:
            seen = shared.get_link(self.session, link.id, Label.INTERNAL)
            read = self.session.scalars(select(Page.id).where(shown_by(seen, Label.INTERNAL)))
            assert set(read) == self.model.shows(link), (link, self.done)

    def compare(self) -> int:
        """Every answer of the database and of the rule against the model's; how many there were."""
        session, model, asked = self.session, self.model, 0
        session.flush()
        assert not list(check_scopes(session)), self.done
        assert not group_members.check_groups(session), self.done
        by_id = {sheet.id: sheet for sheet in model.sheets}
        ours = Page.id.in_(list(by_id))
        for who in ("nobody", *PEOPLE):
            actor = self.wiki.actor(who)
            mine = {id: one for id, one in by_id.items() if model.may(May.READ, who, one)}
            editable = {id for id, one in by_id.items() if model.may(May.EDIT, who, one)}
            live = {id for id, one in mine.items() if not one.deleted}
            where = f"{who} after {self.done}"

            def ids(condition: object) -> set[int]:
                return set(session.scalars(select(Page.id).where(ours, condition)))  # type: ignore[arg-type]

            assert ids(queries.readable_by(actor)) == mine.keys(), where
            assert ids(queries.live_for(actor)) == live, where
            assert ids(queries.editable_by(actor)) == editable - {
                id for id, one in by_id.items() if one.deleted
            }, where
            assert {
                space.slug for space in list_spaces(session, actor) if space.slug in self.spaces
            } == {slug for slug in self.spaces if model.sees(who, slug)}, where
            hidden = hidden_pages(session, actor)
            for page in session.scalars(select(Page).where(ours)):
                try:
                    seen = queries.see_page(session, actor, page)
                    found = (True, bool(seen.may(May.EDIT)))
                except NotFound:
                    found = (False, False)
                sheet = by_id[page.id]
                assert found == (page.id in mine, page.id in editable), where
                if page.id in hidden:
                    assert page.id not in live, where
                elif not sheet.deleted and model.sees(who, sheet.space):
                    assert page.id in live, where
                asked += 3
            self.lists(actor, live, where)
        for sheet in model.sheets:
            page = session.get_one(Page, sheet.id)
            for may in (May.READ, May.EDIT):
                found = audience_of(
                    session, self.spaces[sheet.space], page.scope_id, may, deleted=sheet.deleted
                )
                named = {self.names[id] for id in found.people if id in self.names}
                mine = {name for name in PEOPLE if model.may(may, name, sheet)}
                assert found.everyone == (
                    may is May.READ and not sheet.deleted and model.may(may, "nobody", sheet)
                )
                assert named == mine or (found.everyone and named <= mine), (sheet, self.done)
                asked += 1
        return asked

    def lists(self, actor: Actor, live: set[int], where: str) -> None:
        """What is listed is just what may be read."""
        session = self.session
        for slug, space in self.spaces.items():
            if not self.model.sees(actor.handle or "nobody", slug):
                continue
            here = {id for id in live if session.get_one(Page, id).space_id == space.id}
            listed = list_pages(session, actor, Wanted(), space=space, limit=100)
            assert {page.id for page in listed.rows} == here, where
            assert {file.page_id for file in files_of_space(session, actor, space)} == here, where
            assert self.tree(actor, space) == here - self.home(space), where
            changed = recent_changes(session, actor, Which(space), limit=200)
            named = {one.page.id for change in changed.rows for one in change.touched}
            assert named <= {one.id for one in self.model.sheets}, where
            for id in named:
                sheet = next(one for one in self.model.sheets if one.id == id)
                assert self.model.may(May.READ, actor.handle or "nobody", sheet), where

    def home(self, space: Space) -> set[int]:
        return set(
            self.session.scalars(
                select(Page.id).where(Page.space_id == space.id, Page.path_key == "")
            )
        )

    def tree(self, actor: Actor, space: Space) -> set[int]:
        found, keys = set(), [""]
        seen = see_space_by_id(self.session, actor, space.id)
        while keys:
            levels = children_of(self.session, seen, keys)
            nodes = [node for level in levels.values() for node in level.nodes]
            for node in nodes:
                assert node.has_children == bool(
                    children_of(self.session, seen, [node.path_key])[node.path_key].nodes
                )
            found |= {node.page_id for node in nodes if node.page_id}
            keys = [node.path_key for node in nodes if node.has_children]
        return found


class Undone(Exception):
    """It was refused half way: what it did so far is taken back."""


class Never(Exception):
    """Nothing of a sequence stays."""


@pytest.fixture
def unrendered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Pages are made without being laid out."""
    monkeypatch.setattr("wiki.pages.saving.submit.keep_rendering", lambda *_: frozenset())
    yield


@pytest.mark.property_test
@pytest.mark.parametrize("part", range(PARTS))
def test_sql_rule_and_model_agree_whatever_happens(
    wiki: Scene, unrendered: None, part: int
) -> None:
    asked = 0
    for seed in range(part, SEQUENCES, PARTS):
        dice = random.Random(seed)
        with pytest.raises(Never), wiki.database.write() as session:
            play = Play(wiki, session, dice)
            for _ in range(4):
                inner = session.begin_nested()
                if play.write():
                    inner.commit()
                else:
                    inner.rollback()
            for number in range(STEPS):
                play.step()
                if number % 7 == 6:
                    asked += play.compare()
            raise Never
    assert asked > SEQUENCES // PARTS * 50
