"""Jinja filters for times in words, sizes, initials and avatar colours, in the reader's language
and zone."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import cache, lru_cache
from typing import Any, Literal
from zlib import crc32

from babel import Locale
from babel.dates import (
    format_datetime,
    format_skeleton,
    format_time,
    format_timedelta,
    get_month_names,
    get_timezone_name,
)
from babel.numbers import format_decimal
from flask import Flask
from markupsafe import Markup, escape

from wiki import i18n
from wiki.i18n import gettext as _
from wiki.i18n import ngettext, reader
from wiki.rules.words import shown
from wiki.text.own_texts import in_words
from wiki.text.scan.unseen import marked

HUES = 12
"""Number of colours in static/src/css/avatar.css, as classes hue-0 to hue-11."""

Unit = Literal["minute", "hour", "day"]
_UNITS: tuple[tuple[timedelta, timedelta, Unit], ...] = (
    (timedelta(minutes=1), timedelta(hours=1), "minute"),
    (timedelta(hours=1), timedelta(days=1), "hour"),
    (timedelta(days=1), timedelta(days=14), "day"),
)


def _aware(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when


def _local(when: datetime) -> datetime:
    """Return a moment in the reader's zone, or in UTC if the zone is not known."""
    return _aware(when).astimezone(reader().zone or reader().site_zone or UTC)


def iso(when: datetime) -> str:
    """Format a moment as ``2026-11-23T13:05:00Z`` for ``<time datetime>``. A naive time is taken as
    UTC."""
    return _aware(when).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Babel reads a pattern in 30 microseconds, and lists have many moments of few days.
@lru_cache(maxsize=2048)
def _date(year: int, month: int, day: int, formats: str) -> str:
    return format_skeleton("yMMMd", datetime(year, month, day, 12), locale=formats)  # noqa: DTZ001


@lru_cache(maxsize=2048)
def _time(hour: int, minute: int, formats: str) -> str:
    return format_time(clock(hour, minute), "short", locale=formats)


@lru_cache(maxsize=512)
def _weekday_and_date(year: int, month: int, day: int, formats: str) -> str:
    pattern = str(Locale.parse(formats).datetime_skeletons["yMMMEd"])
    at = datetime(year, month, day, 12)  # noqa: DTZ001
    return format_datetime(at, re.sub("[Ec]+", "EEEE", pattern), locale=formats)


@lru_cache(maxsize=512)
def _age(count: int, unit: Unit, formats: str) -> str:
    age = -timedelta(**{f"{unit}s": count})
    return format_timedelta(age, unit, threshold=1000, add_direction=True, locale=formats)


def _zone(when: datetime, formats: str) -> str:
    """Return the abbreviation of a moment's zone if readers of the language know it, such as CET;
    otherwise the distance to Greenwich."""
    name = get_timezone_name(when, "short", locale=formats)
    if name.isalpha():
        return name
    minutes = int((when.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    distance = f"{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
    return str(Locale.parse(formats).zone_formats["gmt"] % distance)


def date_words(when: date) -> str:
    """Format a date as ``23 Nov 2026``; a moment is taken in the reader's zone. All dates for
    readers have this form; static/src/js/times.js writes moments in the same form."""
    when = _local(when) if isinstance(when, datetime) else when
    return _date(when.year, when.month, when.day, reader().language.formats)


def exact(when: datetime) -> str:
    """Format a moment as ``23 Nov 2026, 13:05 UTC``, with its zone."""
    when, formats = _local(when), reader().language.formats
    zone = "UTC" if when.tzinfo is UTC else _zone(when, formats)
    time = _time(when.hour, when.minute, formats)
    return f"{_moment(formats).format(time, date_words(when))} {zone}"


@cache
def _moment(formats: str) -> str:
    """Return the pattern of a date with a time of day."""
    return str(Locale.parse(formats).datetime_formats["medium"])


def ago(when: datetime, in_sentence: bool = False, now: datetime | None = None) -> str:
    """Format a moment as ``3 hours ago`` within two weeks, then as a date; future moments are
    ``just now``.

    :param in_sentence: write a date as at the end of a sentence, ``on 23 Nov 2026``.
    """
    when = _aware(when)
    age = (_aware(now) if now else datetime.now(UTC)) - when
    if age < timedelta(minutes=1):
        return _("just now")
    for unit, limit, word in _UNITS:
        if age < limit:
            return _age(age // unit, word, reader().language.formats)
    return _("on %(date)s", date=date_words(when)) if in_sentence else date_words(when)


def day(when: datetime) -> str:
    """Format a day as ``Monday, 23 Nov 2026``, the heading of its events."""
    when = _local(when)
    return _weekday_and_date(when.year, when.month, when.day, reader().language.formats)


def month(when: date, width: Literal["wide", "abbreviated"] = "wide") -> str:
    """Return the name of a month, such as ``November``."""
    return str(get_month_names(width, "stand-alone", reader().language.formats)[when.month])


def initials(name: str) -> str:
    """Return the first letters of the first and the last word, such as ``AL`` for Ada Lovelace;
    ``?`` if there are none."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


def hue(handle: str) -> str:
    """Return the CSS class of the colour of a handle, which is the same in every process and never
    changes."""
    return f"hue-{crc32(handle.encode()) % HUES}"


def size(count: int) -> str:
    """Format a number of bytes, such as ``3.4 MiB``."""
    if count < 1024:
        return ngettext("%(num)s byte", "%(num)s bytes", count)
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1023.5 or unit == "GiB":
            break
    digits = "0.0" if amount < 9.95 else "0"
    number = format_decimal(amount, digits, locale=reader().language.formats)
    if unit == "KiB":
        return _("%(number)s KiB", number=number)
    return (
        _("%(number)s MiB", number=number) if unit == "MiB" else _("%(number)s GiB", number=number)
    )


def seen(text: str) -> Markup:
    """Return source text of a page as HTML in which invisible characters are shown as their code
    points."""
    return Markup(marked(text, lambda part: str(escape(part))))  # noqa: S704, each part is escaped


def listed(names: Iterable[Any], each: Callable[[Any], str] = str) -> Markup:
    """Return names as a list in words, such as ``a, b and c``.

    :param each: the macro or function that writes a name; its markup is kept.
    """
    return Markup(i18n.listed([escape(each(name)) for name in names]))  # noqa: S704, escaped


def register(app: Flask) -> None:
    """Register these filters with an app's templates, under their own names."""
    app.jinja_env.filters.update(
        iso=iso,
        exact=exact,
        ago=ago,
        day=day,
        date_words=date_words,
        month=month,
        initials=initials,
        hue=hue,
        size=size,
        seen=seen,
        listed=listed,
        in_words=in_words,
        shown=shown,
    )
