"""The entries of a feed: what somebody may read at this moment, in as many words as labels allow.

Of public and internal pages a feed says what was changed, by whom and why; of confidential ones it
leaves out the messages of their authors. Of restricted pages it says only that something has
changed. Mails of notices say the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.feeds.subjects import Subject
from wiki.history.change import Change
from wiki.history.queries import history
from wiki.history.recent import Which, recent_changes
from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.pages.access.label_sources import labels_of
from wiki.pages.models import Page
from wiki.pages.saving.own_messages import message_in_words
from wiki.rules.access import Actor
from wiki.rules.labels import Label
from wiki.search import queries as searching
from wiki.search.in_request import current_engine
from wiki.tags.lists import Wanted, list_pages
from wiki.web.urls import page_url, space_url, tag_url, verb_url

ENTRIES = 50
FOUND = 20
"""Number of pages in the feed of a search."""


@dataclass(frozen=True)
class Entry:
    """An entry of a feed. ``key`` identifies it in the feed for ever; ``path`` is the address that
    it leads to."""

    key: str
    title: str
    path: str
    at: datetime
    author: str = ""
    text: str = ""


@dataclass(frozen=True)
class Feed:
    """A feed, the newest entries first. ``path`` is the address of the screen with the same."""

    key: str
    title: str
    path: str
    entries: Sequence[Entry]


def title_of(subject: Subject, settings: Settings, label: Label = Label.PUBLIC) -> str:
    """Return the title of a feed, without names of restricted pages and spaces.

    :param label: the label of its page or space.
    """
    if label >= Label.RESTRICTED:
        return settings.site_name
    if subject.page is not None:
        return subject.page.title
    place = subject.space.title if subject.space else settings.site_name
    if subject.tag:
        return f"#{subject.tag} · {place}"
    if subject.question:
        return _("Search: %(question)s", question=subject.question)
    return place


def read_feed(session: Session, actor: Actor, settings: Settings, subject: Subject) -> Feed:
    """Return the feed of a subject that the actor may read."""
    if subject.page is not None:
        return _of_page(session, actor, settings, subject, subject.page)
    label = Label(subject.space.label) if subject.space else Label.PUBLIC
    title = title_of(subject, settings, label)
    if subject.tag:
        wanted = Wanted(tag=subject.tag)
        found = list_pages(session, actor, wanted, space=subject.space, limit=ENTRIES).rows
        path = tag_url(subject.space.slug if subject.space else "", subject.tag)
        return Feed(f"tag{subject.query()}", title, path, _of_pages(session, found))
    if subject.question:
        screen = searching.Screen(size=FOUND)
        answer = searching.search(session, actor, current_engine(), subject.question, screen=screen)
        pages = sorted((one.page for one in answer.hits), key=lambda page: page.updated_at)
        entries = _of_pages(session, pages[::-1])
        return Feed(f"search{subject.query()}", title, f"/-/search{subject.query()}", entries)
    which = Which(space=subject.space, not_by=None if subject.space else actor.person_id)
    changes = recent_changes(session, actor, which, limit=ENTRIES).rows
    path = space_url(subject.space.slug, "changes") if subject.space else "/"
    key = f"space/{subject.space.id}" if subject.space else f"home/{actor.person_id}"
    return Feed(key, title, path, _of_changes(session, changes))


def _of_page(
    session: Session, actor: Actor, settings: Settings, subject: Subject, page: Page
) -> Feed:
    label = _labels(session, [page])[page.id]
    entries = [
        _allowed(
            page,
            label,
            Entry(
                key=f"page/{page.id}/{entry.revision.number}",
                title=_sentence(entry.revision.action, _name(entry.who), page.title),
                path=_path(page, entry.revision.number),
                at=entry.at,
                author=_name(entry.who),
                text=message_in_words(entry.revision.message),
            ),
        )
        for entry in history(session, actor, page, limit=ENTRIES).rows
        if entry.revision is not None and entry.revision.purged_at is None
    ]
    path = f"/-/p/{page.id}" if label >= Label.RESTRICTED else page_url(page.space.slug, page.path)
    return Feed(f"page/{page.id}", title_of(subject, settings, label), path, entries)


def _of_pages(session: Session, pages: Collection[Page]) -> list[Entry]:
    """Return an entry for the newest revision of each page."""
    labels = _labels(session, pages)
    return [
        _allowed(
            page,
            labels[page.id],
            Entry(
                key=f"page/{page.id}/{page.head}",
                title=page.title,
                path=_path(page),
                at=page.updated_at,
                author=page.updated_by.name if page.updated_by else "",
                text=page.space.title,
            ),
        )
        for page in pages
    ]


def _of_changes(session: Session, changes: Sequence[Change]) -> list[Entry]:
    labels = _labels(session, [one.page for change in changes for one in change.touched])
    return [_of_change(change, labels) for change in changes]


def _of_change(change: Change, labels: Mapping[int, Label]) -> Entry:
    key, who = f"change/{change.run.partition('-')[0]}", _name(change.who)
    if change.count == 1:
        page = change.page
        entry = Entry(
            key=key,
            title=_sentence(change.deed, who, page.title),
            path=_path(page, change.touched[0].revision if change.times == 1 else 0),
            at=change.at,
            author=who,
            text=message_in_words(change.message),
        )
        return _allowed(page, labels[page.id], entry)
    named = [one.page for one in change.shown if labels[one.page.id] < Label.RESTRICTED]
    what = ngettext("%(number)s page", "%(number)s pages", change.count, number=change.count)
    return Entry(
        key,
        _sentence(change.deed, who, what),
        f"/-/changes?run={change.run}",
        change.at,
        who,
        "\n".join(page.title for page in named),
    )


def _allowed(page: Page, label: Label, entry: Entry) -> Entry:
    """Return an entry about a page, with only what its label allows."""
    if label >= Label.RESTRICTED:
        said = _("Something has changed. Sign in to see it.")
        return Entry(entry.key, said, f"/-/p/{page.id}", entry.at)
    return entry if label <= Label.INTERNAL else replace(entry, text="")


def _path(page: Page, revision: int = 0) -> str:
    """Return the address of a page, or of the diff of one of its revisions."""
    if page.deleted_at is not None:
        return f"/-/p/{page.id}"
    if revision > 1:
        return verb_url(page.space.slug, page.path, f"diff/{revision - 1}..{revision}")
    return page_url(page.space.slug, page.path)


def _labels(session: Session, pages: Collection[Page]) -> dict[int, Label]:
    found = labels_of(session, {page.id for page in pages}) if pages else {}
    return {page_id: Label(label) for page_id, label in found.items()}


def _name(who: object) -> str:
    return str(getattr(who, "name", "") or _("Somebody"))


def _sentence(deed: str, who: str, what: str) -> str:
    """Return who did what to a page or to several, in the words of the list of changes."""
    match deed:
        case "create" | "import":
            return _("%(who)s created %(what)s", who=who, what=what)
        case "move":
            return _("%(who)s moved %(what)s", who=who, what=what)
        case "order":
            return _("%(who)s changed the position of %(what)s", who=who, what=what)
        case "repair":
            return _("%(who)s repaired links on %(what)s", who=who, what=what)
        case "tag":
            return _("%(who)s changed the tags of %(what)s", who=who, what=what)
        case "delete":
            return _("%(who)s deleted %(what)s", who=who, what=what)
        case "restore":
            return _("%(who)s restored %(what)s", who=who, what=what)
        case "revert":
            return _("%(who)s restored an older revision of %(what)s", who=who, what=what)
        case "undo":
            return _("%(who)s undid a change of %(what)s", who=who, what=what)
    return _("%(who)s edited %(what)s", who=who, what=what)
