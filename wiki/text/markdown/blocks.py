"""Blocks beyond CommonMark: admonitions, GitHub's alerts, code, tables, task lists."""

import re
from xml.etree.ElementTree import Element

from wiki.text.markdown.highlight import highlight
from wiki.text.markdown.tree import RAW
from wiki.text.own_texts import admonition_title, own_text

# Kind of admonition as written -> its style.
LOOKS = {
    "note": "note", "info": "note", "abstract": "note", "summary": "note", "quote": "note",
    "todo": "note", "example": "note", "seealso": "note",
    "tip": "tip", "hint": "tip", "success": "tip", "check": "tip", "done": "tip",
    "important": "important", "question": "important", "help": "important", "faq": "important",
    "warning": "warning", "attention": "warning", "alert": "warning",
    "caution": "caution", "danger": "caution", "error": "caution", "failure": "caution",
    "fail": "caution", "bug": "caution", "missing": "caution",
}  # fmt: skip
_ALERT = re.compile(
    r"\s*\[!(?P<kind>[A-Za-z][\w-]{0,30})(?:\|[^\]\n]{0,60})?\](?P<folding>[+-]?)"
    r"(?:[ \t]*(?P<end>\n|\Z)[ \t]*|[ \t]+|(?=\Z))"
)
_FOLDING = {"": "!!!", "-": "???", "+": "???+"}


class Blocks:
    """A converter for the blocks of one page, which are changed in place."""

    def __init__(self) -> None:
        self.tables = 0

    def open_table(self) -> dict[str, str]:
        """Return the attributes of the box in which a wide table scrolls; it can be focused by
        keyboard."""
        self.tables += 1
        label = own_text("table", str(self.tables))
        return {"class": "table-scroll", "role": "region", "aria-label": label, "tabindex": "0"}

    def table(self, element: Element) -> None:
        """Turn the table into a scrolling box with the table inside."""
        table = Element("table")
        table.extend(element)
        for child in list(element):
            element.remove(child)
        element.tag = "div"
        element.attrib.update(self.open_table())
        element.append(table)

    def admonition(self, element: Element) -> None:
        """Turn `!!! note "Title"` into a `div`, and `???` into `details`."""
        kind, folding = element.get("kind", "note"), element.get("folding", "!!!")
        element.attrib.clear()
        element.set("class", f"admonition admonition-{LOOKS.get(kind, 'note')}")
        if folding == "!!!":
            element.tag = "div"
            element.set("role", "note")
        else:
            element.tag = "details"
            if folding == "???+":
                element.set("open", "")

    def quote(self, element: Element) -> None:
        """Turn a quote that begins with `[!NOTE]` into an admonition. The rest of that line, if
        any, is its title; `-` makes it folded, and `+` foldable but open."""
        first = element[0] if len(element) else None
        if first is None or first.tag != "p":
            return
        match = _ALERT.match(first.text or "")
        if match is None:
            return
        first.text = (first.text or "")[match.end() :]
        element.set("kind", match["kind"].lower())
        element.set("folding", _FOLDING[match["folding"]])
        tag = "summary" if match["folding"] else "p"
        title = Element(tag, {"class": "admonition-title"})
        if match["end"] is None and (len(element) > 1 or _has_more_lines(first)):
            _take_line(first, title)
        if not (title.text or len(title)):
            title.text = admonition_title(match["kind"])
        if not first.text and not len(first):
            element.remove(first)
        element.insert(0, title)
        self.admonition(element)

    def code(self, pre: Element) -> None:
        """Highlight the code of a fenced block. The block can be focused, so that long lines scroll
        by keyboard."""
        pre.set("tabindex", "0")
        code = pre[0]
        language = code.get("class", "").removeprefix("language-")
        coloured = highlight(code.text or "", language) if language else None
        if coloured is not None:
            code.text = None
            raw = Element(RAW)
            raw.text = coloured
            code.append(raw)

    def items(self, element: Element) -> None:
        """Add classes to a task list and its items."""
        tasks = [item for item in element if len(item) and _is_task(item)]
        for item in tasks:
            item.set("class", "task-list-item")
        if tasks:
            element.set("class", "task-list")


def _has_more_lines(paragraph: Element) -> bool:
    return "\n" in "".join(paragraph.itertext())


def _take_line(source: Element, into: Element) -> None:
    """Move the first line of a paragraph into another element."""
    into.text, ends, source.text = (source.text or "").partition("\n")
    while not ends and len(source):
        child = source[0]
        source.remove(child)
        child.tail, ends, source.text = (child.tail or "").partition("\n")
        if child.tag == "br":
            return
        into.append(child)


def _is_task(item: Element) -> bool:
    return item[0].tag == "input" and not (item.text or "").strip()
