"""Parser of search queries. Any text gives a query, never an error."""

import dataclasses
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

import regex
from rapidfuzz.distance import OSA

from wiki.i18n import gettext as _
from wiki.i18n import listed, ngettext
from wiki.search.language.tokens import GROUPED
from wiki.search.words import fold

LONGEST_QUESTION = 400
"""Maximum number of characters of a query."""
MOST_CLAUSES = 16
"""Maximum number of words, phrases and operators of a query."""

_QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»", "”": "”"}
_JUNCTIONS = ("AND", "OR", "NOT")
OPERATORS = ("title", "tag", "space", "under", "author", "kind", "updated", "sort", "in")
"""The operators that are words before a colon."""
_OPERATOR = re.compile(rf"(?!in[:：](?!comments(?!\S)))({'|'.join(OPERATORS)})[:：]", re.IGNORECASE)
_MISSPELT = re.compile(r"([a-z]{3,9})[:：]\S", re.IGNORECASE)
SORTS = ("relevance", "date")
"""The values of `sort:`."""
_NUMBER = regex.compile(GROUPED)
_DATE = re.compile(r"(?P<sign>>=|<=|>|<|=)?(?P<y>\d{4})(?:-(?P<m>\d{1,2}))?(?:-(?P<d>\d{1,2}))?")


class Field(StrEnum):
    """The field that a clause searches; ANY is the whole page: title, headings, tags, path and
    text."""

    ANY = "any"
    TITLE = "title"
    TAG = "tag"
    SPACE = "space"
    AUTHOR = "author"
    KIND = "kind"
    UNDER = "under"


@dataclass(frozen=True)
class Clause:
    """A condition of a query: words in a field, a phrase, or a prefix."""

    text: str
    field: Field = Field.ANY
    phrase: bool = False
    prefix: bool = False
    written: str = dataclasses.field(default="", compare=False)
    """The clause as it was typed, with its operator."""

    @property
    def plain(self) -> bool:
        """True for words that were typed without operator, quotation marks or asterisk."""
        return self.field is Field.ANY and not (self.phrase or self.prefix)

    @property
    def option(self) -> str:
        """The excluded word with its minus, as on a page that shows an option such as `-d`; else
        empty."""
        return f"-{fold(self.text)}" if self.plain and self.written.startswith("-") else ""


@dataclass(frozen=True)
class Period:
    """A period of time from `start` to before `end`; None is open."""

    start: datetime | None = None
    end: datetime | None = None

    def meet(self, other: "Period") -> "Period":
        """Return the intersection of two periods."""
        starts = [moment for moment in (self.start, other.start) if moment]
        ends = [moment for moment in (self.end, other.end) if moment]
        return Period(max(starts, default=None), min(ends, default=None))


@dataclass(frozen=True)
class Query:
    """A parsed query: a page must satisfy every clause of `must` and none of `without`."""

    text: str
    must: tuple[Clause, ...] = ()
    without: tuple[Clause, ...] = ()
    updated: Period = field(default_factory=Period)
    not_updated: tuple[Period, ...] = ()
    notes: tuple[str, ...] = ()
    in_comments: bool = False
    """True if comments are searched instead of pages."""
    by_date: bool = False
    """True if the pages changed last come first, instead of the best."""

    @property
    def empty(self) -> bool:
        """True if the query has no conditions."""
        return not (self.must or self.without or self.not_updated or self.updated != Period())

    @property
    def operators(self) -> tuple[Clause, ...]:
        """Clauses other than plain words: those of a field, and exclusions."""
        return (*(one for one in self.must if one.field is not Field.ANY), *self.without)

    def as_text(self, *clauses: Clause) -> str:
        """Return the query with these clauses as text, in quotation marks, where operators have no
        meaning."""
        text = self.text
        for clause in clauses:
            bare = "".join(c for c in clause.written if c not in _QUOTES)
            text = text.replace(clause.written, f'"{bare}"', 1)
        return text

    @property
    def plain(self) -> bool:
        """True if the query consists of words only, without operators and quotation marks."""
        return self == Query(self.text, self.must, notes=self.notes) and not any(
            clause.phrase or clause.field is not Field.ANY for clause in self.must
        )

    def words(self) -> tuple[Clause, ...]:
        """Return the clauses that search for words in a page (and can be highlighted)."""
        return tuple(c for c in self.must if c.field in (Field.ANY, Field.TITLE))

    def values(self, where: Field) -> tuple[str, ...]:
        """Return the required values of a field."""
        return tuple(c.text for c in self.must if c.field is where)

    def refused(self, where: Field) -> tuple[str, ...]:
        """Return the excluded values of a field."""
        return tuple(c.text for c in self.without if c.field is where)


def quoted(texts: Sequence[str]) -> str:
    """Return texts in quotation marks, as a list in a sentence."""
    return listed([_("“%(text)s”", text=one) for one in texts])


def parse(text: str) -> Query:
    """Parse `text`. Parts that are not understood are searched as words, and a note says so."""
    text = text.replace("\u00ad", "")  # the soft hyphen
    text = "".join(c if c.isprintable() else " " for c in text)
    reader = _Reader(text[:LONGEST_QUESTION])
    reader.read()
    notes = list(reader.notes)
    if reader.junctions and len(reader.must) > 1:
        names = list(dict.fromkeys(reader.junctions))
        notes.append(
            ngettext(
                "%(names)s: searched as a word. Pages with most of the words come first; put a "
                "minus before a word to exclude pages with it.",
                "%(names)s: searched as words. Pages with most of the words come first; put a "
                "minus before a word to exclude pages with it.",
                len(names),
                names=quoted(names),
            )
        )
    if len(text) > LONGEST_QUESTION:
        notes.append(
            _("Only the first %(number)s characters were searched.", number=LONGEST_QUESTION)
        )
    return Query(
        text=text.strip()[:LONGEST_QUESTION],
        must=tuple(dict.fromkeys(reader.must)),
        without=tuple(dict.fromkeys(reader.without)),
        updated=reader.updated,
        not_updated=tuple(reader.not_updated),
        by_date=reader.by_date,
        in_comments=reader.in_comments,
        notes=tuple(notes),
    )


class _Reader:
    """A parser that reads the text once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.must: list[Clause] = []
        self.without: list[Clause] = []
        self.updated = Period()
        self.not_updated: list[Period] = []
        self.notes: list[str] = []
        self.junctions: list[str] = []
        self.by_date = False
        self.in_comments = False
        self.read_clauses = 0

    def read(self) -> None:
        while self._skip_spaces():
            if self.read_clauses == MOST_CLAUSES:
                self.notes.append(
                    _("Only the first %(number)s words were searched.", number=MOST_CLAUSES)
                )
                return
            self._clause()

    def _skip_spaces(self) -> bool:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
        return self.at < len(self.text)

    def _clause(self) -> None:
        begin = self.at
        if self.text[begin] in _QUOTES and begin and self.text[begin - 1].isalnum():
            self.at += 1  # 24" means inches and does not start a phrase
            return
        negative = self._excludes(begin)
        if negative:
            self.at += 1
        operator = _OPERATOR.match(self.text, self.at)
        if operator and not self._blank(operator.end()):
            self.at = operator.end()
            name = operator.group(1).lower()
            value, quoted = self._value()
            if name == "updated":
                self._date(value, negative, self.text[begin : self.at])
                return
            if name == "sort":
                self._sort(value, self.text[begin : self.at])
                return
            if name == "in":
                self.in_comments = True
                return
            where = Field(name)
        else:
            self._explain_misspelt()
            where = Field.ANY
            value, quoted = self._value()
        prefix = not quoted and value.endswith("*")
        value = value.strip("*") if not quoted else value.strip()
        if not any(c.isalnum() for c in value):
            return
        self._add(Clause(value, where, quoted, prefix, self.text[begin : self.at]), negative)

    def _excludes(self, at: int) -> bool:
        """Return whether there is an excluding minus at this position: one, before a letter or a
        phrase.

        Anything else is text: `--help`, `-5`, `- item`.
        """
        if self.text[at] not in "-−" or self._blank(at + 1):
            return False
        return self.text[at + 1].isalpha() or self.text[at + 1] in _QUOTES

    def _blank(self, at: int) -> bool:
        return at >= len(self.text) or self.text[at].isspace()

    def _value(self) -> tuple[str, bool]:
        """Read the word or the quoted words from here on. Return them, and whether they were
        quoted."""
        if closing := _QUOTES.get(self.text[self.at]):
            begin = self.at + 1
            end = next(
                (i for i in range(begin, len(self.text)) if self.text[i] in closing),
                len(self.text),
            )
            self.at = end + 1
            return self.text[begin:end], True
        begin = self.at
        if number := _NUMBER.match(self.text, begin):
            self.at = number.end()
        while not self._blank(self.at) and (self.at == begin or self.text[self.at] not in _QUOTES):
            self.at += 1
        return self.text[begin : self.at], False

    def _add(self, clause: Clause, negative: bool) -> None:
        if clause.written in _JUNCTIONS:
            self.junctions.append(clause.written)
        self.read_clauses += 1
        (self.without if negative else self.must).append(clause)

    def _explain_misspelt(self) -> None:
        """Add a note if the text from here on is like an operator, but none."""
        found = _MISSPELT.match(self.text, self.at)
        name = found.group(1).lower() if found else ""
        like = next((one for one in OPERATORS if OSA.distance(name, one) == 1), "") if name else ""
        if like:
            self.notes.append(
                _(
                    "“%(text)s:” isn’t an operator, so it was searched as text. Did you mean "
                    "“%(name)s:”?",
                    text=name,
                    name=like,
                )
            )

    def _sort(self, value: str, written: str) -> None:
        if value.lower() in SORTS:
            self.by_date = value.lower() == "date"
            return
        self.notes.append(
            _(
                "“%(text)s” isn’t an order, so it was ignored. Use sort:date or sort:relevance.",
                text=written,
            )
        )

    def _date(self, value: str, negative: bool, written: str) -> None:
        period = _period(value)
        if period is None:
            self.notes.append(
                _(
                    "“%(text)s” isn’t a valid date, such as updated:>2026-01-31, so it was "
                    "ignored.",
                    text=written,
                )
            )
            return
        self.read_clauses += 1
        if negative:
            self.not_updated.append(period)
        else:
            self.updated = self.updated.meet(period)


def _period(value: str) -> Period | None:
    """Return a date such as `>2026-01` as a period in UTC, or None if it is invalid."""
    match = _DATE.fullmatch(value)
    if not match or match["m"] in ("0", "00") or match["d"] in ("0", "00"):
        return None
    year, month, day = int(match["y"]), int(match["m"] or 0), int(match["d"] or 0)
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
        if day:
            end = datetime.fromtimestamp(start.timestamp() + 86_400, UTC)
        elif month:
            end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        else:
            end = datetime(year + 1, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    match match["sign"]:
        case ">":
            return Period(start=end)
        case ">=":
            return Period(start=start)
        case "<":
            return Period(end=start)
        case "<=":
            return Period(end=end)
        case _:
            return Period(start, end)
