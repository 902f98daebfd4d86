"""A benchmark of searches for two words that are adjacent in a text.

Measures whole requests (access check, engine, ten hits with excerpts, template) on the wiki of the
environment's settings, relative to the lightest request of the same app. `python -m bench.search`
prints the lines; fill the wiki first, for example with `wiki import`.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import quote_plus

from flask import Flask
from sqlalchemy import select

from wiki.app import create_app
from wiki.db import Database
from wiki.pages.rendering.models import RenderingRow

QUESTIONS = 300
REACH_MS = 50.0
"""Maximum of the 95th percentile of searches for two words on the handbook, in milliseconds."""

_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Timed:
    """The times of one kind of request in milliseconds."""

    name: str
    times: Sequence[float]

    @property
    def p50(self) -> float:
        """The median."""
        return median(self.times)

    @property
    def p95(self) -> float:
        """The 95th percentile."""
        return sorted(self.times)[int(len(self.times) * 0.95)]


def measure(app: Flask, database: Database, seed: int = 7) -> list[Timed]:
    """Measure a bare request, searches and the switcher, as an anonymous reader."""
    chance = random.Random(seed)
    with database.read() as session:
        texts = list(session.scalars(select(RenderingRow.text).limit(2000)))
    texts = [text for text in texts if len(_WORD.findall(text)) > 10]
    client = app.test_client()

    def two_words() -> str:
        words = _WORD.findall(chance.choice(texts))
        at = chance.randrange(len(words) - 1)
        return f"/-/search?q={quote_plus(' '.join(words[at : at + 2]))}"

    def phrase() -> str:
        return two_words().replace("q=", "q=%22") + "%22"

    def slip() -> str:
        words = [word for word in _WORD.findall(chance.choice(texts)) if len(word) > 6]
        word = chance.choice(words or ["recieve"])
        return f"/-/search?q={quote_plus(word[:3] + word[4] + word[3] + word[5:])}"

    def typed() -> str:
        word = chance.choice(_WORD.findall(chance.choice(texts)))
        return f"/-/switch?q={quote_plus(word[: chance.randint(1, 5)])}"

    def timed(name: str, address: Callable[[], str]) -> Timed:
        client.get(address())
        times = []
        for _ in range(QUESTIONS):
            url = address()
            start = time.perf_counter()
            answer = client.get(url)
            times.append((time.perf_counter() - start) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{url} answered {answer.status_code}")
        return Timed(name, times)

    return [
        timed("bare request", lambda: "/-/health"),
        timed("two words", two_words),
        timed("phrase", phrase),
        timed("one misspelt word", slip),
        timed("switcher", typed),
    ]


def lines(found: Sequence[Timed]) -> list[str]:
    """Return a line for each kind: times, and the median as a multiple of the bare request's."""
    bare = found[0].p50
    rows = []
    for one in found:
        reach = f"  (reach: p95 ≤ {REACH_MS:.0f} ms)" if one.name == "two words" else ""
        rows.append(
            f"search, {one.name:<18} p50 {one.p50:6.1f} ms  p95 {one.p95:6.1f} ms"
            f"  {one.p50 / bare:5.1f} x bare{reach}"
        )
    return rows


def main() -> None:
    """Measure the wiki of the environment's settings."""
    app = create_app()
    print("\n".join(lines(measure(app, app.extensions["wiki"].database))))


if __name__ == "__main__":
    main()
