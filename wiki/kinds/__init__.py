"""The kinds of pages: one folder and one line of this list for each."""

from wiki.kinds.article.kind import ARTICLE

KINDS = (ARTICLE,)
