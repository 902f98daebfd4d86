"""Summaries of all pages found: how many there are in each space, of each kind and so on."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any, TypedDict

from wiki.search.ranking.found import Found
from wiki.search.ranking.index import Segment


class Facets(TypedDict):
    """The summaries of `Results`."""

    spaces: Mapping[int, int]
    tags: Mapping[str, int]
    kinds: Mapping[str, int]
    authors: Mapping[int, int]
    since: Mapping[datetime, int]


def facets(found: Sequence[Found], moments: Iterable[datetime]) -> Facets:
    """Return the numbers of pages by space, tag, kind and author, each with the most frequent
    first, and of those changed since some moments."""
    documents: dict[int, list[int]] = {}
    segments: dict[int, Segment] = {}
    for one in found:
        segment = one.leaf.segment
        segments[id(segment)] = segment
        documents.setdefault(id(segment), []).append(one.document)

    def counted(name: str) -> Mapping[Any, int]:
        counter: Counter[Any] = Counter()
        for key, segment in segments.items():
            values = map(attrgetter(name)(segment).__getitem__, documents[key])
            counter.update(values if name == "space_ids" else chain.from_iterable(values))
        return dict(sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])))

    times = sorted(
        segment.updated[document]
        for key, segment in segments.items()
        for document in documents[key]
    )
    return {
        "spaces": counted("space_ids"),
        "tags": counted("tags"),
        "kinds": counted("kinds"),
        "authors": counted("authors"),
        "since": {one: len(times) - bisect_left(times, one.timestamp()) for one in moments},
    }
