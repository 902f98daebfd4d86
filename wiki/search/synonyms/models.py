"""The table of the site's synonyms."""

from __future__ import annotations

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from wiki.db import Base, BigId


class SynonymGroup(Base):
    """A group of expressions that mean the same on this site, or the fact that a built-in group is
    switched off."""

    __tablename__ = "synonym_groups"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    words: Mapped[str] = mapped_column(Text)
    """The expressions, separated by commas; empty for a built-in group that is switched off."""
    built_in: Mapped[str | None] = mapped_column(String(100), unique=True)
    """The name of the built-in group that the row switches off."""
