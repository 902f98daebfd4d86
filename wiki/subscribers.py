"""The table of event subscribers and the worker's periodic chores.

Each subscriber is a handler function, stored in deliveries as ``module.function``. Renaming a
handler loses the pending deliveries to it, so keep the old name here as long as some may exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from wiki.attachments import events as attachments
from wiki.attachments.handlers import forget_old_uploads, make_thumbnails
from wiki.audit.drilling import keep_drilling
from wiki.audit.handlers import check_chain, delete_expired
from wiki.comments import events as comments
from wiki.comments.handlers import follow_passages, render_messages
from wiki.config import Settings
from wiki.db import Database, ForgetChanges
from wiki.inbox.handlers import (
    tell_of_messages,
    tell_of_pages,
    tell_of_requests,
    tell_of_states,
)
from wiki.inbox.mailing import send_notice_mails
from wiki.inbox.replies.taking import take_replies
from wiki.mail import events as mail
from wiki.outbox.deliver import Handler
from wiki.outbox.event import Event
from wiki.pages import events as pages
from wiki.pages.handlers import render_heads
from wiki.people.handlers import send_claim_link, send_mail, send_reset_link
from wiki.people.imported import events as imported
from wiki.people.signin import events as signin
from wiki.purging import events as purging
from wiki.purging.handlers import forget_files, wipe_freed
from wiki.redaction import events as redaction
from wiki.redaction.handlers import carry_out
from wiki.requests import events as requests
from wiki.requests.handlers import (
    follow_roles,
    forget_old_requests,
    forget_purged,
    tell_leads,
)
from wiki.search.asked.actions import forget_old_searches
from wiki.search.handlers import (
    finish_renderings,
    index_link_targets,
    index_pages,
    look_again,
    mend_index,
    merge_index,
    rebuild_index,
    reconcile_index,
)
from wiki.searches.alerts import NotifyOfMatches
from wiki.sharing.handlers import forget_old_links
from wiki.spaces import events as spaces
from wiki.tags.handlers import list_by_tag
from wiki.transfer import events as transfer
from wiki.transfer.handlers import import_more, mirror_spaces
from wiki.watching.handlers import watch_commented, watch_written
from wiki.webhooks.handlers import forget_old_calls, make_calls, queue_calls

SUBSCRIBERS: Mapping[type[Event], tuple[Handler, ...]] = {
    pages.PageSaved: (
        render_heads,
        follow_passages,
        index_pages,
        list_by_tag,
        mirror_spaces,
        watch_written,
        tell_of_pages,
        queue_calls,
    ),
    pages.PageMoved: (
        render_heads,
        index_pages,
        index_link_targets,
        list_by_tag,
        mirror_spaces,
        queue_calls,
    ),
    pages.PageLabelled: (index_link_targets,),
    pages.PageRestricted: (index_link_targets,),
    pages.PageReordered: (mirror_spaces,),
    pages.PageDeleted: (index_pages, index_link_targets, list_by_tag, mirror_spaces, queue_calls),
    pages.PageRestored: (index_pages, list_by_tag, mirror_spaces, queue_calls),
    purging.PagePurged: (
        index_pages,
        forget_files,
        forget_purged,
        rebuild_index,
        wipe_freed,
        mirror_spaces,
    ),
    purging.RevisionPurged: (follow_passages, rebuild_index, wipe_freed),
    redaction.Redacted: (carry_out, follow_passages, mirror_spaces),
    comments.CommentPosted: (follow_passages, watch_commented, tell_of_messages, queue_calls),
    comments.CommentEdited: (tell_of_messages,),
    comments.ThreadStateChanged: (tell_of_states, queue_calls),
    attachments.FileAdded: (make_thumbnails, mirror_spaces),
    attachments.FileRemoved: (mirror_spaces,),
    transfer.ImportRequested: (import_more,),
    requests.AccessRequested: (tell_leads, tell_of_requests),
    spaces.SpaceChanged: (mirror_spaces,),
    spaces.MemberChanged: (follow_roles,),
    mail.MailRequested: (send_mail,),
    signin.PasswordResetRequested: (send_reset_link,),
    imported.AddressClaimRequested: (send_claim_link,),
}

# Names that pending deliveries may still contain.
FORMER_NAMES: Mapping[str, Handler] = {"pages.render_moved": render_heads}

GATHERED: Mapping[Handler, timedelta] = dict.fromkeys(
    (
        render_heads,
        follow_passages,
        index_pages,
        list_by_tag,
        mirror_spaces,
        watch_written,
        tell_of_pages,
        queue_calls,
    ),
    timedelta(seconds=0.3),
)
"""Handlers of saved pages, and how long their deliveries wait for those of other saves: a new state
of the search index costs as much for many pages as for one. Pages must be found within a second.
They can be repeated after a failure of the machine, so their commits don't wait for the disk."""

Chore = Callable[[Database, Settings], None]
# Chores of the worker beside events: run once at its start, and once a second.
AT_START: tuple[Chore, ...] = (reconcile_index, look_again)
EACH_SECOND: tuple[Chore, ...] = (mend_index,)
# Run once a second while there are commits, and every few seconds while there are none.
NOW_AND_THEN: tuple[Chore, ...] = (check_chain,)
# The same for chores that may take long each time; they run in a thread of their own.
AT_LEISURE: tuple[Chore, ...] = (
    finish_renderings,
    NotifyOfMatches(),
    send_notice_mails,
    make_calls,
    take_replies,
    merge_index,
)
# Run every few seconds, because nobody waits for them. Those in a thread of their own follow.
HOUSEKEEPING: tuple[Chore, ...] = (
    forget_old_uploads,
    forget_old_links,
    forget_old_requests,
    forget_old_calls,
    forget_old_searches,
    delete_expired,
    keep_drilling,
    ForgetChanges(),
)
LONG_HOUSEKEEPING: tuple[Chore, ...] = (render_messages,)


def name_of(handler: Handler) -> str:
    """Return the name under which deliveries to this handler are stored."""
    module = str(handler.__module__).removeprefix("wiki.").removesuffix(".handlers")
    return f"{module}.{getattr(handler, '__name__', '')}"


def names_by_event() -> dict[str, tuple[str, ...]]:
    """Return the names of subscribers by event name, for the outbox."""
    return {
        event.__name__: tuple(name_of(handler) for handler in handlers)
        for event, handlers in SUBSCRIBERS.items()
    }


def gathered_by_name() -> dict[str, timedelta]:
    """Return how long deliveries wait for others, by subscriber name, for the deliverer."""
    return {name_of(handler): wait for handler, wait in GATHERED.items()}


def handlers_by_name() -> dict[str, Handler]:
    """Return the handlers by subscriber name, for the deliverer."""
    found = {name_of(handler): handler for all in SUBSCRIBERS.values() for handler in all}
    return {**FORMER_NAMES, **found}
