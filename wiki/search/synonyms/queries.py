"""The synonyms in force, and the lists of them that admins see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from wiki.errors import NotFound, require_allowed
from wiki.rules.access import Actor, may_administer
from wiki.search.language.synonyms import Synonyms, built_in, parse
from wiki.search.synonyms.models import SynonymGroup


@dataclass(frozen=True)
class BuiltIn:
    """A built-in group of synonyms."""

    name: str
    expressions: tuple[str, ...]
    is_on: bool = True

    @property
    def words(self) -> str:
        """The expressions, separated by commas."""
        return ", ".join(self.expressions)


@cache
def built_in_groups() -> dict[str, tuple[str, ...]]:
    """Return the built-in groups by name, which is the first expression of each with hyphens."""
    return {group[0].lower().replace(" ", "-"): tuple(group) for group in parse(built_in())}


def synonyms_in_force(session: Session) -> Synonyms:
    """Return the synonyms that searches use now, read in one statement."""
    rows = session.execute(
        select(SynonymGroup.words, SynonymGroup.built_in).order_by(SynonymGroup.id)
    ).all()
    own = tuple(words for words, off in rows if off is None)
    return _made_of(own, frozenset(off for _, off in rows if off is not None))


def list_own(session: Session, actor: Actor) -> Sequence[SynonymGroup]:
    """Return the groups of this site, the newest first.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    return session.scalars(
        select(SynonymGroup).where(SynonymGroup.built_in.is_(None)).order_by(SynonymGroup.id.desc())
    ).all()


def list_built_in(session: Session, actor: Actor) -> list[BuiltIn]:
    """Return the built-in groups, each with whether searches use it.

    :raises Forbidden: unless the actor is an admin.
    """
    require_allowed(may_administer(actor))
    off = set(
        session.scalars(select(SynonymGroup.built_in).where(SynonymGroup.built_in.is_not(None)))
    )
    return [BuiltIn(name, group, name not in off) for name, group in built_in_groups().items()]


def see_group(session: Session, actor: Actor, group_id: int) -> SynonymGroup:
    """Return a group of this site.

    :raises Forbidden: unless the actor is an admin.
    :raises NotFound: when there is none with that id.
    """
    require_allowed(may_administer(actor))
    found = session.get(SynonymGroup, group_id)
    if found is None or found.built_in is not None:
        raise NotFound
    return found


@lru_cache(maxsize=4)
def _made_of(own: tuple[str, ...], off: frozenset[str]) -> Synonyms:
    groups = [group for name, group in built_in_groups().items() if name not in off]
    return Synonyms([*(words.split(",") for words in own), *groups])
