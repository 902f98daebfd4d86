"""Groups and their members."""

from __future__ import annotations

from dataclasses import dataclass

from wiki.api.resources.lines import VISIBLE_NAME, Somebody
from wiki.web.shapes import told


@dataclass(frozen=True)
class GroupLine:
    """A named set of people."""

    handle: str = told("Short name, used to mention it; never changes.")
    name: str = told("Its name.")
    description: str = told("Description; may be empty.")
    people: int = told("Number of members, direct or through nested groups.")
    url: str = told("Address of the group in the browser.", format="uri-reference")


@dataclass(frozen=True)
class GroupList:
    """Groups, by name."""

    groups: list[GroupLine] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")


@dataclass(frozen=True)
class Group(GroupLine):
    """A group with its nested groups and the groups that contain it."""

    parts: list[GroupLine] = told("The groups added to it, by name.")
    inside_of: list[GroupLine] = told("The groups it was added to, by name.")


@dataclass(frozen=True)
class GroupInput:
    """The name and description of a group."""

    name: str = told("Its name.", maxLength=200, pattern=VISIBLE_NAME)
    description: str = told("A one-sentence description.", "", maxLength=2000)


@dataclass(frozen=True)
class PersonInGroup(Somebody):
    """A member of a group."""

    itself: bool = told("Whether they are a direct member of the group.")
    through: list[str] = told("Short names of the nested groups that they are a member of.")


@dataclass(frozen=True)
class GroupPeople:
    """Members of a group, by name."""

    people: list[PersonInGroup] = told("The entries of this slice.")
    next: str | None = told("Address of the next slice; null at the end.", format="uri-reference")
