"""The integrity check of groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wiki.config import Settings
from wiki.db import Database
from wiki.people.groups import members as group_members
from wiki.room import Check, Finding, Progress
from wiki.text.counts import counted


def check_groups(database: Database, settings: Settings, progress: Progress) -> Iterator[Finding]:
    """Check that the members of each group are those added to it and to its parts, at any depth."""
    with database.read() as session:
        wrong = group_members.check_groups(session)
    progress(1, 1)
    if wrong:
        one = "group is said to have other people in it than were put in."
        many = "groups are said to have other people in them than were put in."
        sentence = counted(len(wrong), one, many)
        yield Finding(sentence, lambda: _settle_groups(database, wrong))


def _settle_groups(database: Database, wrong: Sequence[int]) -> None:
    with database.write() as session:
        group_members.settle_groups(session, wrong)


CHECKS = (Check(190, "Groups", check_groups),)
