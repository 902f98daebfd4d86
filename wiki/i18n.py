"""Languages of the wiki, and the functions that mark and translate its texts.

Texts are written in English in the code, as ``_("Page saved.")``, and looked up in the catalogue
of the language that :func:`speak` or :func:`speaking` chose for the current thread. Without a
choice, as in commands, texts stay as they are written. ``docs/contributors/translating.md`` says
how each kind of text is marked.
"""

from __future__ import annotations

import gettext as _gettext
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, SupportsIndex
from zoneinfo import ZoneInfo

FOLDER = Path(__file__).parent / "translations"
DOMAIN = "messages"
SOURCE = "en"
"""The language that texts are written in."""


@dataclass(frozen=True)
class Language:
    """A language of the screens.

    :param code: its BCP 47 tag, as in ``<html lang>``.
    :param name: its name in itself.
    :param formats: the name of the locale whose dates and numbers it uses, as Babel writes it.
    """

    code: str
    name: str
    formats: str
    is_rtl: bool = False

    @property
    def direction(self) -> str:
        """The value of ``<html dir>``."""
        return "rtl" if self.is_rtl else "ltr"

    @property
    def catalogue(self) -> _gettext.NullTranslations:
        """The texts in this language."""
        return _catalogue(self.code)


LANGUAGES: dict[str, Language] = {
    each.code: each
    for each in (
        Language(SOURCE, "English", "en_GB"),
        Language("de", "Deutsch", "de"),
        Language("fr", "Français", "fr"),
    )
}
"""The languages by their codes."""


@dataclass(frozen=True)
class Reader:
    """The choices for the person that texts are written for. ``zone`` is None if it is unknown;
    moments are written in ``site_zone`` then, or in UTC."""

    language: Language
    zone: tzinfo | None = None
    site_zone: tzinfo | None = None
    texts: _gettext.NullTranslations = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "texts", self.language.catalogue)


_reader: ContextVar[Reader] = ContextVar("reader")
_nobody: Reader | None = None


def reader() -> Reader:
    """Return the choices of the current reader; by default English in UTC."""
    global _nobody
    found = _reader.get(None)
    if found is None:
        found = _nobody = _nobody or Reader(LANGUAGES[SOURCE])
    return found


def speak(
    code: str | None = None, zone: tzinfo | None = None, site_zone: tzinfo | None = None
) -> None:
    """Choose the language and the zone of what the current thread writes from now on. An unknown or
    missing code chooses English."""
    _reader.set(Reader(LANGUAGES.get(code or SOURCE, LANGUAGES[SOURCE]), zone, site_zone))


@contextmanager
def speaking(code: str | None, zone: tzinfo | None = None) -> Iterator[None]:
    """Choose another language for a block, such as that of the recipient of a mail."""
    before = _reader.set(Reader(LANGUAGES.get(code or SOURCE, LANGUAGES[SOURCE]), zone))
    try:
        yield
    finally:
        _reader.reset(before)


@lru_cache(maxsize=1024)
def best_language(accept: str) -> str | None:
    """Return the code of the language that an ``Accept-Language`` header prefers; None if it
    accepts none of them. ``de-AT`` accepts German."""
    known = {code.lower(): code for code in LANGUAGES}
    wanted = []
    for place, part in enumerate(accept[:500].split(",")):
        tag, _, rest = part.strip().partition(";")
        try:
            quality = float(rest.strip().removeprefix("q=")) if rest else 1.0
        except ValueError:
            continue
        if 0 < quality <= 1:
            wanted.append((-quality, place, tag.strip().lower()))
    for _quality, _place, tag in sorted(wanted):
        for candidate in (tag, tag.partition("-")[0]):
            if candidate in known:
                return known[candidate]
    return None


@lru_cache(maxsize=1024)
def zone_named(name: str | None) -> ZoneInfo | None:
    """Return a time zone by its name, such as ``Europe/Berlin``; None if there is none."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):  # no such zone; a name that is no file name
        return None


def gettext(message: str, /, **values: object) -> str:
    """Return a text in the reader's language.

    :param values: replace ``%(name)s`` in the text. Without any, ``%`` has no meaning.
    """
    text = reader().texts.gettext(message)
    return text % values if values else text


def ngettext(one: str, many: str, number: int, /, **values: object) -> str:
    """Return the form of a text for a number, which replaces ``%(num)s``."""
    text = reader().texts.ngettext(one, many, number)
    return text % {"num": _in_digits(number), **values}


def _in_digits(number: int) -> str:
    """Return a number as the reader's language writes it, such as ``1,234``."""
    if abs(number) < 1000:
        return str(number)
    from babel.numbers import format_decimal

    return format_decimal(number, locale=reader().language.formats)


def pgettext(context: str, message: str, /, **values: object) -> str:
    """Return a text that has several meanings in English; ``context`` says which one it has."""
    text = reader().texts.pgettext(context, message)
    return text % values if values else text


def listed(names: Sequence[str]) -> str:
    """Return names as a list in words, such as ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return gettext("%(several)s and %(last)s", several=", ".join(names[:-1]), last=names[-1])


def lazy_gettext(message: str, /, **values: object) -> str:
    """Return a text that is translated when it is written, for what is declared before there is a
    reader: labels of links, sentences of events, titles of errors.

    It is translated by ``str``, in f-strings, in ``+`` and in templates. Other operations, such as
    ``join``, see the English text.
    """
    return _LazyText(message, values)


class _LazyText(str):
    """The English text, which writes itself in the reader's language."""

    __slots__ = ("_message", "_values")
    _message: str
    _values: dict[str, object]

    def __new__(cls, message: str, values: dict[str, object] | None = None) -> _LazyText:
        self = super().__new__(cls, message % values if values else message)
        self._message, self._values = message, values or {}
        return self

    def __reduce_ex__(self, _protocol: SupportsIndex) -> tuple[Any, ...]:
        return _LazyText, (self._message, self._values)

    def __str__(self) -> str:
        return gettext(self._message, **self._values)

    def __html__(self) -> str:
        from html import escape

        return escape(str(self))

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __add__(self, other: str) -> str:
        return str(self) + other

    def __radd__(self, other: str) -> str:
        return other + str(self)

    def __mod__(self, values: Any) -> str:
        filled: str = str(self) % values
        return filled


@cache
def _catalogue(code: str) -> _gettext.NullTranslations:
    """Return the texts in a language: the compiled file or, where it is missing or older than its
    source, as in a checkout, the source."""
    if code == SOURCE:
        return _gettext.NullTranslations()
    source = FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = source.with_suffix(".mo")
    if not source.exists() or (
        compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime
    ):
        with compiled.open("rb") as file:
            return _gettext.GNUTranslations(file)
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        found = read_po(file, locale=code)
    held = BytesIO()
    write_mo(held, found)
    held.seek(0)
    return _gettext.GNUTranslations(held)
