"""Stems of words: the form that a word and its inflections have in common."""

from __future__ import annotations

import threading
from functools import lru_cache

import Stemmer

SNOWBALL = {
    "ar": "arabic", "da": "danish", "de": "german", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nl": "dutch",
    "no": "norwegian", "pt": "portuguese", "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Names of Snowball's stemmers by language."""

_own = threading.local()  # a stemmer must not be used by two threads at once


@lru_cache(maxsize=20_000)
def stem(word: str, language: str) -> str:
    """Return the stem of a folded word; the word itself if it is a number or mixed."""
    if not word.isalpha() or len(word) < 3 or language not in SNOWBALL:
        return word
    made = _own.__dict__.get(language)
    if made is None:
        made = Stemmer.Stemmer(SNOWBALL[language], 0)
        setattr(_own, language, made)
    found: str = made.stemWord(word)
    return found or word
