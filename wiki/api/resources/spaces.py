"""Spaces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from wiki.web.shapes import VISIBLE, told


@dataclass(frozen=True)
class Space:
    """A top-level area with members."""

    slug: str = told("The first part of the addresses of its pages.")
    title: str = told("Its name.")
    description: str = told("What it is for.")
    visibility: Literal["public", "internal", "private"] = told("Who can read it.")
    member_role: str = told("What every member can do in a public or internal space.")
    icon: str = told("Name of its icon, or an emoji; empty for its initial.")
    color: str = told("Name of its color; empty for one derived from the slug.")
    can_edit: bool = told("Whether you can edit its pages.")
    url: str = told("Address of its home page in the browser.", format="uri-reference")
    created_at: datetime = told("When it was created.")


@dataclass(frozen=True)
class SpaceList:
    """All spaces that the user can read."""

    spaces: list[Space] = told("By title.")


@dataclass(frozen=True)
class SpaceInput:
    """A space to create; its creator becomes its lead."""

    slug: str = told("Letters a to z, digits and dashes.", pattern="^[a-z0-9][a-z0-9-]{0,59}$")
    title: str = told("Its name.", maxLength=200, pattern=VISIBLE)
    description: str = told("What it is for.", "", maxLength=2000)
    visibility: Literal["public", "internal", "private"] = told("Who can read it.", "internal")
    member_role: Literal["reader", "commenter", "editor"] = told(
        "What every member can do in a public or internal space.", "editor"
    )
    icon: str = told("Name of its icon, or an emoji; empty for its initial.", "", maxLength=40)
    color: str = told("Name of its color; empty for one derived from the slug.", "", maxLength=20)


@dataclass(frozen=True)
class SpaceChanges:
    """New values of a space; what is left out stays as it is."""

    title: str | None = told("Its name.", None, maxLength=200, pattern=VISIBLE)
    description: str | None = told("What it is for.", None, maxLength=2000)
    icon: str | None = told(
        "Name of its icon, or an emoji; empty for its initial.", None, maxLength=40
    )
    color: str | None = told(
        "Name of its color; empty for one derived from the slug.", None, maxLength=20
    )
