"""Rewriting of a page's HTML for visitors of shared links, who have access to some pages only.

Runs on sanitised HTML whenever a page is shown. Links and pictures to shared content get other
addresses; all others are replaced by their text. So visitors learn neither the addresses of other
pages nor whether these exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

from wiki.text.own_texts import own_text

_TAG = re.compile(r'<(/?)(a|img|blockquote|q|del|ins)(?![\w-])((?:[^>"]|"[^"]*")*)>')
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')
_ELSEWHERE = re.compile(r"(?:https?|mailto|tel|xmpp):", re.IGNORECASE)
_OF_A_LINK = ("id", "title", "dir", "lang", "aria-label")

Address = Callable[[str], "str | None"]


def for_outsiders(html: str, address: Address) -> str:
    """Return ``html`` of a page with each link and picture of the wiki redirected or replaced by
    text.

    :param address: returns the address of something for these visitors, given its address in the
        wiki, or None if they have no access. It is also called for other hosts, whose address is
        kept if it returns None, and removed if it returns an empty string.
    """
    closing = "a"

    def rewritten(match: re.Match[str]) -> str:
        nonlocal closing
        end, tag, rest = match.groups()
        if end:
            return f"</{closing}>" if tag == "a" else match[0]
        given = {name: unescape(value) for name, value in _ATTRIBUTE.findall(rest)}
        if tag == "img":
            return _picture(given, address(given.get("src", "")))
        if tag != "a":  # its `cite` may contain an address
            given.pop("cite", None)
            return _tag(tag, given)
        href, closing = given.get("href"), "a"
        if href is None or href.startswith("#"):
            return match[0]
        found = address(href)
        if found is None and _ELSEWHERE.match(href):
            return match[0]
        kept = {name: given[name] for name in _OF_A_LINK if name in given}
        if found:
            return _tag("a", {"href": found, **kept})
        closing = "span"
        kept.pop("title", None)
        return _tag("span", kept)

    return _TAG.sub(rewritten, html)


def _picture(given: dict[str, str], address: str | None) -> str:
    if not address:
        alt = given.get("alt") or own_text("picture")
        return f'<span class="image-link">{escape(alt, quote=False)}</span>'
    if "srcset" in given:
        src = given["src"]
        choices = [choice.strip() for choice in given["srcset"].split(", ")]
        given["srcset"] = ", ".join(
            address + choice.removeprefix(src) for choice in choices if choice.startswith(src)
        )
    return _tag("img", given | {"src": address})


def _tag(name: str, attributes: dict[str, str]) -> str:
    written = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>"
