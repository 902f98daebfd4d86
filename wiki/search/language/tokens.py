"""The stretches of a text that are cut into words: a pattern for all scripts, and a fast one for
lines in ASCII."""

import re
from collections.abc import Iterator
from typing import TypeAlias

import regex

Match: TypeAlias = "regex.Match[str] | re.Match[str]"

_UNSPACED = (
    r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
    r"\u30fc\u3005\u3006\uff70\uff9e\uff9f"
)
LETTER = rf"[[\p{{L}}\p{{N}}\p{{M}}]--[{_UNSPACED}]]"
JOINERS = "-\u00ad\u2010\u2011._'\u2019\u02bc&/"
"""Signs between words that can join them into one word."""
_SIGN = r"\p{L}(?:\+\+|\#)(?![\p{L}\p{N}])"
GROUPED = (
    r"(?<![\p{L}\p{N}]|\p{N}[.,])\p{N}{1,3}"
    r"(?P<sep>[.,'\u2019\x20\u00a0\u2009\u202f])\p{N}{3}"
    r"(?:(?P=sep)\p{N}{3}){0,5}(?![\p{N}\p{L}]|[.,'\u2019]\p{N})"
)
"""A number with its digits in groups of three: 1,250,000 or 1 250 000."""
TOKEN = regex.compile(
    rf"(?V1)(?P<run>[{_UNSPACED}]+)"
    rf"|(?P<sign>(?<![\p{{L}}\p{{N}}]){_SIGN})"
    rf"|(?P<number>{GROUPED})"
    rf"|(?P<word>{LETTER}+(?:[{JOINERS}](?!{_SIGN}){LETTER}+)*)"
)
# The same for text in ASCII, as most is. It takes a third of the time.
_ASCII_SIGN = r"[A-Za-z](?:\+\+|\#)(?![A-Za-z0-9])"
_ASCII = re.compile(
    rf"(?P<sign>(?<![A-Za-z0-9]){_ASCII_SIGN})"
    r"|(?P<number>(?<![A-Za-z0-9])(?<![0-9][.,])[0-9]{1,3}(?P<sep>[.,'\x20])[0-9]{3}"
    r"(?:(?P=sep)[0-9]{3}){0,5}(?![0-9A-Za-z]|[.,'][0-9]))"
    rf"|(?P<word>[A-Za-z0-9]+(?:[-._'&/](?!{_ASCII_SIGN})[A-Za-z0-9]+)*)"
)


def tokens(text: str) -> Iterator[Match]:
    """Yield the stretches of `text` as they are found. None goes on in another line."""
    if text.isascii():
        yield from _ASCII.finditer(text)
        return
    begin = 0
    while begin < len(text):
        end = text.find("\n", begin) + 1 or len(text)
        pattern = _ASCII if text[begin:end].isascii() else TOKEN
        yield from pattern.finditer(text, begin, end)
        begin = end
