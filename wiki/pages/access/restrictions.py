"""Actions that set labels and restrictions of pages, which the pages below inherit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.outbox.actions import publish
from wiki.pages.access.acl import recompute_acls
from wiki.pages.access.label_policy import refuse_lowered
from wiki.pages.access.label_sources import labels_of
from wiki.pages.below import below
from wiki.pages.events import PageLabelled, PageRestricted
from wiki.pages.models import Page
from wiki.pages.queries import get_page, see_page
from wiki.pages.revising import lock_for_move
from wiki.people.models import Group, Person
from wiki.rules.access import Actor, May
from wiki.rules.labels import Label
from wiki.rules.words import shown
from wiki.spaces.consent import Consent, Done, needs_consent, watched
from wiki.spaces.exposure import subtree
from wiki.spaces.models import RestrictedGroup, RestrictedPerson, RestrictionRow, Space
from wiki.spaces.queries import Held, with_lists
from wiki.text.paths import ancestors_of
from wiki.web.urls import access_url

MOST_LISTED = 500
"""Maximum number of people and groups in one restriction."""


@needs_consent(
    "label",
    lazy_gettext("Lower a page’s label"),
    lazy_gettext("changing the label of a page"),
    lambda of: _done(label_said(of.session, of.result.space, of.result), of.result),
)
def set_label(
    session: Session,
    actor: Actor,
    page_id: int,
    label: Label,
    *,
    consent: Consent | None = None,
) -> Page:
    """Set the label of a page; the page and those below it then have at least this label.
    ``Label.PUBLIC``, the lowest, means no label of its own: the page inherits its label.

    :raises Invalid: when the actor could no longer read the page, or when pages would show content
        with a narrower audience than their own.
    :raises NeedsConsent: when more people could read content and the actor has not confirmed it.
    :raises NotFound: :raises Forbidden: when they may not edit it.
    """
    page, _space = lock_for_move(session, actor, page_id)
    was = Label(page.label)
    if was is label:
        return page
    labels: dict[int, int] = {}
    if label < was:
        inside = or_(Page.path_key == page.path_key, below(page.path_key))
        ids = select(Page.id).where(
            Page.space_id == page.space_id, inside, Page.deleted_at.is_(None)
        )
        labels = labels_of(session, session.scalars(ids))
    with watched(session, subtree(page), consent, space_id=page.space_id):
        page.label = int(label)
        _settle(session, actor, page)
        refuse_lowered(session, actor, labels)
    publish(session, actor, PageLabelled(page.space_id, page.id, label.word, was.word))
    return page


def inherited_label(session: Session, space: Space, page: Page) -> tuple[Label, Page | None]:
    """Return the label that a page inherits, and the nearest ancestor that sets it; None if it
    comes from the space. Readers of a page may read its ancestors."""
    above = session.scalars(
        select(Page)
        .where(
            Page.space_id == space.id,
            Page.path_key.in_(ancestors_of(page.path_key)),
            Page.deleted_at.is_(None),
        )
        .order_by(Page.label.desc(), func.length(Page.path_key).desc())
        .limit(1)
    ).first()
    if above is None or above.label <= space.label:
        return Label(space.label), None
    return Label(above.label), above


def label_said(session: Session, space: Space, page: Page) -> str:
    """Return a sentence that names the effective label of a page and its origin."""
    own = Label(page.label)
    inherited, above = inherited_label(session, space, page)
    words = {"inherited": shown(inherited.word)}
    words["source"] = (
        _("the page “%(title)s”", title=above.title)
        if above
        else _("the space %(title)s", title=space.title)
    )
    if own is Label.PUBLIC:
        return _("This page now inherits the label %(inherited)s from %(source)s.", **words)
    if own >= inherited:
        return _("This page is now labelled %(label)s.", label=shown(own.word))
    return _(
        "This page’s label is now %(label)s; %(inherited)s, from %(source)s, applies.",
        label=shown(own.word),
        **words,
    )


def raise_label(session: Session, actor: Actor, page_id: int, label: Label) -> None:
    """Raise a page's own label to at least this one.

    :raises Invalid: when the actor could no longer read the page.
    :raises NotFound: :raises Forbidden: when they may not edit it.
    """
    if get_page(session, actor, page_id).label < label:
        set_label(session, actor, page_id, label)


@dataclass(frozen=True)
class AccessList:
    """The ids of the people and groups who may read or edit a page."""

    may: May
    people: Collection[int]
    groups: Collection[int] = ()


@needs_consent(
    "restrict",
    lazy_gettext("Change a page’s access list"),
    lazy_gettext("changing the list of a restriction"),
    lambda of: _done(_("Access list changed."), of.result),
)
def restrict(
    session: Session,
    actor: Actor,
    page_id: int,
    to: AccessList,
    *,
    restriction_id: int | None = None,
    consent: Consent | None = None,
) -> Page:
    """Restrict reading or editing of a page and the pages below it to a list of people and groups,
    and to the leads of the space.

    :param restriction_id: the restriction of the page to replace; without it, one is added.
    :raises Invalid: when a person or group no longer exists, or when the actor would lose access.
    :raises NeedsConsent: when more people could read content and the actor has not confirmed it.
    :raises NotFound: :raises Forbidden: when they may not edit it.
    """
    page, _space = lock_for_move(session, actor, page_id)
    may, people, groups = to.may, to.people, to.groups
    if len(people) + len(groups) > MOST_LISTED:
        raise Invalid(
            _(
                "A list can have up to %(most_listed)s people and groups. Create a group for them.",
                most_listed=MOST_LISTED,
            ),
            field="who",
        )
    there = session.scalars(
        select(Person.id).where(Person.id.in_(people), Person.imported_at.is_(None))
    ).all()
    named = session.scalars(select(Group.id).where(Group.id.in_(groups))).all()
    if len(there) != len(set(people)) or len(named) != len(set(groups)):
        raise Invalid(_("Someone on this list no longer exists."), field="who")
    with watched(session, subtree(page), consent, space_id=page.space_id):
        if restriction_id is None:
            row = RestrictionRow(page_id=page.id, may=may.value, created_by_id=actor.person_id)
            session.add(row)
            session.flush()
        else:
            row = _own(session, page, restriction_id)
            may = May(row.may)
        for table, column, ids in (
            (RestrictedPerson, RestrictedPerson.person_id, there),
            (RestrictedGroup, RestrictedGroup.group_id, named),
        ):
            session.execute(delete(table).where(table.restriction_id == row.id))
            if ids:
                rows = [{"restriction_id": row.id, column.key: id} for id in sorted(ids)]
                session.execute(insert(table), rows)
        _settle(session, actor, page)
    publish(
        session,
        actor,
        PageRestricted(page.space_id, page.id, may.value, sorted(there), sorted(named)),
    )
    return page


@needs_consent(
    "lift",
    lazy_gettext("Lift a page’s restriction"),
    lazy_gettext("lifting a restriction"),
    lambda of: _done(_("Restriction lifted."), of.result),
)
def lift(
    session: Session,
    actor: Actor,
    page_id: int,
    restriction_id: int,
    *,
    consent: Consent | None = None,
) -> Page:
    """Remove a restriction from a page; those of the pages above it still apply.

    :raises NeedsConsent: when more people could read content and the actor has not confirmed it.
    :raises NotFound: when it does not exist. :raises Forbidden: when the actor may not edit the
        page.
    """
    page, _space = lock_for_move(session, actor, page_id)
    row = _own(session, page, restriction_id)
    may = row.may
    with watched(session, subtree(page), consent, space_id=page.space_id):
        session.delete(row)
        _settle(session, actor, page)
    publish(session, actor, PageRestricted(page.space_id, page.id, may, [], [], lifted=True))
    return page


def _done(said: str, page: Page) -> Done:
    return Done(said, access_url(page.space.slug, page.path))


def own_restrictions(session: Session, page: Page) -> list[Held]:
    """Return the restrictions set on a page itself. The caller has checked that the page may be
    read."""
    rows = session.scalars(
        select(RestrictionRow).where(RestrictionRow.page_id == page.id).order_by(RestrictionRow.id)
    ).all()
    return with_lists(session, rows)


def _own(session: Session, page: Page, restriction_id: int) -> RestrictionRow:
    row = session.get(RestrictionRow, restriction_id)
    if row is None or row.page_id != page.id:
        raise NotFound
    return row


def _settle(session: Session, actor: Actor, page: Page) -> None:
    """Update the scopes of the page and the pages below it.

    :raises Invalid: when the actor would lose access.
    """
    recompute_acls(session, page.space_id, [page.path_key], bounded=True)
    session.refresh(page, ["scope_id"])
    try:
        decision = see_page(session, actor, page).may(May.EDIT)
    except NotFound:
        decision = None
    if not decision:
        raise Invalid(
            _("This would lock you out. Add yourself to the list, or ask a lead of the space."),
            field="who",
        )
