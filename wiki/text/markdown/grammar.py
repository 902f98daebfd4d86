"""The grammar of pages as tokens: CommonMark, GitHub's extensions, and those of the wiki.

Wiki links, embedded files and mentions are inline rules of markdown-it, admonitions a block rule.
Their tokens are `wikilink` and `embed` (meta: target, label), `mention` (meta: handle),
`admonition_open`/`_close` (meta: kind, folding) and `admonition_title_open`/`_close` around inline
text. Includes are found among the paragraphs: `include` (meta: target, and the span of its
characters in the content).
"""

import re
from collections.abc import Container
from functools import cache

from markdown_it import MarkdownIt, rules_block, rules_inline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.footnote.index import footnote_def

from wiki.text.markdown.autolinks import autolink_plugin
from wiki.text.markdown.wikilinks import inner_at, is_media, split_label
from wiki.text.own_texts import admonition_title

MAX_NESTING = 100  # levels of blocks; a list counts as two, its own and its item's

_MENTION = re.compile(
    r"@((?>[^\W\d_](?:[\w.-]{0,62}[^\W_])?))(?![@/\w])"
    r"(?![\w.+-]{0,64}@|://|:[\w.+-]{1,64}@)"  # not part of an address
)
_ADMONITION = re.compile(r'(!!!|\?\?\?\+?)[ \t]+([A-Za-z][\w-]{0,30})(?:[ \t]+"([^"]*)")?[ \t]*$')
_ADMONITION_INDENT = 4


@cache
def grammar() -> MarkdownIt:
    """Return the shared parser of this process, which keeps no state between texts."""
    return build_grammar()


def build_grammar() -> MarkdownIt:
    """Return a new parser of pages, whose rules may be wrapped."""
    options = {
        "html": True,
        "maxNesting": MAX_NESTING,
        "tasklists": True,
        "strikethrough_single_tilde": True,
    }
    parser = MarkdownIt("commonmark", options)
    parser.enable(["table", "strikethrough"])
    parser.use(autolink_plugin)
    parser.use(footnote_plugin, inline=False)
    parser.block.ruler.at("footnote_def", footnote, {"alt": ["paragraph", "reference"]})
    parser.block.ruler.at("reference", reference)
    parser.use(deflist_plugin)
    parser.core.ruler.before("inline", "include", _include)
    parser.inline.ruler.before("link", "wikilink", wiki_link)
    parser.inline.ruler.before("image", "embed", embed)
    parser.inline.ruler.at("link", link)
    parser.inline.ruler.at("image", image)
    parser.inline.ruler.at("html_inline", html_inline)
    parser.inline.ruler.before("autolink_scheme", "mention", _mention)
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "admonition", _admonition, {"alt": interrupts})
    return parser


def footnote(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse `[^name]: text`. Inside another footnote, at any depth, it is plain text, because both
    could not be moved to the end of the page."""
    if silent:  # the line ends a paragraph in any case
        return footnote_def(state, start_line, end_line, silent)
    if state.env.get("in_footnote"):
        return False
    state.env["in_footnote"] = True
    try:
        return footnote_def(state, start_line, end_line, silent)
    finally:
        del state.env["in_footnote"]


def reference(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse `[label]: address`, but not a footnote definition that `footnote` rejected."""
    begin = state.bMarks[start_line] + state.tShift[start_line]
    if state.env.get("in_footnote") and state.src.startswith("[^", begin):
        return False
    return rules_block.reference(state, start_line, end_line, silent)


def wiki_link(state: StateInline, silent: bool) -> bool:
    """Parse `[[path/to/page#section|label]]`, unless CommonMark reads the same text differently."""
    start = state.pos + 2
    if not state.src.startswith("[[", state.pos) or state.linkLevel > 0:
        return False
    if state.pos and state.src[state.pos - 1] in "![":
        return False
    inner = inner_at(state.src, start, state.posMax, state.env.get("references", {}))
    end = start + len(inner)
    if not inner or state.src.startswith("(", end + 2):  # [[1]](address): a link called [1]
        return False
    if not silent:
        token = state.push("wikilink", "", 0)
        target, label = split_label(inner)
        token.meta = {"target": target, "label": label}
    state.pos = end + 2
    return True


def embed(state: StateInline, silent: bool) -> bool:
    """Parse `![[picture.png|300]]` anywhere in a line. A page cannot be embedded within a line;
    there `![[page]]` is a link to it."""
    start = state.pos + 3
    if not state.src.startswith("![[", state.pos):
        return False
    inner = inner_at(state.src, start, state.posMax, state.env.get("references", {}))
    target, label = split_label(inner)
    media = is_media(target)
    if not target or (not media and (state.linkLevel > 0 or inner.startswith("^"))):
        return False
    if not silent:
        token = state.push("embed" if media else "wikilink", "", 0)
        token.meta = {"target": target, "label": label}
    state.pos = start + len(inner) + 2
    return True


def link(state: StateInline, silent: bool) -> bool:
    """Parse `[text](address)`. A search without a later closing bracket is skipped."""
    return state.html_terminator_last("]") > state.pos and rules_inline.link(state, silent)


def image(state: StateInline, silent: bool) -> bool:
    """Parse `![text](address)`, with the same shortcut."""
    return state.html_terminator_last("]") > state.pos and rules_inline.image(state, silent)


def html_inline(state: StateInline, silent: bool) -> bool:
    """Parse a tag, a comment or other inline HTML.

    A comment ends at the first `-->`. markdown-it's own pattern misses some comments and then
    searches for the end again from every `<!--`, in time quadratic in the length.
    """
    start = state.pos
    if not state.src.startswith("<!--", start):
        return rules_inline.html_inline(state, silent)
    if state.html_terminator_last("-->") < start + 2:
        return False
    end = state.src.find("-->", start + 2, state.posMax) + 3
    if end < 3:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = state.src[start:end]
    state.pos = end
    return True


def _include(state: StateCore) -> None:
    """Parse `![[path/to/page#section]]` if it is alone in a top-level paragraph."""
    tokens: list[Token] = []
    for token in state.tokens:
        tokens.append(token)
        if token.type != "paragraph_close" or token.level:
            continue
        content = tokens[-2].content
        target = _included(content, state.env.get("references", {}))
        if target:
            at = content.index(target, 3)
            include = Token("include", "", 0, content=content, map=tokens[-3].map, block=True)
            include.meta = {"target": target, "at": (at, at + len(target))}
            tokens[-3:] = [include]
    state.tokens = tokens


def _included(content: str, references: Container[str]) -> str:
    """Return the target that a paragraph of this content includes; empty if there is none, or if
    CommonMark reads it differently."""
    if not (content.startswith("![[") and content.endswith("]]")):
        return ""
    inner = inner_at(content, 3, len(content), references)
    target, _ = split_label(inner)
    if len(inner) + 5 != len(content) or inner.startswith("^") or is_media(target):
        return ""
    return target


def _mention(state: StateInline, silent: bool) -> bool:
    """Parse `@handle`, unless a word ends just before it or it is part of an address."""
    if state.src[state.pos] != "@" or state.linkLevel > 0 or silent:
        return False
    if state.pos:
        before = state.src[state.pos - 1]
        if before.isalnum() or before in "_-+./@=&#:\\":
            return False
    match = _MENTION.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    token = state.push("mention", "", 0)
    token.meta = {"handle": match[1]}
    state.pos = match.end()
    return True


def _admonition(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse `!!! note "Title"` (or `???` folded, `???+` unfolded) and the indented lines below
    it."""
    if state.is_code_block(start_line):
        return False
    begin = state.bMarks[start_line] + state.tShift[start_line]
    if begin >= len(state.src) or state.src[begin] not in "!?":
        return False
    match = _ADMONITION.match(state.src[begin : state.eMarks[start_line]])
    if match is None:
        return False
    if silent:
        return True

    indent = state.blkIndent + _ADMONITION_INDENT
    next_line = last = start_line + 1
    while next_line < end_line:
        if not state.isEmpty(next_line):
            if state.sCount[next_line] < indent:
                break
            last = next_line + 1
        next_line += 1

    token = state.push("admonition_open", "div", 1)
    token.map = [start_line, last]
    token.meta = {"kind": match[2].lower(), "folding": match[1]}
    title = admonition_title(match[2]) if match[3] is None else match[3].strip()
    if title or match[1] != "!!!":  # an admonition that folds needs a title to click
        tag = "p" if match[1] == "!!!" else "summary"
        token = state.push("admonition_title_open", tag, 1)
        token.attrs = {"class": "admonition-title"}
        token = state.push("inline", "", 0)
        token.content = title or admonition_title(match[2])
        token.children = []
        state.push("admonition_title_close", tag, -1)
    before = state.parentType, state.lineMax, state.blkIndent
    state.parentType, state.lineMax, state.blkIndent = "admonition", last, indent
    state.md.block.tokenize(state, start_line + 1, last)
    state.parentType, state.lineMax, state.blkIndent = before
    state.push("admonition_close", "div", -1)
    state.line = last
    return True
