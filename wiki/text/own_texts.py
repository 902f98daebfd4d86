"""Texts of the wiki within what is stored: renderings of pages, and reasons.

They are stored as marks, a code with values between control characters, and written in the reader's
language when they are shown. Texts of authors contain none of these characters, because the
renderer replaces them. HTML of authors can contain them as entities; a mark that is forged so shows
one of the texts below with the author's own words as its values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from wiki.i18n import lazy_gettext

_START, _NEXT, _END = "\x02", "\x1f", "\x03"
_MARK = re.compile("\x02([a-z-]+)((?:\x1f[^\x02\x03\x1f]*)*)\x03")
_MARK_IN_HTML = re.compile("\x02([a-z-]+)((?:\x1f[^\x02\x03\x1f<>]*)*)\x03")
_NOT_IN_VALUES = dict.fromkeys(map(ord, _START + _NEXT + _END))

_LABELS: Mapping[str, str] = {
    "section": lazy_gettext("Link to the section: %(name)s"),
    "edit-section": lazy_gettext("Edit section “%(name)s”"),
    "table": lazy_gettext("Table %(number)s"),
    "table-of": lazy_gettext("Table %(number)s of %(page)s"),
    "footnotes": lazy_gettext("Footnotes"),
    "footnotes-of": lazy_gettext("Footnotes of %(page)s"),
    "back": lazy_gettext("Back to the text, note %(number)s"),
    "done": lazy_gettext("Done"),
    "to-do": lazy_gettext("To do"),
    "picture": lazy_gettext("Image"),
    "picture-at": lazy_gettext("Image at %(host)s"),
    "picture-at-of": lazy_gettext("Image at %(host)s: %(description)s"),
    "embedded": lazy_gettext("Embedded from %(name)s"),
    "recording": lazy_gettext("Recording: %(name)s"),
}

_ADMONITIONS: Mapping[str, str] = {
    f"box-{kind}": title
    for kind, title in {
        "note": lazy_gettext("Note"),
        "info": lazy_gettext("Info"),
        "abstract": lazy_gettext("Abstract"),
        "summary": lazy_gettext("Summary"),
        "quote": lazy_gettext("Quote"),
        "todo": lazy_gettext("To do"),
        "example": lazy_gettext("Example"),
        "seealso": lazy_gettext("See also"),
        "tip": lazy_gettext("Tip"),
        "hint": lazy_gettext("Hint"),
        "success": lazy_gettext("Success"),
        "check": lazy_gettext("Check"),
        "done": lazy_gettext("Done"),
        "important": lazy_gettext("Important"),
        "question": lazy_gettext("Question"),
        "help": lazy_gettext("Help"),
        "faq": lazy_gettext("FAQ"),
        "warning": lazy_gettext("Warning"),
        "attention": lazy_gettext("Attention"),
        "alert": lazy_gettext("Alert"),
        "caution": lazy_gettext("Caution"),
        "danger": lazy_gettext("Danger"),
        "error": lazy_gettext("Error"),
        "failure": lazy_gettext("Failure"),
        "fail": lazy_gettext("Failure"),
        "bug": lazy_gettext("Bug"),
        "missing": lazy_gettext("Missing"),
    }.items()
}

_BROKEN: Mapping[str, str] = {
    "nowhere": lazy_gettext("This link leads nowhere"),
    "nowhere-why": lazy_gettext("This link leads nowhere: %(reason)s"),
    "no-picture": lazy_gettext("This picture can’t be shown"),
    "no-picture-why": lazy_gettext("This picture can’t be shown: %(reason)s"),
    "part-of-itself": lazy_gettext("A page can’t show a part of itself"),
    "address-too-long": lazy_gettext("the address is too long"),
    "out-of-space": lazy_gettext("it leads out of the space"),
    "no-file": lazy_gettext("it names no file"),
    "dots": lazy_gettext("it contains . or .."),
    "no-host": lazy_gettext("the address has no host"),
    "scheme": lazy_gettext("links to %(scheme)s: are not allowed"),
}

_PATHS: Mapping[str, str] = {
    "path-too-long": lazy_gettext("A path can have up to %(most)s characters."),
    "path-longer": lazy_gettext(
        "A path can have up to %(most)s characters; this one has %(count)s."
    ),
    "path-direction": lazy_gettext(
        "A path can’t contain characters that change the direction of text."
    ),
    "path-control": lazy_gettext("A path can’t contain control characters."),
    "path-no-character": lazy_gettext("A path can’t contain code points that are not characters."),
    "path-invisible": lazy_gettext("Each part of a path needs a visible character."),
    "path-empty-part": lazy_gettext("A path can’t contain an empty part (two slashes in a row)."),
    "path-reserved": lazy_gettext("“%(part)s” can’t be a part of a path, because it is reserved."),
    "path-dot": lazy_gettext("“%(part)s” can’t be a part of a path, because it begins with a dot."),
    "path-slash": lazy_gettext("“%(part)s” contains a character that looks like a slash."),
    "path-part-too-long": lazy_gettext(
        "Each part of a path can have up to %(most)s characters (%(bytes)s bytes);"
        " “%(part)s…” is longer."
    ),
}

_SOURCE_SHOWN: Mapping[str, str] = {
    "too-long": lazy_gettext("This page is too long to be rendered, so its source is shown."),
    "too-deep": lazy_gettext(
        "This page is nested too deeply to be rendered, so its source is shown."
    ),
    "too-much-memory": lazy_gettext(
        "This page needs too much memory to be rendered, so its source is shown."
    ),
    "failed": lazy_gettext("This page can’t be rendered, so its source is shown."),
    "too-slow": lazy_gettext("This page takes too long to render, so its source is shown."),
    "died": lazy_gettext("This page couldn’t be rendered, so its source is shown."),
    "still-rendering": lazy_gettext(
        "This page is still being rendered. Its source is shown for now."
    ),
    "gave-up": lazy_gettext(
        "This page couldn’t be rendered within %(seconds)s seconds of CPU time, so its source"
        " is shown."
    ),
    "takes-a-while": lazy_gettext(
        "This page takes a while to render. Its source is shown until then."
    ),
    "not-just-now": lazy_gettext(
        "This page couldn’t be rendered just now. Its source is shown until the next attempt."
    ),
}

_TEXTS = {**_LABELS, **_ADMONITIONS, **_BROKEN, **_PATHS, **_SOURCE_SHOWN}
_NAMES = {code: re.findall(r"%\((\w+)\)s", text) for code, text in _TEXTS.items()}


def own_text(code: str, *values: str) -> str:
    """Return the mark of a text, to be stored.

    :param values: the values of its placeholders, in the order of the English text. One of them
        may be a mark itself.
    """
    if len(_NAMES[code]) != len(values):
        raise ValueError(f"The text {code} takes {len(_NAMES[code])} values.")
    kept = [value if _MARK.fullmatch(value) else _plain(value) for value in values]
    return _START + _NEXT.join([code, *kept]) + _END


def admonition_title(kind: str) -> str:
    """Return the title of an admonition for which its author wrote none."""
    known = f"box-{kind.lower()}"
    return own_text(known) if known in _TEXTS else kind.replace("-", " ").capitalize()


def in_words(html: str) -> str:
    """Return HTML with its marks as texts in the reader's language. Without marks, this costs
    nothing."""
    return _replaced(html, is_html=True)


def sentence_of(text: str) -> str:
    """Return a plain text with its marks as texts in the reader's language."""
    return _replaced(text, is_html=False)


def only_values(text: str) -> str:
    """Return a plain text with the values of its marks in their place, which are words of the
    author."""
    for _ in range(2):  # a value may be a mark
        text = _MARK.sub(lambda mark: mark[2].replace(_NEXT, " ").strip(), text)
    return text


def _replaced(text: str, *, is_html: bool) -> str:
    def written(mark: re.Match[str]) -> str:
        code, values = mark[1], mark[2].split(_NEXT)[1:]
        names = _NAMES.get(code)
        if names is None or len(names) != len(values):
            return mark[0]
        text = str(_TEXTS[code])
        text = escape(text) if is_html else text
        return text % dict(zip(names, values, strict=True)) if names else text

    for _ in range(2):  # a value may be a mark
        if _START not in text:
            break
        text = (_MARK_IN_HTML if is_html else _MARK).sub(written, text)
    return text


def _plain(value: str) -> str:
    return value.translate(_NOT_IN_VALUES)
