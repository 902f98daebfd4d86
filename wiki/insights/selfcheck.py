"""The self-check: the security of the wiki's setup and operation, graded, with advice.

Nothing is changed and nothing leaves the machine. The results contain counts, names of settings and
folders, and slugs of public spaces; never an address, a key or a title.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.db import Database
from wiki.errors import require_allowed
from wiki.insights import operation_checks, setup_checks
from wiki.insights.points import Grade, Inspected, Point
from wiki.rules.access import Actor, may_administer


def self_check(
    database: Database, settings: Settings, session: Session, actor: Actor, *, debug: bool = False
) -> list[Point]:
    """Return all points, the gravest first.

    :raises Forbidden: unless the actor is an administrator.
    """
    require_allowed(may_administer(actor))
    at = Inspected(database, settings, session, debug)
    checks = (*setup_checks.CHECKS, *operation_checks.CHECKS)
    found = [point for check in checks for point in check(at)]
    grades = list(Grade)
    return sorted(found, key=lambda point: grades.index(point.grade))
