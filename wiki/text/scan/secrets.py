"""Search for keys, tokens, passwords, and numbers of cards, accounts and people in a text.

Only values of a known format are found, not those that merely look random: prose, hashes and ids
are ignored. The time is linear in the length of the text, whatever it contains.
"""

from __future__ import annotations

import base64
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from stdnum import iban, luhn

from wiki.i18n import lazy_gettext as _
from wiki.text.scan.national_ids import NATIONAL_IDS, NationalId
from wiki.text.scan.secret_marks import JWT, PASSWORD, PLACEHOLDERS, PRIVATE_KEY, TOKENS, Mark

MOST = 100
"""Maximum number of findings in one text; with so many its author must review all of it."""

_TRIES = 5000  # numbers whose check digits are computed, far above normal texts
_LONGEST_KEY = 20_000  # characters of a private key

KINDS: dict[str, str] = {
    "token": _("Keys and tokens of services"),
    "private-key": _("Private keys"),
    "password": _("Passwords in addresses"),
    "card": _("Payment card numbers"),
    "iban": _("Bank account numbers (IBAN)"),
    **{
        f"id-{one.code}": _("%(country)s: %(number)s", country=one.country, number=one.words)
        for one in NATIONAL_IDS
    },
}
"""Kinds of secrets that can be searched for, and their names."""

USUAL = frozenset(kind for kind in KINDS if not kind.startswith("id-"))
"""Kinds that are searched for by default."""


_CARD_NUMBER = _("payment card number")
_ACCOUNT_NUMBER = _("bank account number (IBAN)")
_NATIONAL = {
    one.code: _("%(number)s (%(country)s)", number=one.words, country=one.country)
    for one in NATIONAL_IDS
}
_NAMES = {
    name: name
    for name in (
        *(mark.words for mark in (*TOKENS, JWT, PRIVATE_KEY, PASSWORD)),
        *(_CARD_NUMBER, _ACCOUNT_NUMBER, *_NATIONAL.values()),
    )
}


def name_of_secret(stored: str) -> str:
    """Return the name of a finding, which is stored in English, in the reader's language."""
    return str(_NAMES.get(stored, stored))


@dataclass(frozen=True)
class Finding:
    """A secret in a text: its kind, name and masked value, and its position. The name writes itself
    in the reader's language, and is stored in English. ``at`` and ``until``
    are indices in the text; ``line``, ``column`` and ``end`` (the column behind it) count from 1.
    """

    kind: str
    words: str
    masked: str
    at: int
    until: int
    line: int
    column: int
    end: int

    def value(self, text: str) -> str:
        """Return the secret itself from its text. It must not be stored, logged or shown."""
        return text[self.at : self.until]


@dataclass(frozen=True)
class _Found:
    kind: str
    words: str
    masked: str
    at: int
    until: int


def find_secrets(text: str, kinds: Collection[str] = USUAL, most: int = MOST) -> list[Finding]:
    """Return the secrets in ``text`` in order: at most ``most``, and at most that many of each kind
    of search.

    Nothing is found twice: of two overlapping findings the longer one is returned.
    """
    found: list[_Found] = []
    for kind, look in _WAYS.items():
        if kind in kinds:
            found += _first(look(text), most)
    chosen = [one for one in NATIONAL_IDS if f"id-{one.code}" in kinds]
    if chosen:
        found += _first(_national(text, chosen), most)
    return _placed(text, _apart(found)[:most]) if found else []


def _first(found: Iterator[_Found], most: int) -> list[_Found]:
    return [one for one, _ in zip(found, range(most), strict=False)]


def _up_to(most: int, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    return (match for match, _ in zip(pattern.finditer(text), range(most), strict=False))


def _apart(found: list[_Found]) -> list[_Found]:
    kept: list[_Found] = []
    for one in sorted(found, key=lambda one: (one.at, -one.until)):
        if kept and one.at < kept[-1].until:
            if one.until - one.at <= kept[-1].until - kept[-1].at:
                continue
            kept.pop()
        kept.append(one)
    return kept


def _placed(text: str, found: list[_Found]) -> list[Finding]:
    starts = [0]
    for one in found:
        while (end := text.find("\n", starts[-1], one.at)) >= 0:
            starts.append(end + 1)
    placed = []
    for one in found:
        line = bisect_right(starts, one.at)
        start = starts[line - 1]
        end = text.find("\n", one.at, one.until)
        end = one.until if end < 0 else end
        placed.append(
            Finding(
                one.kind,
                one.words,
                one.masked,
                one.at,
                one.until,
                line,
                one.at - start + 1,
                end - start + 1,
            )
        )
    return placed


def _matches(text: str, mark: Mark) -> Iterator[re.Match[str]]:
    """Yield the matches of the mark's pattern at occurrences of the mark, in bounded time."""
    for word in mark.marks:
        at, tries, past = text.find(word), mark.tries, 0
        while at >= 0 and tries:
            begin = max(at - mark.before, past, 0)
            reach = at + mark.reach
            if mark.before:
                found = mark.pattern.search(text, begin, reach)
            else:
                found = mark.pattern.match(text, at, reach)
            if found:
                past = found.end()
                yield found
            tries -= 1
            at = text.find(word, max(at + 1, past))


def _tokens(text: str) -> Iterator[_Found]:
    for mark in TOKENS:
        for match in _matches(text, mark):
            group = "secret" if "secret" in mark.pattern.groupindex else 0
            secret = match[group]
            if secret and not _is_placeholder(secret):
                yield _Found(
                    "token", mark.words, mask(secret), match.start(group), match.end(group)
                )
    for match in _matches(text, JWT):
        if _is_jwt_head(match[0].partition(".")[0]):
            yield _Found("token", JWT.words, mask(match[0]), *match.span())


def _is_placeholder(secret: str) -> bool:
    """Return whether a key is a placeholder: the same few characters again and again."""
    tail = secret[-16:]
    return len(set(tail)) < 5 or "xxxxxx" in secret.lower()


def _is_jwt_head(head: str) -> bool:
    try:
        said = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and ("alg" in said or "enc" in said)


def _private_keys(text: str) -> Iterator[_Found]:
    for match in _matches(text, PRIVATE_KEY):
        what = match["what"] or "PuTTY PRIVATE KEY"
        until = text.find("-END ", match.end(), match.end() + _LONGEST_KEY)
        last = text.find("\n", until) if until >= 0 else match.end()
        until = len(text) if last < 0 else last
        if len(set(match[0][-24:])) >= 5:
            yield _Found("private-key", PRIVATE_KEY.words, f"{what[:60]} …", match.start(), until)


def _passwords(text: str) -> Iterator[_Found]:
    for match in _matches(text, PASSWORD):
        user, secret, host = match["user"], match["secret"], match["host"]
        if not _stands_for_password(user, secret):
            masked = f"{user[:30]}:…@{host.rstrip('.:-')[:60]}"
            yield _Found("password", PASSWORD.words, masked, *match.span("secret"))


def _stands_for_password(user: str, secret: str) -> bool:
    lower = secret.lower()
    return (
        lower in PLACEHOLDERS
        or lower == user.lower()
        or len(set(lower)) == 1
        or secret[0] in "$%{[(*<…"
        or "${" in secret
        or "{{" in secret
    )


# Formatted as on cards, or without spaces, and no part of a longer number, name or path. The
# lookbehind comes after the first digit, because a pattern that begins with a digit skips other
# text quickly.
_CARD = re.compile(
    r"[0-9](?<![\w.,+/#-][0-9])(?:[0-9]{3}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{4}"
    r"|[0-9]{3}([ -])[0-9]{6}\2[0-9]{4,5}|[0-9]{13,15}|[0-9]{18})(?![\w/]|[.,-][0-9])"
)
_ISSUED = re.compile(
    r"4(?:[0-9]{15}|[0-9]{18})|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]"
    r"|2720)[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}"
    r"|(?:6011|65[0-9]{2}|64[4-9][0-9]|35(?:2[89]|[3-8][0-9])|62[0-9]{2})[0-9]{12}"
)


def _cards(text: str) -> Iterator[_Found]:
    for match in _up_to(_TRIES, _CARD, text):
        number = match[0].replace(" ", "").replace("-", "")
        if _ISSUED.fullmatch(number) and luhn.is_valid(number):
            yield _Found("card", _CARD_NUMBER, mask(number), *match.span())


_IBAN = re.compile(
    r"[A-Z](?<![A-Za-z0-9][A-Z])[A-Z][0-9]{2}"
    r"(?:[A-Z0-9]{11,30}|(?: [A-Z0-9]{4}){2,7}(?: [A-Z0-9]{1,4})?)(?![A-Za-z0-9])"
)


def _ibans(text: str) -> Iterator[_Found]:
    for match in _up_to(_TRIES, _IBAN, text):
        if iban.is_valid(match[0]):
            yield _Found("iban", _ACCOUNT_NUMBER, mask(match[0]), *match.span())


_NUMBER = re.compile(
    r"[0-9](?<![\w./+-][0-9])(?=(?:[ .+/-]?[0-9A-Z]){7})"
    r"|[A-Z](?<![\w./+-][A-Z])(?=[A-Z]{3,5}[0-9]{2})"
)
_NUMBERS = 20_000  # numbers examined; a page with more of them is a table of something else


def _national(text: str, chosen: Sequence[NationalId]) -> Iterator[_Found]:
    for start in _up_to(_NUMBERS, _NUMBER, text):
        for one in chosen:
            match = one.pattern.match(text, start.start(), start.start() + 30)
            if match and len(set(match[0])) > 3 and one.is_valid(match[0]):
                words = _NATIONAL[one.code]
                yield _Found(f"id-{one.code}", words, f"…{match[0][-2:]}", *match.span())


_WAYS: dict[str, Callable[[str], Iterator[_Found]]] = {
    "token": _tokens,
    "private-key": _private_keys,
    "password": _passwords,
    "card": _cards,
    "iban": _ibans,
}


def mask(secret: str) -> str:
    """Return the part of a secret that may be shown to recognise it: its first four and last two
    characters."""
    bare = "".join(secret.split())
    return f"{bare[:4]}…{bare[-2:]}" if len(bare) >= 12 else "…"
