"""Notices in words: what happened, where it is, and why their reader is told."""

from __future__ import annotations

from wiki.i18n import gettext as _
from wiki.i18n import ngettext
from wiki.inbox.kinds import Because, Kind
from wiki.inbox.queries import Told
from wiki.watching.models import Watch
from wiki.web.urls import page_url, space_url, verb_url


def url_of(told: Told) -> str:
    """Return the address of what a notice is about: the message, the comparison, the page."""
    notice, page = told.notice, told.notice.page
    if page is None:
        return space_url(notice.space.slug, "requests") if notice.space else "/"
    place = page.space.slug, page.path
    if told.message is not None:
        return verb_url(*place, f"comments?message={told.message.id}#m{told.message.id}")
    if notice.thread_id is not None:
        return verb_url(*place, f"comments?thread={notice.thread_id}")
    if told.revisions is not None and told.revisions[0] > 0:
        return verb_url(*place, f"diff/{told.revisions[0]}..{told.revisions[1]}")
    return page_url(*place)


def sentence(told: Told) -> str:
    """Return what happened, in a sentence."""
    who, count = told.who.name if told.who else _("Somebody"), told.notice.count
    if told.notice.kind == Kind.MENTION:
        if told.notice.thread_id is not None:
            return _("%(who)s mentioned you in a comment", who=who)
        return _("%(who)s mentioned you", who=who)
    if told.notice.kind == Kind.REQUEST:
        return ngettext("%(num)s request for access", "%(num)s requests for access", count)
    if told.notice.kind == Kind.MATCH:
        return _("A new page matches a search that you saved")
    if told.notice.kind == Kind.STATE:
        if told.event is not None and not told.event.payload.get("resolved"):
            return _("%(who)s reopened a discussion", who=who)
        return _("%(who)s resolved a discussion", who=who)
    if told.notice.kind == Kind.COMMENT:
        if count > 1:
            return _("%(num)s comments, the last by %(who)s", num=count, who=who)
        return _("%(who)s commented", who=who)
    if told.revisions is not None and told.revisions[0] == 0:
        if count > 1:
            return _("New page, last changed by %(who)s", who=who)
        return _("%(who)s created the page", who=who)
    if count > 1:
        return _("%(num)s changes, the last by %(who)s", num=count, who=who)
    return _("%(who)s changed the page", who=who)


def why(told: Told) -> str:
    """Return why its reader is told, as a sentence."""
    if told.notice.reason == Because.NAME:
        return _("Because you were mentioned.")
    if told.notice.reason == Because.GROUP:
        return _("Because one of your groups was mentioned.")
    if told.notice.reason == Because.SPACE:
        return _("Because everybody in the space was mentioned.")
    if told.notice.reason == Because.LEAD:
        return _("Because you lead the space.")
    if told.search is not None:
        return _("Because you watch the search “%(name)s”.", name=told.search.name)
    return _because(told.watch)


def _because(watch: Watch | None) -> str:
    if watch is None:
        return _("Because you watched this.")
    what = _name(watch)
    if watch.group is not None:
        return _("Because %(group)s watches %(what)s.", group=watch.group.name, what=what)
    if watch.reason == "wrote":
        return _("Because you wrote %(what)s.", what=what)
    if watch.reason == "commented":
        return _("Because you wrote in %(what)s.", what=what)
    return _("Because you watch %(what)s.", what=what)


def _name(watch: Watch) -> str:
    if watch.tag is not None:
        return f"#{watch.tag}"
    if watch.thread_id is not None:
        return _("this discussion")
    if watch.page is not None:
        return watch.page.title
    return watch.space.title if watch.space else ""
