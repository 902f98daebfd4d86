"""Final sanitising of every page's HTML: an allowlist, applied by nh3 within a limit on depth."""

import re
from functools import cache

import nh3

from wiki.text.markdown import elements, highlight, rawhtml
from wiki.text.markdown.blocks import LOOKS
from wiki.text.markdown.headings import PREFIX
from wiki.text.markdown.links import REL

MAX_DEPTH = 256

TAGS = (elements.INLINE | elements.BLOCKS | {"input", "section"}) - {
    "center", "tt", "strike", "article", "aside", "footer", "header", "main", "nav",
}  # fmt: skip
CLASSES = (
    frozenset(
        [
            "admonition",
            "admonition-title",
            "anchor",
            "broken-link",
            "external",
            "footnote-back",
            "footnote-ref",
            "footnotes",
            "image-link",
            "include",
            "mention",
            "table-scroll",
            "task-list",
            "task-list-item",
            "toc",
        ]
    )
    | {f"admonition-{look}" for look in LOOKS.values()}
    | highlight.CLASSES
)
_CLASS = re.compile(r"wl-\d{1,6}|language-[\w+#.-]{1,30}")
_ID = re.compile(rf"{PREFIX}\S{{1,250}}|fn(?:ref)?-\d[\d-]*")
_NUMBER = re.compile(r"-?\d{1,5}%?")
_LABEL = re.compile(
    "\x02(?:(?:table|back)\x1f\\d+|footnotes|done|to-do|section\x1f[^\x02\x03]*)\x03"
)
_FILE = re.compile(r"/(?![/\\])(?:[^\\?#]+/)?-/files/[^/\\?#]+(?:[?#].*)?")
_VALUES: dict[str, re.Pattern[str]] = {
    "id": _ID,
    "aria-label": _LABEL,
    "role": re.compile("region|note|doc-endnotes"),
    "tabindex": re.compile("0"),
    "rel": re.compile(REL),
    "loading": re.compile("lazy"),
    "align": re.compile("left|right|center|justify"),
    "valign": re.compile("top|middle|bottom|baseline"),
    "dir": re.compile("ltr|rtl|auto"),
    "scope": re.compile("row|col|rowgroup|colgroup"),
    "type": re.compile("checkbox|[1aAiI]"),
    **dict.fromkeys(
        ("width", "height", "data-line", "start", "value", "colspan", "rowspan", "span"), _NUMBER
    ),
}
_ATTRIBUTES: dict[str, set[str]] = {tag: set(names) for tag, names in rawhtml.ATTRIBUTES.items()}
for _tag, _names in {
    "*": {"class"},
    "a": {"href", "rel", "aria-label"},
    "img": {"src", "alt", "width", "height", "loading"},
    "div": {"role", "aria-label", "tabindex"},
    "section": {"role", "aria-label"},
    "pre": {"tabindex"},
    "input": {"aria-label", "checked"},
}.items():
    _ATTRIBUTES.setdefault(_tag, set()).update(_names)

# Open tags that a tag ends, so that old HTML without end tags does not count as deep.
_CELLS = {"td", "th"}
_ENDS = {
    "p": {"p"}, "li": {"li"}, "dt": {"dt", "dd"}, "dd": {"dt", "dd"}, "option": {"option"},
    "td": _CELLS, "th": _CELLS, "tr": _CELLS | {"tr"},
    "tbody": _CELLS | {"tr", "tbody", "thead"}, "thead": _CELLS | {"tr", "tbody"},
}  # fmt: skip
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "#raw",
    ]
)
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")


class TooDeepHtmlError(ValueError):
    """The HTML nests deeper than can be cleaned in time."""


def sanitise(html: str, *, lines: bool = False) -> str:
    """Remove everything from `html` that could run, load, track or imitate the application's ids.

    The function is idempotent.

    :param lines: keep the numbers of lines (`data-line`).
    :raises TooDeepHtmlError: when the HTML nests too deep, because cleaning takes time quadratic in
        the depth.
    """
    if depth_of(html, MAX_DEPTH) > MAX_DEPTH:
        raise TooDeepHtmlError(f"The HTML nests more than {MAX_DEPTH} levels deep.")
    return (
        _cleaner(lines).clean(html).lstrip("\ufeff")
    )  # a parser would take it for a byte order mark


def depth_of(html: str, limit: int) -> int:
    """Return a lower bound of the nesting depth; stops counting beyond `limit`."""
    stack: list[str] = []
    counts: dict[str, int] = {}
    deepest = 0
    for match in _TAG.finditer(html):
        tag = match[2].lower()
        if tag in _VOID:
            continue
        if match[1]:
            while counts.get(tag):
                top = stack.pop()
                counts[top] -= 1
                if top == tag:
                    break
            continue
        ended = _ENDS.get(tag)
        while ended and stack and stack[-1] in ended:
            counts[stack.pop()] -= 1
        stack.append(tag)
        counts[tag] = counts.get(tag, 0) + 1
        if len(stack) > deepest:
            deepest = len(stack)
            if deepest > limit:
                break
    return deepest


@cache
def _cleaner(lines: bool) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(TAGS),
        clean_content_tags={"script", "style"},
        attributes=_ATTRIBUTES | ({"*": _ATTRIBUTES["*"] | {"data-line"}} if lines else {}),
        attribute_filter=_attribute,
        strip_comments=True,
        link_rel=None,
        set_tag_attribute_values={"input": {"type": "checkbox", "disabled": ""}},
        url_schemes={"http", "https", "mailto", "tel", "xmpp"},
    )


def _attribute(_: str, name: str, value: str) -> str | None:
    if name == "class":
        words = [word for word in value.split() if word in CLASSES or _CLASS.fullmatch(word)]
        return " ".join(words) or None
    if name == "src":
        return value if _FILE.fullmatch(value) and ".." not in value.split("/") else None
    pattern = _VALUES.get(name)
    if pattern is None:
        return value
    return value if pattern.fullmatch(value) else None
