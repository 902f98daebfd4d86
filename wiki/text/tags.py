"""Tags as people write them, and the key under which two of them are one."""

from __future__ import annotations

from wiki.text.paths import path_key

# A sign can fold into eighteen; the database indexes keys of some length only.
MAX_KEY = 240


def spelled(raw: str) -> str:
    """A tag in its normal form: no commas, no control characters, single blanks."""
    return " ".join(raw.replace("\0", " ").replace(",", " ").split())


def tag_key(raw: str) -> str:
    """What is equal for two tags that people would take for the same one.

    Upper and lower case, composed and compatibility forms make no difference. A tag of nothing but
    characters that cannot be seen is its own key.
    """
    tag = spelled(raw)
    return (path_key(tag) or tag)[:MAX_KEY]
