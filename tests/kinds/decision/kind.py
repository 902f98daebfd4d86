"""A kind of page that only the tests know: a decision, with its own block, inputs and table."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Literal

from sqlalchemy import Column, Date, ForeignKey, MetaData, String, Table

from wiki.kind import Kind, Projection, kind_field
from wiki.pages.models import Page
from wiki.rules.access import May


@dataclass(frozen=True)
class DecisionFields:
    """A decision, its time and the person who made it."""

    status: Literal["proposed", "accepted", "rejected"] = kind_field("Status")
    decided_on: date | None = kind_field("Decided on", None)
    owner: str = kind_field(
        "Owner", "", hint="A user name.", max_length=60, pattern=r"[a-z0-9][a-z0-9._-]*"
    )


DECISIONS = Table(
    "decisions",
    MetaData(),  # the table belongs to no migration
    Column("page_id", ForeignKey(Page.id, ondelete="CASCADE"), primary_key=True),
    Column("status", String(20), nullable=False),
    Column("decided_on", Date),
    Column("owner", String(60), nullable=False),
)

DECISION = Kind(
    name="decision",
    title="Decision",
    icon="circle-check",
    fields=DecisionFields,
    view="decision/view.html",
    create=May.EDIT,
    projection=Projection(DECISIONS, asdict),
)
