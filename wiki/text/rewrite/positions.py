"""The grammar that renders pages, with rules that also record the positions of addresses.

An inline token has the position of its destination in its piece of text as ``meta["at"]``. The
environment has the positions of the destinations of definitions, by label, as ``spans``.
"""

from __future__ import annotations

from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_inline import StateInline, autolink

from wiki.text.markdown.grammar import build_grammar, embed, html_inline, image, link, wiki_link


def build_recording_grammar() -> MarkdownIt:
    """Return a parser that records positions."""
    parser = build_grammar()
    parser.options["store_labels"] = True
    parser.inline.ruler.at("link", _link)
    parser.inline.ruler.at("image", _image)
    parser.inline.ruler.at("html_inline", _html_inline)
    parser.inline.ruler.at("autolink", _autolink)
    parser.inline.ruler.at("wikilink", _wiki_link)
    parser.inline.ruler.at("embed", _embed)
    parser.block.ruler.at("reference", _reference, {"alt": []})
    return parser


def _link(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "[" and _noting(state, silent, link, 0)


def _image(state: StateInline, silent: bool) -> bool:
    return state.src[state.pos] == "!" and _noting(state, silent, image, 1)


def _noting(state: StateInline, silent: bool, rule: Any, offset: int) -> bool:
    """Apply the rule, and record the position of the destination in the token."""
    start, at = state.pos, len(state.tokens)
    pending = bool(state.pending)
    if not rule(state, silent):
        return False
    if silent or state.src[state.pos - 1] != ")":  # a reference ends in a bracket
        return True
    end, state.pos = state.pos, start
    label_end = state.md.helpers.parseLinkLabel(state, start + offset, offset == 0)
    state.pos = end
    at += pending  # if the text before it has become a token
    position = label_end + 2
    while state.src[position] in " \t\n":
        position += 1
    result = state.md.helpers.parseLinkDestination(state.src, position, state.posMax)
    if result.ok:
        angle = state.src[position] == "<"
        state.tokens[at].meta["at"] = (position + angle, result.pos - angle)
    return True


def _html_inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    if not html_inline(state, silent):
        return False
    if not silent:
        state.tokens[-1].meta["at"] = (start, state.pos)
    return True


def _autolink(state: StateInline, silent: bool) -> bool:
    start, at = state.pos, len(state.tokens) + bool(state.pending)
    if not autolink(state, silent):
        return False
    if not silent:
        state.tokens[at].meta["at"] = (start + 1, state.pos - 1)
    return True


def _wiki_link(state: StateInline, silent: bool) -> bool:
    return _noting_target(state, silent, wiki_link, 2)


def _embed(state: StateInline, silent: bool) -> bool:
    return _noting_target(state, silent, embed, 3)


def _noting_target(state: StateInline, silent: bool, rule: Any, offset: int) -> bool:
    """Apply the rule for a wiki link, whose target begins after ``offset`` characters, and record
    the position of the target."""
    start = state.pos + offset
    if not rule(state, silent):
        return False
    if not silent:
        target = state.tokens[-1].meta["target"]
        start = state.src.index(target, start)
        state.tokens[-1].meta["at"] = (start, start + len(target))
    return True


def _reference(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    known = len(state.env.get("references", {}))
    if not reference(state, start_line, end_line, silent):
        return False
    references = state.env.get("references", {})
    if silent or len(references) == known:  # the first definition of a label counts
        return True
    begin = state.bMarks[start_line] + state.tShift[start_line]
    end = state.eMarks[start_line]
    position = begin + 1
    while position < end and state.src[position] != "]":
        position += 1 + (state.src[position] == "\\")
    position += 2
    while position < end and state.src[position] in " \t":
        position += 1
    if position < end:  # else the destination is on the next line
        result = state.md.helpers.parseLinkDestination(state.src, position, end)
        if result.ok:
            angle = state.src[position] == "<"
            spans = state.env.setdefault("spans", {})
            spans[next(reversed(references))] = (position + angle, result.pos - angle)
    return True
