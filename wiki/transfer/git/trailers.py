"""Trailers of a commit: the metadata that Git has no place for, at the end of its message.

    Say who is on call

    Wiki-Page: 4711
    Wiki-Action: edit

The block of trailers is the last paragraph if all of its lines are trailers of the wiki. The
message before it is recovered exactly, to the last blank line: it is not trimmed, folded or
escaped. If the message itself ends in what looks like such a block, an empty block, `Wiki-Trailers:
none`, closes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PAGE = "Wiki-Page"
"""The id of the page, which stays the same while it is edited, moved, deleted and restored."""
ACTION = "Wiki-Action"
"""The kind of change. `create`, `edit`, `merge`, `revert`, `move`, `import`: a revision; `delete`,
`restore`: a page; `attach`, `detach`: a file; `order`: the order of pages."""
REVISION = "Wiki-Revision"
"""The number of the revision."""
BASE = "Wiki-Base"
"""The number of the revision that this one was made from, or that was restored, if any."""
AUTHOR = "Wiki-Author"
"""The author's name, if Git cannot store its characters."""
EVENT = "Wiki-Event"
"""The event up to which the repository is complete with this commit."""
MESSAGE = "Wiki-Message"
"""`none` if the revision has no message; the one above is then generated for readers of the log."""
_NONE = "Wiki-Trailers: none"
_NAME = re.compile(r"Wiki-[A-Za-z][A-Za-z-]*")
_LINE = rf"{_NAME.pattern}: [^\n]*"
# The last paragraph, or the whole text if there is no message.
_BLOCK = re.compile(rf"(?:\A|\n\n)(?P<block>{_LINE}(?:\n{_LINE})*)\n?\Z")


def with_trailers(message: str, trailers: Mapping[str, str]) -> str:
    """Return the message with the trailers below it; :func:`split_trailers` separates the two.

    :param trailers: names that begin with `Wiki-`, and values of one line.
    """
    for name, value in trailers.items():
        if not _NAME.fullmatch(name) or name == "Wiki-Trailers" or "\n" in value:
            raise ValueError(f"{name}: {value!r} is no trailer.")
    block = "\n".join(f"{name}: {value}" for name, value in trailers.items())
    if not block:
        if not _BLOCK.search(message):
            return message
        block = _NONE
    return f"{message}\n\n{block}\n" if message else f"{block}\n"


def read_message(message: str) -> tuple[str, dict[str, str]]:
    """Return the message as the wiki stores it (may be empty), and the trailers of a commit."""
    text, trailers = split_trailers(message)
    return ("" if trailers.get(MESSAGE) == "none" else text), trailers


def split_trailers(message: str) -> tuple[str, dict[str, str]]:
    """Split a message from its last block of trailers; a message without one is kept as it is."""
    found = _BLOCK.search(message)
    if found is None:
        return message, {}
    trailers: dict[str, str] = {}
    for line in found["block"].split("\n"):
        name, _, value = line.partition(": ")
        trailers[name] = value
    trailers.pop("Wiki-Trailers", None)
    return message[: found.start()], trailers
