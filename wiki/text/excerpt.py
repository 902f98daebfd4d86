"""Plain text of a page: out of its HTML, its beginning, and the window around search terms."""

import html as entities
import re
import unicodedata
from collections.abc import Sequence

_TAG = re.compile(r'<(/?)([a-z0-9]+)((?:[^>"]|"[^"]*")*)>')
_APPARATUS = re.compile(  # what is no text of the author
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
_BLANKS = re.compile(r"[ \t\xa0]+")
_LINES = re.compile(r" ?\n[ \n]*")


def text_of_html(html: str) -> str:
    """The text of sanitised HTML as lines; pictures count with their description."""

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


def excerpt(text: str, width: int = 240) -> str:
    """The beginning of `text` on one line, cut between words to at most `width` characters."""
    line = " ".join(text[: 8 * width].split())
    if len(line) <= width:
        return line
    return line[: _cut_before(line, width - 1)].rstrip(" ,;:.-–—") + "…"


def snippet(text: str, terms: Sequence[str], width: int = 200) -> list[tuple[str, bool]]:
    """The window of `text` where most of `terms` meet, as (piece, is a hit) pairs.

    Terms match from the beginning of a word, whatever the case, accents counting; in scripts
    without blanks anywhere. `width` is in characters. Joined, the pieces are the window; `…`
    stands where text was cut off. Without a hit it is the beginning of the text.
    """
    spans = _hits(text, terms)
    if not spans:
        beginning = excerpt(text, width)
        return [(beginning, False)] if beginning else []
    start, end = _window(text, spans, width)
    pieces: list[tuple[str, bool]] = [("…", False)] if start else []
    at = start
    for left, right in spans:
        if left < at or right > end:
            continue
        pieces += [(text[at:left], False), (text[left:right], True)]
        at = right
    pieces.append((text[at:end] + ("…" if end < len(text) else ""), False))
    return [(re.sub(r"\s+", " ", piece), hit) for piece, hit in pieces if piece]


def _hits(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    wanted = sorted({term.strip() for term in terms if term.strip()}, key=len, reverse=True)[:32]
    if not wanted:
        return []
    alternatives = "|".join(
        ("" if _is_unspaced(term) else r"(?<!\w)") + re.escape(term) for term in wanted
    )
    return [match.span() for match in re.finditer(alternatives, text, re.IGNORECASE)][:2000]


def _is_unspaced(term: str) -> bool:
    """Whether the script of `term` writes words without blanks (Han, kana, Thai and the like)."""
    names = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
    return unicodedata.name(term[0], "").startswith(names)


def _window(text: str, spans: list[tuple[int, int]], width: int) -> tuple[int, int]:
    """Where to cut: the place with most different hits, with some text before the first."""
    best, best_score, left = 0, (-1, 0), 0
    for right, span in enumerate(spans):
        while span[1] - spans[left][0] > width * 3 // 4 and left < right:
            left += 1
        inside = spans[left : right + 1][-50:]
        score = (len({text[a:b].casefold() for a, b in inside}), len(inside))
        if score > best_score:
            best, best_score = left, score
    start = max(0, spans[best][0] - width // 4)
    end = min(len(text), start + width)
    start = max(0, end - width)
    start = _cut_after(text, start, spans[best][0])
    return start, _cut_before(text, end) if end < len(text) else end


def _cut_after(text: str, start: int, limit: int) -> int:
    """The first beginning of a word from `start` on, or `start` where there is none near."""
    if start == 0 or text[start - 1].isspace():
        return start
    blank = re.compile(r"\s+").search(text, start, min(limit, start + 40))
    return blank.end() if blank else start


def _cut_before(text: str, end: int) -> int:
    """The last end of a word up to `end`, or `end` where there is none near."""
    if end >= len(text) or text[end].isspace():
        return end
    near = max(0, end - 40)
    blank = max(text.rfind(" ", near, end), text.rfind("\n", near, end))
    return blank if blank > near else end
