"""Plain text and excerpts of pages."""

import html as entities
import re

_TAG = re.compile(r'<(/?)([a-z0-9]+)((?:[^>"]|"[^"]*")*)>')
_APPARATUS = re.compile(  # generated text, which is not the author's
    r'<sup class="footnote-ref">.*?</sup>|<a class="footnote-back"[^>]*>.*?</a>'
    r'|<div class="toc">.*?</div>',
    re.DOTALL,
)
_ALT = re.compile(r' alt="([^"]*)"')
_BLOCKS = frozenset(
    [
        "p",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "tr",
        "caption",
        "blockquote",
        "pre",
        "hr",
        "div",
        "section",
        "details",
        "summary",
        "figure",
        "figcaption",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "br",
    ]
)
_CELLS = frozenset({"td", "th"})
_GAP = {**dict.fromkeys(_BLOCKS, "\n"), **dict.fromkeys(_CELLS, "\n")}
_BLANKS = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r" ?\n[ \n]*")


def text_of_html(html: str) -> str:
    """Return the text of sanitised HTML as lines; pictures count with their description."""

    def replace(match: re.Match[str]) -> str:
        tag = match[2]
        if tag in _BLOCKS:
            return "\n"
        if tag in _CELLS:
            return " "
        if tag == "img":
            alt = _ALT.search(match[3])
            return f" {alt[1]} " if alt else " "
        return ""

    text = entities.unescape(_TAG.sub(replace, _APPARATUS.sub("", html)))
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()


def seen_text(html: str) -> str:
    """Return the characters of sanitised HTML that browsers show, in the order of the document,
    with line ends between blocks. Pictures have none."""
    return entities.unescape(_TAG.sub(lambda tag: _GAP.get(tag[2], ""), html))


def excerpt(text: str, width: int = 240) -> str:
    """Return the beginning of `text` on one line, cut between words to at most `width`
    characters."""
    line = " ".join(text[: 8 * width].split())
    if len(line) <= width:
        return line
    return line[: _cut_before(line, width - 1)].rstrip(" ,;:.-–—") + "…"


def _cut_before(text: str, end: int) -> int:
    """Return the last end of a word up to `end`, or `end` if there is none near."""
    if end >= len(text) or text[end].isspace():
        return end
    near = max(0, end - 40)
    blank = max(text.rfind(" ", near, end), text.rfind("\n", near, end))
    return blank if blank > near else end
