"""Links to files: their addresses, and the Markdown that inserts them into a text."""

from __future__ import annotations

from urllib.parse import quote

from flask import url_for

from wiki.attachments.kinds import is_image
from wiki.attachments.models import Attachment, Picture
from wiki.attachments.pictures.making import is_raster
from wiki.attachments.pictures.thumbs import WIDTHS
from wiki.attachments.queries import place_of
from wiki.pages.models import Page
from wiki.text.paths import name_of, parent_of

LARGEST_FACE = 256 << 10
"""Maximum size in bytes of a drawing that is shown as its own thumbnail in a list."""


def file_url(slug: str, path: str) -> str:
    """Return the address of the file at a place of a space's tree."""
    return url_for("attachments.read", slug=slug, path=parent_of(path) or "", name=name_of(path))


def plain_name(name: str) -> str:
    """Return the last part of a name, whichever separator it uses."""
    return name.replace("\\", "/").rpartition("/")[2].strip()


def described(slug: str, file: Attachment, folder: str) -> dict[str, object]:
    """Return the data about a file for a script, for a page whose links resolve from inside
    ``folder``."""
    path = place_of(file)
    return {
        "name": name_of(file.name),
        "url": file_url(slug, path),
        "markdown": markdown_for(file, path, folder),
        "image": is_image(file.content_type),
        "content_type": file.content_type,
        "size": file.size,
    }


def links_from(page: Page | None) -> str:
    """Return the folder from which relative links of a page resolve."""
    if page is None:
        return ""
    return page.path if page.folder else parent_of(page.path) or ""


def markdown_for(file: Attachment, path: str, folder: str) -> str:
    """Return the Markdown for a file, for a page whose links resolve from inside ``folder``, which
    is at or above the file."""
    target = relative_to(path, folder)
    name = name_of(file.name)
    label = (name.rpartition(".")[0] or name) if is_image(file.content_type) else name
    for mark in "\\[]*_`<>":
        label = label.replace(mark, f"\\{mark}")
    return f"{'!' if is_image(file.content_type) else ''}[{label}]({target})"


def relative_to(path: str, folder: str) -> str:
    """Return the address of the file at a path for a page whose links resolve from inside
    ``folder``, which is at or above the file."""
    steps = path.split("/")[len(folder.split("/")) if folder else 0 :]
    return "".join(c if ord(c) > 127 else quote(c, safe="/") for c in "/".join(steps))


def face_of(url: str, file: Attachment, picture: Picture | None) -> str:
    """Return the address of the picture that represents a file in a list; empty if an icon does."""
    if is_raster(file.content_type):
        return "" if picture is not None and picture.failure else f"{url}?width={WIDTHS[0]}"
    small = file.size <= LARGEST_FACE
    return url if small and is_image(file.content_type) else ""
