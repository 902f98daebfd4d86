"""Pages as they are indexed: weights of their stems, and positions of their words.

Ranking is computed when a page is indexed, not when it is searched. Each stem of a page has one
finished weight that says how strongly the page is about it: BM25F including the fields' boosts,
saturation and length norm (Robertson, Zaragoza and Taylor, "Simple BM25 extension to multiple
weighted fields", 2004; kept as impacts after Anh and Moffat, "Pruned query evaluation using
pre-computed impacts", 2006). A query then reads one weight per stem, whatever the number of fields,
and no lengths. The words themselves are indexed beside the stems with their positions, for phrases,
prefixes and distances.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import islice
from typing import Any

from wiki.search.engine import Document
from wiki.search.language.function_words import language_of_words
from wiki.search.language.stems import stem
from wiki.search.words import Cut, cuts, fold, words

TITLE, HEADING, NAME, LINK, BODY = 6.0, 2.2, 2.0, 2.0, 2.2
"""Largest weight of a word in the title, in headings, in tags or path, in the texts of links to the
page, and in the text."""
SHORTEST_TITLE_SHARE = 0.5
TYPICAL_WORDS = 400
"""Length of a page, in words, at which the length norm is neutral."""
KEPT_TEXT = 100_000
"""Maximum number of characters of a page's text stored for excerpts."""
K1, B = 1.2, 0.6
"""Parameters of BM25 for the text: how fast further occurrences of a word stop counting, and how
much a long text counts less."""
LOOKED_AT = 400
"""Number of words of a page by which its language is detected."""
GAP = 50
"""Unused positions between fields, so that no phrase matches across fields."""

Postings = list[tuple[str, float, list[int]]]


def whole(title: str) -> str:
    """Return the normal form of a title, under which titles are compared with a typed one."""
    return "".join(word.text for word in words(title))


def mark(value: str) -> str:
    """Return the normal form of a tag or kind, under which it is compared with a typed one."""
    return " ".join(fold(value).split())


def entry(document: Document) -> dict[str, Any]:
    """Return the fields of a page as an engine stores them."""
    updated = int(document.updated.timestamp()) if document.updated else 0
    found = _Cuts()
    shown = (cut.text for text in (document.title, document.body) for cut in found[text])
    language = language_of_words(list(islice(shown, LOOKED_AT)))
    return {
        "text": _positions(document, found),
        "stem": _weights(document, language, found),
        "language": [language],
        "title": _plain(document.title, share=_title_share(document.title)),
        "_stored_title": document.title,
        "path": _plain(document.path),
        "whole_title": [whole(document.title)],
        "tag": [mark(tag) for tag in document.tags],
        "_stored_tag": "\x1f".join(document.tags),
        "author": [str(author) for author in document.author_ids],
        "kind": [mark(document.kind)],
        "page": [str(document.page_id)],
        "page_id": document.page_id,
        "space_id": document.space_id,
        "revision": document.revision,
        "updated": updated,
        "links": len(document.link_texts),
        "link_sources": " ".join(map(str, document.link_sources)),
        "body": document.body[:KEPT_TEXT],
        "sections": _sections(document),
    }


class _Cuts(dict[str, list[Cut]]):
    """The words of texts of a page, each of which is cut only once, because that takes a third of
    the time of indexing."""

    def __missing__(self, text: str) -> list[Cut]:
        found = self[text] = list(cuts(text))
        return found


def _title_share(title: str) -> float:
    """Return the weight factor for words of a title. It is higher for short titles, because they
    are about little else."""
    length = sum(1 for _ in words(title))
    return max(SHORTEST_TITLE_SHARE, 1 / (1 + 0.08 * max(0, length - 1)))


def plain_positions(text: str) -> dict[str, list[int]]:
    """Return the positions of every word of a title or path."""
    positions: dict[str, set[int]] = defaultdict(set)
    for cut in cuts(text):
        positions[cut.text].update(range(cut.position, cut.position + cut.length))
    return {word: sorted(places) for word, places in positions.items()}


def _plain(text: str, share: float = 1.0) -> Postings:
    return [(word, share, places) for word, places in plain_positions(text).items()]


def _positions(document: Document, found: _Cuts) -> Postings:
    """Return the positions of every word of the page in title, path, tags and text, for phrases."""
    positions: dict[str, set[int]] = defaultdict(set)
    base = 0
    for text in (document.title, document.path, *document.tags, document.body):
        end = base
        for cut in found[text]:
            begin = base + cut.position
            end = max(end, begin + cut.length)
            if cut.length == 1:
                positions[cut.text].add(begin)
            else:
                positions[cut.text].update(range(begin, begin + cut.length))
        base = end + GAP
    return [(word, 1.0, sorted(places)) for word, places in positions.items()]


def _weights(document: Document, language: str, found: _Cuts) -> dict[str, float]:
    """Return the weight of every stem of the page, from all fields."""
    weights: dict[str, float] = defaultdict(float)

    def stems(texts: Iterable[str]) -> Counter[str]:
        counted: Counter[str] = Counter()
        for word, times in Counter(cut.text for text in texts for cut in found[text]).items():
            counted[stem(word, language)] += times
        return counted

    share = _title_share(document.title)
    for word in stems([document.title]):
        weights[word] += TITLE * share
    share = max(0.3, 1 / (1 + len(document.headings) / 40))
    for word in stems(document.headings):
        weights[word] += HEADING * share
    for word in stems([document.path, *document.tags]):
        weights[word] += NAME
    linked = stems(document.link_texts)
    for word, times in linked.items():
        weights[word] += LINK * times / (times + 1)
    frequency = stems([document.body])
    length = sum(frequency.values())
    norm = K1 * (1 - B + B * length / TYPICAL_WORDS)
    for word, times in frequency.items():
        weights[word] += BODY * times / (times + norm)
    return weights


def _sections(document: Document) -> list[tuple[int, str, str]]:
    """Return the place of each heading in the stored text, with its fragment and its text."""
    found = []
    at = 0
    for heading, anchor in zip(document.headings, document.anchors, strict=False):
        place = document.body.find(heading, at) if heading else -1
        while place > 0 and document.body[place - 1] != "\n":
            place = document.body.find(heading, place + 1)
        if place < 0:
            continue
        found.append((place, anchor, heading))
        at = place + len(heading)
    return [one for one in found if one[0] < KEPT_TEXT]
