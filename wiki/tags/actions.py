"""Actions on the tags of a space: rename, merge, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from wiki.errors import Invalid, NotFound, WikiError
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.pages.saving.checks import MAX_TAG
from wiki.pages.saving.own_messages import own_message
from wiki.pages.saving.secrets import require_plain
from wiki.rules.access import Actor, May
from wiki.spaces.queries import see_space_by_id
from wiki.tags.projection import recompute, take_turn
from wiki.tags.queries import find_tag
from wiki.tags.retagging import MOST, retag_pages
from wiki.text.scan.secrets import find_secrets
from wiki.text.tags import spelled, tag_key


class WouldMerge(WikiError):
    """An error for a rename to an existing tag that was not confirmed as a merge. Nothing was
    changed."""

    status = 409
    title = lazy_gettext("This tag already exists")

    def __init__(self) -> None:
        super().__init__(_("A tag with this name exists now, so renaming would merge the two."))


@dataclass(frozen=True)
class Renamed:
    """The result of a rename: the name, the number of pages that got it, whether it existed before,
    and the number of pages that still have the old one because there are too many for one
    transaction."""

    name: str
    pages: int
    merged: bool
    left: int


def checked_name(raw: str) -> str:
    """Return a tag's new name in its normal form.

    :raises Invalid: when it is no valid tag.
    """
    if "," in raw:
        raise Invalid(_("A tag can’t contain commas, because they separate tags."), field="to")
    name = spelled(raw)
    if not name:
        raise Invalid(_("Enter a name for the tag."), field="to")
    if len(name) > MAX_TAG:
        raise Invalid(_("A tag can have up to %(most)s characters.", most=MAX_TAG), field="to")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Invalid(
            _("The name contains invalid characters (half surrogate pairs) that can’t be stored."),
            field="to",
        ) from None
    return name


@dataclass(frozen=True)
class Renaming:
    """The old and the new name of a tag; ``merge`` is True if the actor knows that other pages
    have the new name already."""

    old: str
    new: str
    merge: bool = False


def rename_tag(
    session: Session, actor: Actor, space_id: int, names: Renaming, *, most: int = MOST
) -> Renamed:
    """Rename a tag of a space, with a revision of each page that has it.

    :raises WouldMerge: when other pages have the new name, and the actor does not know.
    :raises Invalid: when the name is invalid.
    :raises NotFound: when no page has the tag. :raises Forbidden:
    """
    seen = see_space_by_id(session, actor, space_id)
    seen.require(May.EDIT)
    name = checked_name(names.new)
    old, new = tag_key(names.old), tag_key(name)
    before = find_tag(session, actor, names.old, space=seen.space)
    if before is None:
        raise NotFound
    require_plain(session, space_id, name, what=_("The name"), field="to")
    there = new != old and find_tag(session, actor, name, space=seen.space) is not None
    if there and not names.merge:
        raise WouldMerge

    def retag(tags: Sequence[str]) -> Sequence[str]:
        keys = [tag_key(tag) for tag in tags]
        if old not in keys:
            return tags
        has_both = new != old and new in keys
        return [
            name if key == old else tag
            for tag, key in zip(tags, keys, strict=True)
            if not (has_both and key == old)
        ]

    take_turn(session)
    done = retag_pages(
        session,
        actor,
        space_id,
        retag,
        message=_message("merged" if there else "renamed", old=before.name, new=name),
        most=most,
    )
    if not done.page_ids:
        raise Invalid(
            _("All pages with this tag already spell it “%(name)s”.", name=name), field="to"
        )
    recompute(session, done.page_ids)
    return Renamed(name, len(done.page_ids), there, done.left)


def remove_tag(
    session: Session, actor: Actor, space_id: int, raw: str, *, most: int = MOST
) -> Renamed:
    """Remove a tag from all pages of a space, with a revision of each.

    :raises NotFound: when no page has the tag. :raises Forbidden:
    """
    seen = see_space_by_id(session, actor, space_id)
    seen.require(May.EDIT)
    gone = tag_key(raw)
    before = find_tag(session, actor, raw, space=seen.space)
    if before is None:
        raise NotFound
    take_turn(session)
    done = retag_pages(
        session,
        actor,
        space_id,
        lambda tags: [tag for tag in tags if tag_key(tag) != gone],
        message=_message("removed", old=before.name),
        most=most,
    )
    recompute(session, done.page_ids)
    return Renamed(before.name, len(done.page_ids), False, done.left)


def _message(deed: str, old: str, new: str = "") -> str:
    """Return the message of the revisions that change a tag, without a name that is likely to be a
    secret."""
    code = f"secret-tag-{deed}" if find_secrets(old) else f"tag-{deed}"
    return own_message(code, old=old, new=new)
