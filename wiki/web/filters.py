"""Jinja filters for times in words, sizes, initials and avatar colours."""

from datetime import UTC, date, datetime, timedelta
from zlib import crc32

from flask import Flask
from markupsafe import Markup, escape

from wiki.text.scan.unseen import marked

HUES = 12
"""Number of colours in static/src/css/avatar.css, as classes hue-0 to hue-11."""

_STEPS = (
    (timedelta(minutes=1), timedelta(hours=1), "minute"),
    (timedelta(hours=1), timedelta(days=1), "hour"),
    (timedelta(days=1), timedelta(days=14), "day"),
)

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def _in_utc(when: datetime) -> datetime:
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def iso(when: datetime) -> str:
    """Format a moment as ``2026-11-23T13:05:00Z`` for ``<time datetime>``. A naive time is taken as
    UTC."""
    return _in_utc(when).strftime("%Y-%m-%dT%H:%M:%SZ")


def date_words(when: date) -> str:
    """Format a date as ``23 Nov 2026``; a moment is taken in UTC. All dates for readers have this
    form; static/src/js/times.js writes moments in the same form, in the reader's zone."""
    when = _in_utc(when) if isinstance(when, datetime) else when
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}"


def exact(when: datetime) -> str:
    """Format a moment as ``23 Nov 2026, 13:05 UTC``, with its zone."""
    when = _in_utc(when)
    return f"{date_words(when)}, {when:%H:%M} UTC"


def ago(when: datetime, before_date: str = "", now: datetime | None = None) -> str:
    """Format a moment as ``3 hours ago`` within two weeks, then as a date; future moments are
    ``just now``.

    :param before_date: text before a date in a sentence, such as ``"on "``.
    """
    when = _in_utc(when)
    now = _in_utc(now) if now else datetime.now(UTC)
    age = now - when
    if age < timedelta(minutes=1):
        return "just now"
    for unit, limit, word in _STEPS:
        if age < limit:
            count = age // unit
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    return before_date + date_words(when)


def day(when: datetime) -> str:
    """Format a day (UTC) as ``Monday, 23 Nov 2026``, the heading of its events."""
    when = _in_utc(when)
    return f"{_DAYS[when.weekday()]}, {date_words(when)}"


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
        return f"{count} byte{'' if count == 1 else 's'}"
    amount = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        amount /= 1024
        if amount < 1023.5 or unit == "GiB":
            break
    return f"{amount:.1f} {unit}" if amount < 9.95 else f"{amount:.0f} {unit}"


def seen(text: str) -> Markup:
    """Return source text of a page as HTML in which invisible characters are shown as their code
    points."""
    return Markup(marked(text, lambda part: str(escape(part))))  # noqa: S704, each part is escaped


def register(app: Flask) -> None:
    """Register these filters with an app's templates, under their own names."""
    app.jinja_env.filters.update(
        iso=iso,
        exact=exact,
        ago=ago,
        day=day,
        date_words=date_words,
        initials=initials,
        hue=hue,
        size=size,
        seen=seen,
    )
