"""Words of a line, and which of them changed.

A word, a space or a punctuation mark is compared as a whole. A grapheme is never split: a family of
emoji, a letter with its accents, a flag.
"""

import re
from typing import NamedTuple

import regex
from diff_match_patch.diff_match_patch import diff_match_patch
from rapidfuzz.distance import LCSseq

LIMIT = 6_000
"""Number of tokens of two lines above which only their common start and end are left unmarked."""

_ASCII = re.compile(r"\w+|.", re.DOTALL)
# Scripts without spaces between words are compared character by character.
_UNICODE = regex.compile(
    r"(?V1)(?:(?=[\w--[\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]])\X)+|\X",
    regex.DOTALL,
)

# Each word is replaced by one letter for the cleanup, which distinguishes letters, spaces and
# punctuation. The CJK ideographs are letters, and enough for `LIMIT` words.
_LETTERS = 0x4E00

_TIDY = diff_match_patch()
_TIDY.Diff_Timeout = 0  # the result must not depend on time


class Span(NamedTuple):
    """A piece of a line, and whether the other line lacks it."""

    text: str
    changed: bool


def tokens(line: str) -> list[str]:
    """Split `line` into words, single spaces and single punctuation marks; joined they are
    `line`."""
    pattern = _ASCII if line.isascii() else _UNICODE
    return pattern.findall(line)


def is_word(token: str) -> bool:
    """Return whether `token` is a word rather than space or punctuation."""
    return token[:1].isalnum() or token[:1] == "_"


class Effort:
    """A budget of steps for the cleanup of differences; `refused` is set once it was not enough.

    The cleanup of the n differences of a line takes n² steps at worst: a thousand in ordinary
    lines, millions in lines made to be slow.
    """

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.refused = False

    def spend(self, steps: int) -> bool:
        """Spend this many steps and return True, or return False if fewer are left."""
        if steps > self.left:
            self.refused = True
            return False
        self.left -= steps
        return True


def mark(
    old: str, new: str, effort: Effort | None = None
) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the spans of `old` and of `new`; spans that the other text lacks are marked.

    The joined spans are the text. Short equal stretches between changes are marked with them, so
    that people see one change rather than many small ones (diff-match-patch's semantic cleanup).
    Beyond :data:`LIMIT` or `effort`, only the common start and end are left unmarked.
    """
    left, right = tokens(old), tokens(new)
    head = 0
    while head < min(len(left), len(right)) and left[head] == right[head]:
        head += 1
    tail = 0
    while tail < min(len(left), len(right)) - head and left[-1 - tail] == right[-1 - tail]:
        tail += 1
    if len(left) + len(right) - 2 * (head + tail) > LIMIT:
        return _framed(left, head, tail), _framed(right, head, tail)
    letters: dict[str, str] = {}
    a, b = _lettered(left, letters), _lettered(right, letters)
    words = {letter: word for word, letter in letters.items()}
    spans: tuple[list[Span], list[Span]] = [], []
    diffs = _differences(a, b)
    if effort is not None and not effort.spend(len(diffs) ** 2):
        return _framed(left, head, tail), _framed(right, head, tail)
    _TIDY.diff_cleanupSemantic(diffs)
    for op, text in diffs:
        plain = "".join(words.get(letter, letter) for letter in text)
        if op <= 0:
            spans[0].append(Span(plain, op != 0))
        if op >= 0:
            spans[1].append(Span(plain, op != 0))
    return _merged(spans[0]), _merged(spans[1])


def _lettered(line: list[str], letters: dict[str, str]) -> str:
    """Return `line` with a letter for each token, except single spaces and punctuation marks."""
    return "".join(
        token
        if len(token) == 1 and not token.isalnum()
        else letters.setdefault(token, chr(_LETTERS + len(letters)))
        for token in line
    )


def _differences(a: str, b: str) -> list[tuple[int, str]]:
    """Return `a` and `b` in the form of diff-match-patch: -1 only in `a`, 1 only in `b`, 0 in
    both."""
    diffs: list[tuple[int, str]] = []
    gone = come = ""
    for op in LCSseq.opcodes(a, b):
        if op.tag == "equal":
            diffs += [(-1, gone)] * bool(gone) + [(1, come)] * bool(come)
            diffs.append((0, a[op.src_start : op.src_end]))
            gone = come = ""
        else:
            gone += a[op.src_start : op.src_end]
            come += b[op.dest_start : op.dest_end]
    return diffs + [(-1, gone)] * bool(gone) + [(1, come)] * bool(come)


def _framed(line: list[str], head: int, tail: int) -> tuple[Span, ...]:
    end = len(line) - tail
    return _merged(
        [
            Span("".join(line[:head]), False),
            Span("".join(line[head:end]), True),
            Span("".join(line[end:]), False),
        ]
    )


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """Return the spans without empty ones, and with neighbours of one kind joined."""
    whole: list[Span] = []
    for span in spans:
        if whole and whole[-1].changed == span.changed:
            whole[-1] = Span(whole[-1].text + span.text, span.changed)
        elif span.text:
            whole.append(span)
    return tuple(whole)
