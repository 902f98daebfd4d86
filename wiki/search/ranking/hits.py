"""Pages found as hits, with their excerpts."""

from __future__ import annotations

from wiki.search.engine import Hit
from wiki.search.excerpts import passage
from wiki.search.ranking.finding import Finder
from wiki.search.ranking.found import Found


def hit(one: Found, finder: Finder, terms: tuple[str, ...]) -> Hit:
    """Return a page found as a hit, with its excerpt and the section that the excerpt is from.

    :param terms: the words to highlight.
    """
    segment = one.leaf.segment
    pieces, place = passage(segment.body(one.document), terms)
    fragment = heading = ""
    if place >= 0 and not finder.is_in(segment.title(one.document)):
        for begin, name, text in segment.sections(one.document):
            if begin <= place:
                fragment, heading = name, text
    return Hit(
        page_id=segment.page_ids[one.document],
        revision=segment.revisions[one.document],
        score=one.score,
        excerpt=pieces,
        fragment=fragment,
        heading=heading,
    )
