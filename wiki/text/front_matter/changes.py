"""Changes of the values of front matter, written into the block."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import tomlkit
from tomlkit.exceptions import TOMLKitError

from wiki.text.compare.lines import normalise_line_ends
from wiki.text.front_matter.block import BLANK_LINE, FrontMatter, divide, match, read
from wiki.text.front_matter.json_block import edit_object
from wiki.text.front_matter.yaml_edits import Change, dump, edit_entries, with_line_ends
from wiki.text.front_matter.yaml_entries import Json


def rewrite(block: str, wanted: FrontMatter) -> str:
    """Return the block with the values of `wanted`. Only keys whose value differs are rewritten;
    the order, comments and spelling of the others stay. Without any values the result is empty."""
    said, entries = read(block), wanted.entries()
    changes = _changes(said.entries(), entries)
    if not changes:
        return block
    if not entries:
        return ""
    made = _edited(block, changes)
    if made and divide(made)[0] == made and not _changes(read(made).entries(), entries):
        return made
    return made_block(entries)


def join(wanted: FrontMatter, body: str, block: str = "") -> str:
    """Return the file with these values and this body, in the form of `block` where the values are
    the same, and with its line ends. :func:`split` is the inverse."""
    block = rewrite(block, wanted)
    if not block:
        if not divide(body)[0]:
            return body
        block = "---\n{}\n---\n\n"
    if not block.endswith(("\n", "\r")) and body:
        block += with_line_ends("\n\n", block)
    elif BLANK_LINE.match(normalise_line_ends(body)) and not re.search(
        r"(\r\n|\r|\n)[ \t]*(\r\n|\r|\n)\Z", block
    ):
        block += with_line_ends("\n", block)
    return block + with_line_ends(body, block)


def is_plain(block: str) -> bool:
    """Return whether a block is exactly what :func:`join` writes for its values without a block."""
    return block == made_block(read(block).entries())


def _changes(said: Mapping[str, Json], wanted: Mapping[str, Json]) -> list[Change]:
    """Return the keys whose value differs. Types count, because 1, 1.0 and True are equal in
    Python."""
    gone = [Change(key) for key in said if key not in wanted]
    return gone + [
        Change(key, (value,))
        for key, value in wanted.items()
        if key not in said or json.dumps(value) != json.dumps(said[key])
    ]


def _edited(block: str, changes: list[Change]) -> str | None:
    """Return the block with some entries changed; None if the block has to be written anew."""
    if not block:
        return None
    plain = normalise_line_ends(block)
    found = match(plain)
    if found is None:
        return None
    text = plain[found.start : found.stop]
    if found.kind == "yaml":
        lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", block)
        return edit_entries(text, lines, changes)
    try:
        made = edit_object(text, changes) if found.kind == "json" else _edited_toml(text, changes)
    except (TOMLKitError, ValueError, TypeError, RecursionError):
        return None
    return with_line_ends(plain[: found.start] + made + plain[found.stop :], block)


def _edited_toml(text: str, changes: list[Change]) -> str:
    document = tomlkit.parse(text)
    for change in changes:
        if change.is_removal:
            document.remove(change.key)
        else:
            document[change.key] = change.value
    return tomlkit.dumps(document)


def made_block(entries: Mapping[str, Json]) -> str:
    return f"---\n{dump(entries)}---\n\n" if entries else ""
