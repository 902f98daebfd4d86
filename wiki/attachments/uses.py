"""Where files are used: the pages that show them or link to them, as far as somebody may read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wiki.attachments.models import Attachment
from wiki.attachments.queries import FileSeen
from wiki.rules.access import Actor
from wiki.spaces.models import Space


@dataclass(frozen=True)
class Use:
    """A page that uses a file."""

    page_id: int
    slug: str
    space: str
    path: str
    title: str


def uses_of(session: Session, actor: Actor, found: FileSeen, limit: int) -> list[Use]:
    return []


def use_counts(
    session: Session, actor: Actor, space: Space, files: Sequence[Attachment]
) -> dict[int, int]:
    return {}
