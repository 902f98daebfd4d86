"""The title of a page that does not state one: its leading heading, or words made of its path."""

from __future__ import annotations

import re
from functools import lru_cache

from wiki.text.markup import text_of_line
from wiki.text.paths import title_from

_ATX = re.compile(r"\s{0,3}#(?:[ \t]+(?P<text>.*?))?(?:[ \t]+#+)?[ \t]*(?:\n|\Z)")
_SETEXT = re.compile(r"\s{0,3}(?P<text>[^\s#>|`~*+-][^\n]*)\n {0,3}=+[ \t]*(?:\n|\Z)")
_CUSTOM_ID = re.compile(r"\s*\{#[^\s{}]+\}$")
_LONGEST = 300

# A page keeps its heading through most of its revisions.
_plain = lru_cache(maxsize=8192)(text_of_line)


def leading_title(body: str, path: str) -> str:
    """The plain text of the heading that `body` begins with; else of `path`; perhaps `""`."""
    start = body.lstrip("\n")[:2000]
    match = _ATX.match(start) or _SETEXT.match(start)
    if match and match["text"]:
        title = _plain(_CUSTOM_ID.sub("", match["text"].strip()))
        if title and len(title) <= _LONGEST:
            return title
    return title_from(path)[:_LONGEST]
