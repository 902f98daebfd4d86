"""HTML as a list of events, so that two ways to write the same document compare equal."""

import re
from html.parser import HTMLParser

BLOCKS = frozenset(
    {"blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"}
) | {*("p", "pre", "table", "tbody", "td", "th", "thead", "tr", "ul")}

Event = tuple[str, str, tuple[tuple[str, str], ...]]


class _Events(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.events: list[Event] = []
        self.inside_pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside_pre += tag == "pre"
        named = tuple(sorted((name, value or "") for name, value in attrs))
        self.events.append(("start", tag, named))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.inside_pre -= tag == "pre"
        self.events.append(("end", tag, ()))

    def handle_data(self, data: str) -> None:
        kind = "verbatim" if self.inside_pre else "text"
        if self.events and self.events[-1][0] == kind:
            data = self.events.pop()[1] + data
        self.events.append((kind, data, ()))

    def handle_comment(self, data: str) -> None:
        self.events.append(("comment", data, ()))

    def handle_decl(self, decl: str) -> None:
        self.events.append(("declaration", decl, ()))

    def handle_pi(self, data: str) -> None:
        self.events.append(("instruction", data, ()))

    def unknown_decl(self, data: str) -> None:
        self.events.append(("unknown", data, ()))


def events(html: str) -> list[Event]:
    """The tags, attributes and texts of `html`; blanks count only where a reader sees them."""
    parser = _Events()
    parser.feed(html)
    parser.close()
    result: list[Event] = []
    for index, (kind, value, attributes) in enumerate(parser.events):
        if kind == "text":
            value = re.sub(r"\s+", " ", value)
            if index == 0 or _is_block(parser.events[index - 1]):
                value = value.lstrip()
            if index + 1 == len(parser.events) or _is_block(parser.events[index + 1]):
                value = value.rstrip()
            if not value:
                continue
        result.append((kind, value, attributes))
    return result


def tags(html: str, wanted: frozenset[str]) -> list[str]:
    """The start and end tags among `wanted`, in order: the skeleton of a document."""
    names = {"start": "", "end": "/"}
    return [
        names[kind] + value for kind, value, _ in events(html) if kind in names and value in wanted
    ]


def _is_block(event: Event) -> bool:
    return event[0] in ("start", "end") and event[1] in BLOCKS
