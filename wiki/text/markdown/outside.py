"""A page's HTML for readers outside the wiki, who have some pages of it and nothing else.

Done when it is shown, on what the sanitiser has left: links and pictures that lead to what these
readers have get other addresses, all others become the words that stand there. Whether something is
behind those, and what its address is, cannot be told.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape, unescape

_TAG = re.compile(r'<(/?)(a|img|blockquote|q|del|ins)(?![\w-])((?:[^>"]|"[^"]*")*)>')
_ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')
_ELSEWHERE = re.compile(r"(?:https?|mailto|tel|xmpp):", re.IGNORECASE)
_OF_A_LINK = ("id", "title", "dir", "lang", "aria-label")

Address = Callable[[str], "str | None"]


def for_outsiders(html: str, address: Address) -> str:
    """``html`` of a page with each link and picture of the wiki led elsewhere, or made words.

    :param address: where something of the wiki is for these readers, by its address in the wiki;
        None: they have none. It is asked for other hosts too, which keep their address without one,
        unless it answers with an empty one.
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
        if tag != "a":  # which may say what it quotes
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
        alt = given.get("alt") or "Image"
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
