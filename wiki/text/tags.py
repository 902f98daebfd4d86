"""Tags as users write them, and the keys by which they are compared."""

from __future__ import annotations

from wiki.text.paths import path_key

# One character can fold into eighteen, and the database limits the length of indexed keys.
MAX_KEY = 240


def spelled(raw: str) -> str:
    """Return a tag in its normal form: no commas, no control characters, single blanks."""
    return " ".join(raw.replace("\0", " ").replace(",", " ").split())


def tag_key(raw: str) -> str:
    """Return a key that is equal for tags that users regard as the same.

    Case, composed and compatibility forms make no difference. A tag of invisible characters only is
    its own key.
    """
    tag = spelled(raw)
    return (path_key(tag) or tag)[:MAX_KEY]
