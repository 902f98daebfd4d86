"""Extraction of parts of a page's HTML, to be shown inside another page.

The functions work on sanitised HTML, in which each `<` begins a tag and each element that needs an
end tag has one.
"""

import re
from html import escape, unescape
from urllib.parse import quote, unquote

from wiki.text.markdown.elements import VOID
from wiki.text.markdown.headings import TAGS
from wiki.text.own_texts import own_text

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)([^>"]*(?:"[^"]*"[^>"]*)*)>')
_NAME = re.compile(r' (id="|href="#)([^"]*)"')
_LANDMARK = re.compile(' aria-label="\x02(table|footnotes)((?:\x1f\\d+)?)\x03"')
_IS_BLOCK = "^"
_ANCHOR = re.compile(
    '<a class="anchor" href="#(sec-[^"]*)" aria-label="\x02section\x1f([^"]*)\x03"></a>'
)
_NOTES = ' class="footnotes"'
_EMPTY = VOID | {"input"}


def section_of(html: str, name: str) -> str | None:
    """Return the section with that id: its heading and what follows, up to the next heading of the
    same or a higher level. Return None if there is none. The heading that repeats the title gives
    the whole page, and the id of a block only that block."""
    named = f' id="{escape(name, quote=False)}"'
    if html.startswith(f"<span{named}>"):
        return html
    begin, level, depth = -1, "", 0
    for tag in _TAG.finditer(html):
        ends, element, attributes = tag.groups()
        if begin < 0:
            if ends or named not in attributes:
                continue
            if element in TAGS:
                begin, level, depth = tag.start(), element, 1
            elif _IS_BLOCK in name:
                return html[tag.start() : _end_of(html, tag)]
        elif ends:
            depth -= 1
            if depth < 0:
                return html[begin : tag.start()]
        elif element not in _EMPTY:
            if not depth and ((element in TAGS and element <= level) or _NOTES in attributes):
                return html[begin : tag.start()]
            depth += 1
    return None if begin < 0 else html[begin:]


def _end_of(html: str, start: re.Match[str]) -> int:
    """Return the end of the element that begins at the match."""
    depth = 0
    for tag in _TAG.finditer(html, start.start()):
        if tag[2] in _EMPTY:
            continue
        depth += -1 if tag[1] else 1
        if not depth:
            return tag.end()
    return len(html)


def with_section_links(html: str, url: str, icon: str) -> str:
    """Return `html` of a page with a link to edit each section at the end of its heading.

    Sections of included pages have none: links from their headings lead to those pages.

    :param url: the address of the page's editor. :param icon: HTML of the icon to show.
    """

    def linked(anchor: re.Match[str]) -> str:
        name = quote(unescape(anchor[1]), safe="")
        edits = f'<a class="edit-section" href="{escape(url)}?section={name}"'
        return f'{anchor[0]}{edits} aria-label="{own_text("edit-section", anchor[2])}">{icon}</a>'

    return _ANCHOR.sub(linked, html)


def as_part(html: str, prefix: str, url: str, title: str) -> str:
    """Return `html` of the page at `url` for inclusion in another page. Its ids get `prefix`. Links
    from its headings and links to ids outside the part lead to the page itself. `url` and `title`
    are escaped."""
    names = {
        unescape(name)
        for tag in _TAG.finditer(html)
        for what, name in _NAME.findall(tag[3])
        if what == 'id="'
    }

    def of_this_page(label: re.Match[str]) -> str:
        values = [value for value in label[2].split("\x1f") if value]
        return f' aria-label="{own_text(f"{label[1]}-of", *values, title)}"'

    def rename(tag: re.Match[str]) -> str:
        attributes = tag[3]
        if ' id="' not in attributes and ' href="#' not in attributes and "aria-" not in attributes:
            return tag[0]
        is_anchor = ' class="anchor"' in attributes

        def renamed(found: re.Match[str]) -> str:
            what, name = found.groups()
            if what == 'id="':
                return f' id="{prefix}{name}"'
            if is_anchor or unquote(unescape(name)) not in names:
                return f' href="{url}#{name}"'
            return f' href="#{prefix}{name}"'

        attributes = _NAME.sub(renamed, attributes)
        attributes = _LANDMARK.sub(of_this_page, attributes)
        return f"<{tag[1]}{tag[2]}{attributes}>"

    return _TAG.sub(rename, html)
