"""Paths that contain a token, which no log may contain."""

from __future__ import annotations

import re
from urllib.parse import unquote

# Every route with a parameter named ``token``. Routing decodes a path and merges its slashes.
_UP_TO_TOKEN = re.compile(
    r"/+-/+(?:feeds|invite|me/+claim|reset|s|unsubscribe)/+(?=[^/])", re.IGNORECASE
)


def path_to_log(path: str) -> str:
    """Return the path of a request, quoted as it was sent, without a token and what follows it."""
    found = _UP_TO_TOKEN.match(unquote(path))
    return f"{found[0]}…" if found else path
