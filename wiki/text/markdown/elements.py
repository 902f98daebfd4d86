"""The HTML elements that authors may use, and the treatment of all other HTML elements."""

INLINE = frozenset(
    [
        "a",
        "abbr",
        "b",
        "bdi",
        "bdo",
        "br",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "i",
        "img",
        "ins",
        "kbd",
        "mark",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
    ]
)
BLOCKS = frozenset(
    [
        "article",
        "aside",
        "blockquote",
        "caption",
        "center",
        "col",
        "colgroup",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
# Tags shown as another element; None drops the tag and keeps its content.
REPLACED: dict[str, str | None] = {
    "center": "div", "tt": "code", "strike": "s", "main": "div", "nav": "div", "header": "div",
    "footer": "div", "article": "div", "aside": "div", "font": None, "big": None, "nobr": None,
    "form": None, "fieldset": None, "legend": None, "label": None, "input": None, "button": None,
    "select": None, "option": None, "optgroup": None, "picture": None, "track": None,
    "html": None, "body": None, "section": "div",
}  # fmt: skip
EMBEDS = {"iframe": "src", "video": "src", "audio": "src", "source": "src", "embed": "src"}
HIDDEN = frozenset({"script", "style"})
VOID = frozenset({"br", "col", "hr", "img", "wbr"})


def is_known(tag: str) -> bool:
    """Return whether a tag of this name, in lower case, is known; unknown tags are shown as
    text."""
    return tag in INLINE or tag in BLOCKS or tag in REPLACED or tag in EMBEDS or tag in HIDDEN
