"""Actions that change the place of a page: its path, its position among its siblings, its title."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.outbox.actions import publish
from wiki.outbox.models import EventRow
from wiki.pages.events import PageMoved, PageReordered
from wiki.pages.links.moves import Moved, move_page, retitle
from wiki.pages.links.plans import MoveTo
from wiki.pages.links.repairing import Repairs
from wiki.pages.models import Page
from wiki.pages.ordering.siblings import Placed, beside, place
from wiki.pages.queries import live_for
from wiki.pages.revising import lock_for_move, require_free
from wiki.pages.saving.secrets import require_plain
from wiki.rules.access import Actor, May
from wiki.spaces.models import Space
from wiki.spaces.queries import see_space_by_id
from wiki.text.positions import UNPLACED


@dataclass(frozen=True)
class Rearranged:
    """The outcome: the page, what a move did, where it stands among its siblings now, whether it
    got a new title. ``event_id`` is that of the event that can be undone, 0 if the page was not
    moved."""

    page: Page
    moved: Moved | None
    placed: Placed | None
    retitled: bool
    event_id: int

    @property
    def changed(self) -> bool:
        """Whether anything has changed."""
        return self.moved is not None or self.placed is not None or self.retitled


def is_at(page: Page, to: MoveTo) -> bool:
    """Return whether a page has this address already, so that only its position or its title can
    change."""
    return to.path == page.path and (to.space is None or to.space.id == page.space_id)


def rearrange(
    session: Session, actor: Actor, page_id: int, to: MoveTo, repairs: Repairs | None = None
) -> Rearranged:
    """Move a page to another path or space, or among its siblings, and change its title: all of it
    or nothing.

    :param to: where; its path is in the normal form. :param repairs: as for :func:`move_page`.
    :raises NotFound: when the page or the space does not exist for the actor.
    :raises Forbidden: when they may not edit there.
    :raises Invalid: and what else :func:`move_page` and the save of a title raise.
    """
    page, space = lock_for_move(session, actor, page_id, [to.space.id] if to.space else [])
    title = page.title
    _require_sibling(session, actor, to.spot)
    moved, placed = None, None
    if is_at(page, to):
        require_plain(session, space.id, to.message)
        if to.spot:
            placed = _reorder(session, actor, page, space, to.spot)
        retitle(session, actor, page, to.title)
    else:
        moved = move_page(session, actor, page_id, to, repairs=repairs)
    event_id = _last_event(session, page_id) if moved or placed else 0
    return Rearranged(page, moved, placed, page.title != title, event_id)


def _reorder(session: Session, actor: Actor, page: Page, space: Space, spot: str) -> Placed | None:
    if not page.path:
        raise Invalid(_("The home page of a space can’t be moved."), field="position")
    require_free(session, actor, space, [page.path], {page.id})  # may the actor edit there?
    placed = place(session, page, spot)
    if placed is not None:
        publish(
            session,
            actor,
            PageReordered(
                space.id,
                page.id,
                placed.was,
                placed.now,
                placed.was_after,
                placed.was_before,
                placed.after,
                placed.before,
            ),
        )
    return placed


def _require_sibling(session: Session, actor: Actor, spot: str) -> None:
    """Refuse a page beside the place that the actor may not read, as if it did not exist."""
    if beside(spot) is not None:
        there = select(Page.id).where(Page.id == beside(spot), live_for(actor))
        if session.scalar(there) is None:
            raise Invalid(
                _("The page to place it next to isn’t at this level any more."), field="position"
            )


def _last_event(session: Session, page_id: int) -> int:
    names = (PageMoved.__name__, PageReordered.__name__)
    query = select(func.max(EventRow.id)).where(
        EventRow.page_id == page_id, EventRow.name.in_(names)
    )
    return session.scalar(query) or 0


def reverse_of(session: Session, actor: Actor, page: Page, event_id: int) -> MoveTo:
    """Return the move that undoes an earlier one of a page, if the page has not been moved
    elsewhere since.

    :raises Invalid: if it has. :raises NotFound: when the page has no such event, or the actor may
        not read the space that it came from.
    """
    row = session.get(EventRow, event_id)
    if row is None or row.page_id != page.id:
        raise NotFound
    sent = row.payload
    if row.name == PageReordered.__name__:
        later = select(EventRow.id).where(
            EventRow.page_id == page.id, EventRow.name == PageMoved.__name__, EventRow.id > row.id
        )
        if session.scalar(later.limit(1)) is not None:
            raise _moved_since()
        return MoveTo(page.path, page.space, spot=f"at:{sent.get('was', UNPLACED)}")
    if row.name != PageMoved.__name__:
        raise NotFound
    old_path = sent.get("old_path")
    if (row.space_id, sent.get("new_path")) != (page.space_id, page.path) or not old_path:
        raise _moved_since()
    seen = see_space_by_id(session, actor, int(sent.get("old_space_id", 0)))
    seen.require(May.EDIT)
    return MoveTo(str(old_path), seen.space, spot=f"at:{sent.get('position', UNPLACED)}")


def _moved_since() -> Invalid:
    return Invalid(_("The page has been moved again since then, so this move can’t be undone."))
