"""What HTML must look like before it may stand in a page, checked without the sanitiser."""

import re
from html.parser import HTMLParser

TAGS = frozenset(
    {"a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "code", "col", "dd"}
    | {"colgroup", "data", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "hr"}
    | {"figure", "h1", "h2", "h3", "h4", "h5", "h6", "i", "img", "input", "ins", "kbd", "li"}
    | {"mark", "ol", "p", "pre", "q", "rp", "rt", "ruby", "s", "samp", "section", "small", "span"}
    | {"strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time"}
    | {"tr", "u", "ul", "var", "wbr"}
)
ATTRIBUTES = frozenset(
    {"align", "alt", "aria-label", "checked", "cite", "class", "colspan", "datetime", "dir"}
    | {"disabled", "height", "href", "id", "lang", "loading", "open", "rel", "reversed", "role"}
    | {"rowspan", "scope", "span", "src", "start", "tabindex", "title", "type", "valign"}
    | {"value", "width"}
)


class _Check(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), names
        for name, value in attrs:
            self.attribute(tag, name, value or "")
        if tag == "input":
            assert {"type", "disabled"} <= set(names)
            assert dict(attrs)["type"] == "checkbox"

    def attribute(self, tag: str, name: str, value: str) -> None:
        assert name in ATTRIBUTES, name
        seen = re.sub(r"[\x00-\x20\x7f\xa0\u200b]", "", value).lower()
        if name in ("href", "cite"):
            scheme = re.match(r"([^/?#]*?):", seen)
            assert not scheme or scheme[1] in ("http", "https", "mailto", "tel", "xmpp"), value
        if name == "src":
            assert tag == "img"
            assert re.match(r"/(?![/\\])", value), value
            assert "/-/files/" in value
        if name == "id":
            assert value.startswith(("sec-", "fn-", "fnref-")), value

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")


def assert_harmless(html: str) -> None:
    """Raises AssertionError when `html` has anything that an allowlist would not let pass."""
    check = _Check()
    check.feed(html)
    check.close()
