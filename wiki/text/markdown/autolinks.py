"""Autolinks: addresses that are links without any markup, as recognised by cmark-gfm (GitHub).

`https://`, `http://` and `ftp://` count after every character except a letter of the same word,
`www.` at the start, after ASCII white space and after `*`, `_`, `~` or `(`, e-mail addresses after
every character. After a square bracket that is still open only e-mail addresses count, because the
text may be that of a link.

There are two deliberate differences. cmark-gfm ends an address only at ASCII white space and `<`;
here it also ends at all other white space, at the punctuation of scripts without spaces between
words (`。` and the like), at typographic quotation marks, and before a wide closing bracket that
the address has not opened. In an address these characters are percent-encoded; unencoded, they
belong to the sentence around it. And the text before `mailto:` is never part of the address.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.common.utils import isLinkClose, isLinkOpen
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, escape
from markdown_it.token import Token

_WORD = re.compile(r"[A-Za-z]{1,6}\Z")
_SCHEMES = frozenset({"http", "https", "ftp"})
_BEFORE_WWW = frozenset(" \t\n\v\f\r*_~(")

_WIDE_BRACKETS = dict(zip("）］｝」』】》〉〕", "（［｛「『【《〈〔", strict=True))
_OPENING = frozenset(_WIDE_BRACKETS.values())
_STOP = re.compile(r"[\s<。，、；：！？“”„‟«»）］｝」』】》〉〕（［｛「『【《〈〔]")
_TRAILING = frozenset("?!.,:*_~'\"’›…．")
_ENTITY = re.compile(r"&[A-Za-z]+;\Z")
_LONGEST_ENTITY = 40

_LOCAL = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-_")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9]))*")
_DOMAIN_AND_RESOURCE = re.compile(r"(?:[A-Za-z0-9_/-]|\.(?=[A-Za-z0-9]))*")  # of an xmpp address
_PROTOCOL = re.compile(r"(?<![A-Za-z0-9])(?:mailto|xmpp):\Z")
_LONGEST_PROTOCOL = 8  # characters, including the one before it

BARE = "bare"  # the markup of these links, which have none
_OPEN = "open_brackets"  # attribute of an inline state: the number of open brackets


def autolink_plugin(parser: MarkdownIt) -> None:
    """Add the rules to `parser` after all others."""
    stops = parser.inline.terminator_re.pattern.replace(":", "")
    parser.inline.terminator_re = re.compile(rf"{stops}|:(?=//)|www\.")
    parser.inline.ruler.at("escape", _escape)
    parser.inline.ruler.push("autolink_scheme", _scheme)
    parser.inline.ruler.push("autolink_www", _www)
    parser.inline.ruler.push("brackets", _brackets)
    parser.core.ruler.push("autolink_email", _email)


def _escape(state: StateInline, silent: bool) -> bool:
    """Parse a backslash. Before a letter it is plain text, and an address can begin after it."""
    if state.src[state.pos + 1 : state.pos + 2].isalnum():
        return False
    return escape(state, silent)


def _scheme(state: StateInline, silent: bool) -> bool:
    """Parse an address that begins with `https://host`, found at its colon."""
    pos, src = state.pos, state.src
    if silent or not src.startswith("://", pos) or not _may_begin(state):
        return False
    word = _WORD.search(src, max(0, pos - 6), pos)
    if word is None or word[0].lower() not in _SCHEMES or not state.pending.endswith(word[0]):
        return False
    if pos + 3 >= state.posMax or not _is_host_character(src[pos + 3]):
        return False
    end = _domain_end(src, pos + 3, state.posMax)
    if not end:
        return False
    state.pending = state.pending[: -len(word[0])]
    _link(state, word.start(), _address_end(src, word.start(), end, state.posMax), "")
    return True


def _www(state: StateInline, silent: bool) -> bool:
    """Parse an address that begins with `www.host`."""
    pos, src = state.pos, state.src
    if silent or not src.startswith("www.", pos, state.posMax) or not _may_begin(state):
        return False
    if pos and src[pos - 1] not in _BEFORE_WWW:
        return False
    end = _domain_end(src, pos, state.posMax)
    if end <= pos + 3:  # without the dot
        return False
    _link(state, pos, _address_end(src, pos, end, state.posMax), "http://")
    return True


def _may_begin(state: StateInline) -> bool:
    return state.linkLevel <= 0 and not vars(state).get(_OPEN)


def _brackets(state: StateInline, silent: bool) -> bool:
    """Count the open square brackets; brackets that belong to a link never reach this rule."""
    if not silent and state.src[state.pos] in "[]":
        step = 1 if state.src[state.pos] == "[" else -1
        vars(state)[_OPEN] = max(0, vars(state).get(_OPEN, 0) + step)
    return False


def _is_host_character(character: str) -> bool:
    if character.isascii():
        return character.isalnum() or not (character.isprintable() or character.isspace())
    return unicodedata.category(character) not in _NO_HOST


_NO_HOST = frozenset({"Zs", "Zl", "Zp", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"})


def _domain_end(src: str, start: int, limit: int) -> int:
    """Return the end of the ASCII part of the domain at `start`, or the position of its last
    character.

    Return 0 if there is no valid domain: the last two parts of a name must have no underscore,
    unless it has many parts.
    """
    dots = before_last = last = 0
    at = start + 1
    while at < limit - 1:
        if src[at] == "\\" and at < limit - 2:
            at += 1
        character = src[at]
        if character == "_":
            last += 1
        elif character == ".":
            before_last, last = last, 0
            dots += 1
        elif not (character == "-" or (character.isascii() and _is_host_character(character))):
            break
        at += 1
    return 0 if (before_last or last) and dots <= 10 else at


def _address_end(src: str, start: int, domain_end: int, limit: int) -> int:
    """Return the end of the address that begins at `start`, without punctuation of the sentence."""
    end = limit
    opened: dict[str, int] = {}
    for found in _STOP.finditer(src, domain_end, limit):
        opening = _WIDE_BRACKETS.get(found[0])
        if found[0] in _OPENING:
            opened[found[0]] = opened.get(found[0], 0) + 1
        elif opening and opened.get(opening, 0):
            opened[opening] -= 1
        else:
            end = found.start()
            break
    surplus = src.count(")", start, end) - src.count("(", start, end)
    while end > start:
        last = src[end - 1]
        if last == ")" and surplus > 0:
            surplus -= 1
        elif last == ";":
            entity = _ENTITY.search(src, max(start, end - _LONGEST_ENTITY), end)
            end = entity.start() + 1 if entity else end
        elif last not in _TRAILING:
            break
        end -= 1
    return end


def _link(state: StateInline, start: int, end: int, prefix: str) -> None:
    written = state.src[start:end]
    for kind, tag, nesting in _SHAPE:
        token = state.push(kind, tag, nesting)
        _dress(token, written, state.md.normalizeLink(prefix + written))
        if nesting == 1:
            token.meta["at"] = (start, end)
    state.pos = end


_SHAPE: tuple[tuple[str, str, Literal[-1, 0, 1]], ...] = (
    ("link_open", "a", 1),
    ("text", "", 0),
    ("link_close", "a", -1),
)


def _dress(token: Token, written: str, href: str) -> None:
    if token.type == "text":
        token.content = written
        return
    token.markup, token.info = BARE, "auto"
    if token.type == "link_open":
        token.attrs = {"href": href}


def _email(state: StateCore) -> None:
    """Turn e-mail addresses in the text outside of links into links."""
    for inline in state.tokens:
        if inline.type != "inline" or not inline.children:
            continue
        children: list[Token] = []
        inside = 0
        for token in inline.children:
            if token.type == "link_open" or (
                token.type == "html_inline" and isLinkOpen(token.content)
            ):
                inside += 1
            elif token.type == "link_close" or (
                token.type == "html_inline" and isLinkClose(token.content)
            ):
                inside -= 1
            if token.type == "text" and inside <= 0 and "@" in token.content:
                children += _split(token, state.md)
            else:
                children.append(token)
        inline.children = children


def _split(text: Token, md: MarkdownIt) -> Sequence[Token]:
    """Split a text token into several, with links for its e-mail addresses."""
    tokens: list[Token] = []
    last = 0

    def plain(end: int) -> None:
        if last < end:
            tokens.append(Token("text", "", 0, content=text.content[last:end], level=text.level))

    for start, end, prefix in _emails(text.content):
        plain(start)
        written = text.content[start:end]
        for kind, tag, nesting in _SHAPE:
            token = Token(kind, tag, nesting, level=text.level + (kind == "text"))
            _dress(token, written, md.normalizeLink(prefix + written))
            tokens.append(token)
        last = end
    plain(len(text.content))
    return tokens


def _emails(text: str) -> list[tuple[int, int, str]]:
    """Return the start, the end and the URL prefix of each e-mail address in a text."""
    found = []
    floor, at = 0, text.find("@")
    while at >= 0:
        start = at
        while start > floor and text[start - 1] in _LOCAL:
            start -= 1
        protocol = _PROTOCOL.search(text, max(floor, start - _LONGEST_PROTOCOL), start)
        resource = protocol is not None and protocol[0] == "xmpp:"
        domain = (_DOMAIN_AND_RESOURCE if resource else _DOMAIN).match(text, at + 1)
        end = domain.end() if domain else at + 1
        if start == at:  # no local part
            end = at + 1
        elif end == len(text) or text[end] != "@":
            if "." in text[at:end] and text[end - 1].isascii() and text[end - 1].isalpha():
                begin = protocol.start() if protocol else start
                found.append((begin, end, "" if protocol else "mailto:"))
        else:
            end = at + 1
        floor, at = end, text.find("@", end)
    return found
