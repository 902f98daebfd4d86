"""Feeds as Atom documents (RFC 4287)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit
from xml.etree import ElementTree

from wiki.config import Settings
from wiki.feeds.entries import Entry, Feed
from wiki.mail.messages import absolute

TYPE = "application/atom+xml"
_NAMESPACE = "http://www.w3.org/2005/Atom"
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_YEAR = 2026
"""The year in the ids of feeds and entries, which RFC 4151 requires. It never changes."""


def document(feed: Feed, settings: Settings) -> bytes:
    """Return a feed as an Atom document. Equal feeds give equal bytes."""
    root = ElementTree.Element("feed", xmlns=_NAMESPACE)
    _add(root, "id", _id(settings, feed.key))
    _add(root, "title", feed.title)
    newest = max((entry.at for entry in feed.entries), default=datetime.fromtimestamp(0, UTC))
    _add(root, "updated", _moment(newest))
    _add(root, "link", rel="alternate", type="text/html", href=absolute(settings, feed.path))
    author = ElementTree.SubElement(root, "author")
    _add(author, "name", settings.site_name)
    for entry in feed.entries:
        _add_entry(root, entry, settings)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _add_entry(root: ElementTree.Element, entry: Entry, settings: Settings) -> None:
    node = ElementTree.SubElement(root, "entry")
    _add(node, "id", _id(settings, entry.key))
    _add(node, "title", entry.title)
    _add(node, "updated", _moment(entry.at))
    _add(node, "link", rel="alternate", type="text/html", href=absolute(settings, entry.path))
    if entry.author:
        author = ElementTree.SubElement(node, "author")
        _add(author, "name", entry.author)
    if entry.text:
        _add(node, "summary", entry.text)


def _add(parent: ElementTree.Element, name: str, text: str = "", **attributes: str) -> None:
    """Add an element. Texts are plain text, which readers show as it is, and contain no characters
    that XML does not know."""
    kept = {key: _NOT_IN_XML.sub("", value) for key, value in attributes.items()}
    node = ElementTree.SubElement(parent, name, kept)
    node.text = _NOT_IN_XML.sub("", text) or None


def _id(settings: Settings, key: str) -> str:
    host = urlsplit(settings.base_url).hostname or "localhost"
    return f"tag:{host},{_YEAR}:{quote(key, safe='/')}"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
