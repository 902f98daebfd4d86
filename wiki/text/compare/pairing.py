"""Pairing of deleted and added lines: similar lines are placed side by side.

The cost is bounded: at most `TABLE` pairs of lines are all compared; in a longer stretch each line
is compared with the next `WINDOW` lines. At most `LONGEST` words of a line count.
"""

from collections.abc import Sequence

from rapidfuzz.distance import Indel

from wiki.text.compare.words import is_word, tokens

ALIKE = 0.5
"""Share of words that two lines must have in common, in order, to be shown as one changed line."""

TABLE = 1_600
"""Number of pairs of lines in a stretch up to which all are compared; above it each line is
compared with `WINDOW` others."""

WINDOW = 12

LONGEST = 2_000
"""Maximum number of words of a line that are compared."""

REACH = 20 * LONGEST
"""Number of characters of a line in which these words are searched for."""


def pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Return the indices of similar lines in `old` and `new`, both ascending."""
    codes: dict[str, str] = {}
    left, right = ([_coded(line, codes) for line in lines] for lines in (old, new))
    return _best(left, right) if len(old) * len(new) <= TABLE else _nearest(left, right)


def _coded(line: str, codes: dict[str, str]) -> str:
    """Return the words of a line, encoded as one character each, so that lines compare fast."""
    found = tokens(line[:REACH])
    words = [t for t in found if is_word(t)] or [t for t in found if not t.isspace()]
    return "".join(codes.setdefault(w, _character(len(codes))) for w in words[:LONGEST])


def _character(number: int) -> str:
    """Return a distinct character for each number, without surrogates; numbers above a million
    share one."""
    code = number + 1 if number < 0xD7FF else number + 0x801
    return chr(min(code, 0x10FFFF))


def _likeness(a: str, b: str) -> float:
    return Indel.normalized_similarity(a, b, score_cutoff=ALIKE) if a and b else 0.0


def _best(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """Return the ascending pairs with the greatest total similarity, by dynamic programming."""
    n, m = len(left), len(right)
    likeness = [[_likeness(a, b) for b in right] for a in left]
    score = [[0.0] * (m + 1) for _ in range(n + 1)]
    for i in range(n - 1, -1, -1):
        for j in range(m - 1, -1, -1):
            together = likeness[i][j] + score[i + 1][j + 1] if likeness[i][j] else 0.0
            score[i][j] = max(score[i + 1][j], score[i][j + 1], together)
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < n and j < m:
        if likeness[i][j] and score[i][j] == likeness[i][j] + score[i + 1][j + 1]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif score[i][j] == score[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _nearest(left: list[str], right: list[str]) -> list[tuple[int, int]]:
    """Return ascending pairs of each line with the most similar one among the next few."""
    found: list[tuple[int, int]] = []
    start = 0
    for i, line in enumerate(left):
        near = range(start, min(start + WINDOW, len(right)))
        best = max(near, key=lambda j: (_likeness(line, right[j]), -j), default=-1)
        if best >= 0 and _likeness(line, right[best]):
            found.append((i, best))
            start = best + 1
    return found
