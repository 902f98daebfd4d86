"""Pages whose titles match what is typed, for completions and the switcher."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wiki.search.asking import Asked, Chain, asked, compounds
from wiki.search.engine import TitleHit
from wiki.search.ranking import spelling
from wiki.search.ranking.found import Found
from wiki.search.ranking.index import SegmentView, Snapshot
from wiki.search.ranking.matching import Deadline, scores
from wiki.search.ranking.parts import Alternative, Part
from wiki.search.words import fold

MOST_TYPED = 8
"""Maximum number of words that are looked up in titles during typing."""
MOST_TITLES = 100
"""Maximum number of prefix matches tried, and titles compared, during typing."""
MOST_BY_LETTERS = {1: 20, 2: 40}
"""The same number of prefix matches for the first letters of a word, which begin so many words that
the most frequent ones fill any list."""


Pools = Sequence[tuple[SegmentView, set[int]]]
"""Segments, each with the documents that are searched."""
Groups = list[list[Part]]
"""For each typed word, the ways to find it in titles and paths."""


def titles(
    snapshot: Snapshot, text: str, pools_for: Callable[[Groups], Pools], limit: int, near: bool
) -> list[TitleHit]:
    """Return pages whose title or path has words that begin with the typed words; with `near`, also
    misspelt or partial matches.

    :param pools_for: returns at least the documents that match most words and that the actor may
        read; it may return others that the actor may read.
    """
    typed = asked(text[:200])[:MOST_TYPED]
    if not typed:
        return []
    deadline = Deadline(0.5)
    places = [_beginnings(snapshot, one) for one in typed]
    for first, last, compound in compounds([one.whole for one in typed]):
        as_one = Asked((Chain((compound,), ()),), 0, 0)
        for at in range(first, last):
            for _, group in places[at]:
                group += [more for _, some in _beginnings(snapshot, as_one) for more in some]
    wanted = [one for place in places for one in place][:MOST_TYPED]
    groups = [group for _, group in wanted]
    found = _titled(snapshot, pools_for(groups), groups, deadline, least=len(groups))
    if near and len(found) < limit:
        groups = [
            [
                *group,
                *(
                    Part("title", (Alternative((term,), (), spelling.boost(slips)),))
                    for term, slips in spelling.near(snapshot, "title", word)
                ),
            ]
            for word, group in wanted
        ]
        more = _titled(snapshot, pools_for(groups), groups, deadline, least=(len(groups) + 1) // 2)
        seen = {one.page_id for one in found}
        found += [one for one in more if one.page_id not in seen]
    return _named(text, found, limit)


def _beginnings(snapshot: Snapshot, one: Asked) -> list[tuple[str, list[Part]]]:
    """Return the title matches for a word being typed, and with less weight those in paths, each
    with the word.

    In an unspaced script each pair of characters counts as a word, because some of the pairs are
    enough.
    """
    if one.unspaced:
        chains = [[Chain((term,), ())] for term in one.chains[0].terms]
    else:
        chains = [list(one.chains)]
    groups = []
    for some in chains:
        group = []
        for name, share in (("title", 1.0), ("path", 4.0)):
            ways = [
                Alternative((*first, term), chain.steps, share * (1.0 if term == last else 0.7))
                for chain in some
                for *first, last in [chain.terms]
                for term in snapshot.beginning(
                    name, last, MOST_BY_LETTERS.get(len(last), MOST_TITLES)
                )
            ]
            group.append(Part(name, tuple(ways)))
        groups.append((some[0].terms[0] if len(some[0].terms) == 1 else "", group))
    return groups


def _titled(
    snapshot: Snapshot,
    pools: Pools,
    groups: Groups,
    deadline: Deadline,
    least: int,
) -> list[Found]:
    found = []
    for leaf, pool in pools:
        total: dict[int, float] = {}
        count: dict[int, int] = {}
        for group in groups:
            best: dict[int, float] = {}
            for one in group:
                for d, score in scores(snapshot, leaf, one, pool, deadline).items():
                    best[d] = max(best.get(d, 0.0), score)
            for d, score in best.items():
                total[d] = total.get(d, 0.0) + score
                count[d] = count.get(d, 0) + 1
        found += [
            Found(leaf, d, score * (count[d] / len(groups)) ** 2)
            for d, score in total.items()
            if count[d] >= least
        ]
    return sorted(found, key=lambda one: one.order)


def _named(text: str, found: list[Found], limit: int) -> list[TitleHit]:
    """Rank titles: exact matches, then titles that begin with the text, both shortest first, then
    the rest."""
    start = fold(text).strip()
    ranked = []
    for place, one in enumerate(found[:MOST_TITLES]):
        segment = one.leaf.segment
        title = segment.title(one.document)
        name = fold(title)
        kind = 0 if name == start else 1 if name.startswith(start) else 2
        ranked.append((kind, place if kind == 2 else len(name), place, one, title))
    ranked.sort(key=lambda item: item[:3])
    return [
        TitleHit(
            one.leaf.segment.page_ids[one.document],
            one.leaf.segment.space_ids[one.document],
            title,
        )
        for *_, one, title in ranked[:limit]
    ]
