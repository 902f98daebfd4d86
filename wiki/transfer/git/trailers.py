"""Trailers of a commit: what Git has no place for, at the end of its message; text in, text out.

    Say who is on call

    Wiki-Page: 4711
    Wiki-Action: edit

The block of trailers is the last paragraph, all of whose lines are ours. What the message itself
is, to the last blank line, is found again: it is not trimmed, folded or escaped, except where it
ends in what looks like such a block. Then an empty block, `Wiki-Trailers: none`, closes it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PAGE = "Wiki-Page"
"""What stays the same while a page is edited, moved, deleted and restored."""
ACTION = "Wiki-Action"
"""`create`, `edit`, `merge`, `revert`, `move`, `import`: a revision; `delete`, `restore`: a page;
`attach`, `detach`: a file."""
REVISION = "Wiki-Revision"
"""The number of the revision."""
BASE = "Wiki-Base"
"""The number of the revision that it was made from, or that was restored, where it has one."""
AUTHOR = "Wiki-Author"
"""The author's name, where Git has no place for its characters."""
EVENT = "Wiki-Event"
"""How far the wiki's events stand in the repository with this commit."""
MESSAGE = "Wiki-Message"
"""`none` where the wiki has no message, and the one above is made up for those who read the log."""
_NONE = "Wiki-Trailers: none"
_NAME = re.compile(r"Wiki-[A-Za-z][A-Za-z-]*")
_LINE = rf"{_NAME.pattern}: [^\n]*"
# The last paragraph; where there is no message, all there is.
_BLOCK = re.compile(rf"(?:\A|\n\n)(?P<block>{_LINE}(?:\n{_LINE})*)\n?\Z")


def with_trailers(message: str, trailers: Mapping[str, str]) -> str:
    """The message with the trailers below it; :func:`split_trailers` takes the two apart again.

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
    """The message as the wiki has it, perhaps empty, and the trailers of a commit."""
    text, trailers = split_trailers(message)
    return ("" if trailers.get(MESSAGE) == "none" else text), trailers


def split_trailers(message: str) -> tuple[str, dict[str, str]]:
    """The message without its last block of trailers, and those; a message that has none is given
    back as it is."""
    found = _BLOCK.search(message)
    if found is None:
        return message, {}
    trailers: dict[str, str] = {}
    for line in found["block"].split("\n"):
        name, _, value = line.partition(": ")
        trailers[name] = value
    trailers.pop("Wiki-Trailers", None)
    return message[: found.start()], trailers
