"""Validation of pages: normal forms and limits of paths, texts, tags and messages."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from wiki.db import KEY_LENGTH
from wiki.errors import Invalid, TooLarge
from wiki.i18n import gettext as _
from wiki.kind import KEY
from wiki.kind_registry import kind_of
from wiki.pages.merging import Text
from wiki.pages.texts.stored import hash_of
from wiki.text.compare.lines import normalise_line_ends
from wiki.text.front_matter import block as frontmatter
from wiki.text.front_matter import changes
from wiki.text.front_matter.block import FrontMatter
from wiki.text.paths import PathError, name_of, normalise_path, path_key
from wiki.text.tags import spelled, tag_key

MAX_TITLE = 300

MAX_DESCRIPTION = 2000

MAX_TAGS = 50

MAX_TAG = 60

_NOT_STORED = re.compile("[\0\ud800-\udfff]")
_NOT_STORED_ESCAPED = re.compile(r"\\u(?:0000|d[89a-f])")


def checked_path(raw: str) -> str:
    """Return a path in its normal form.

    :raises Invalid: when it cannot name a page.
    """
    try:
        path = normalise_path(raw)
    except PathError as error:
        raise Invalid(str(error), field="path") from None
    if len(path_key(path)) > KEY_LENGTH or len(path_key(path).encode()) > 2 * KEY_LENGTH:
        raise Invalid(_("This path is too long."), field="path")
    if name_of(path).casefold().endswith(".md"):
        raise Invalid(_("A path can’t end in “.md”. Leave it out."), field="path")
    return path


def checked(text: Text, max_bytes: int) -> Text:
    """Return a text in its normal form: with front matter split off the body, and ``\\n`` as line
    end.

    :raises Invalid: for a missing or overlong title, an invalid value of a field of the page's
        kind, and the like. :raises TooLarge:
    """
    try:
        (text.title + text.description + "".join(text.tags)).encode()
        require_size(normalise_line_ends(text.body).replace("\0", "\ufffd"), max_bytes)
    except UnicodeEncodeError:
        raise Invalid(
            _("The text contains invalid characters (half surrogate pairs) that can’t be stored.")
        ) from None
    block, body = frontmatter.divide(text.body.replace("\0", "\ufffd"))
    front = stated(frontmatter.read(block))
    title = front.title or " ".join(text.title.replace("\0", " ").split())
    if not title:
        raise Invalid(_("A page needs a title."), field="title")
    if len(title) > MAX_TITLE:
        raise Invalid(
            _("A title can have up to %(max_title)s characters.", max_title=MAX_TITLE),
            field="title",
        )
    description = front.description or normalise_line_ends(text.description)
    description = description.replace("\0", " ").strip()
    if len(description) > MAX_DESCRIPTION:
        raise Invalid(
            _(
                "A description can have up to %(max_description)s characters.",
                max_description=MAX_DESCRIPTION,
            ),
            field="description",
        )
    tags = checked_tags(text.tags)
    if front.tags:  # tags beyond the limit are dropped
        tags = checked_tags([*tags, *front.tags], cut=True)
    made = replace(
        text,
        title=title,
        body=body.replace("\r\n", "\n").replace("\r", "\n"),
        description=description,
        tags=tags,
        fields=_storable({**text.fields, **front.rest}),
        front_matter=block or text.front_matter,
    )
    made = replace(made, fields=kind_of(made.fields).checked(made.fields))
    if len(json.dumps(made.fields, default=str, ensure_ascii=False)) > max_bytes:
        raise TooLarge(
            _("The properties of a page can have up to %(size)s KiB.", size=max_bytes // 1024)
        )
    return with_front_matter(made)


def require_size(body: str, max_bytes: int) -> None:
    """Check the size of a page's text.

    :raises TooLarge:
    """
    size = len(body.encode())
    if size > max_bytes:
        raise TooLarge(
            _(
                "A page can have up to %(most)s KiB of text; this one has %(size)s KiB.",
                most=max_bytes // 1024,
                size=size // 1024,
            )
        )


def keep_kind(text: Text, before: Text) -> Text:
    """Return the new text of a page with the kind of the page, which never changes.

    :raises Invalid: when the text names another kind, or lacks a field of the kind.
    """
    old, new = kind_of(before.fields), kind_of(text.fields)
    if new.name == old.name:
        return text
    if old.fixed and KEY not in text.fields:
        return replace(text, fields=old.checked(old.fixed | text.fields))
    raise Invalid(
        _("A page keeps its kind; this one is of the kind “%(name)s”.", name=old.name), field=KEY
    )


def stated(front: FrontMatter) -> FrontMatter:
    """Return front matter in its normal form, as a page can store it. A value that is too long is
    cut here; the block itself keeps all of it."""
    title = " ".join((front.title or "").replace("\0", " ").split())[:MAX_TITLE].rstrip()
    description = (front.description or "").replace("\0", " ").strip()[:MAX_DESCRIPTION].rstrip()
    return replace(
        front,
        title=title or None,
        description=description or None,
        tags=checked_tags(front.tags, cut=True),
        rest=_storable(front.rest),
    )


def _storable(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields in which characters that a database cannot store are replaced by U+FFFD."""
    if not _NOT_STORED_ESCAPED.search(json.dumps(fields, default=str)):
        return dict(fields)

    def stored(value: Any) -> Any:
        if isinstance(value, str):
            return _NOT_STORED.sub("\ufffd", value)
        if isinstance(value, Mapping):
            return {stored(key): stored(item) for key, item in value.items()}
        return [stored(item) for item in value] if isinstance(value, list) else value

    return {stored(key): stored(value) for key, value in fields.items()}


def with_front_matter(text: Text, block: str = "", *, title: bool = False) -> Text:
    """Return the text with its block of front matter, or else ``block``, brought up to date with
    the text's values.

    Only keys whose values differ are rewritten. The title is written only if the block already had
    one.

    :param title: write the title in any case.
    """
    block = text.front_matter or block
    if not block:
        return text
    wanted = front_matter_of(text, block, title=title)
    return replace(text, front_matter=changes.rewrite(block, wanted))


def same_form(new: str, old: str) -> bool:
    """Return whether a block of front matter with the same values as the old one needs no new
    revision: it is empty, equal to the old one, or the form that an export writes where no block is
    kept."""
    return not new or new == old or (not old and changes.is_plain(new))


def front_matter_of(text: Text, block: str = "", *, title: bool = False) -> FrontMatter:
    """Return the values for the front matter of a text. A value that means the same in the block
    keeps the spelling that it has there."""
    said = frontmatter.read(block)
    known = stated(said)
    own_title = text.title if title or said.title is not None else None
    kept = {key: value for key, value in said.rest.items() if known.rest.get(key) != value}
    return FrontMatter(
        title=said.title if known.title == own_title else own_title,
        description=(
            said.description
            if (known.description or "") == text.description
            else text.description or None
        ),
        tags=said.tags if known.tags == text.tags else text.tags,
        rest={
            key: kept[key] if key in kept and known.rest.get(key) == value else value
            for key, value in text.fields.items()
        },
    )


def checked_tags(tags: Sequence[str], *, cut: bool = False) -> tuple[str, ...]:
    """Return tags in their normal form, without duplicates.

    :param cut: drop tags that are too long or too many instead of refusing them.
    :raises Invalid: when there are too many tags, or one is too long.
    """
    seen: dict[str, str] = {}
    for raw in tags:
        tag = spelled(raw)
        if cut and (len(tag) > MAX_TAG or len(seen) >= MAX_TAGS):
            continue
        if tag:
            seen.setdefault(tag_key(tag), tag)
        if len(tag) > MAX_TAG:
            raise Invalid(
                _("A tag can have up to %(max_tag)s characters.", max_tag=MAX_TAG), field="tags"
            )
    if len(seen) > MAX_TAGS:
        raise Invalid(
            _("A page can have up to %(max_tags)s tags.", max_tags=MAX_TAGS), field="tags"
        )
    return tuple(seen.values())


def content_hash_of(text: Text) -> str:
    """Return the hash under which the body will be stored, to render it before it is saved."""
    return hash_of(text.body)
