"""Front matter: the YAML between two `---` lines at the head of a Markdown file."""

import datetime
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import yaml

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

MAX_FRONT_MATTER = 32_768  # characters; more is not front matter but a page
MAX_DEPTH = 20

_BLOCK = re.compile(
    r"\A\ufeff?---[ \t]*\r?\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)",
    re.DOTALL | re.MULTILINE,
)
_BLANK_LINE = re.compile(r"\A[ \t]*\r?\n")
_OWN_KEYS = ("title", "description", "tags")


@dataclass(frozen=True)
class FrontMatter:
    """What a file says about itself; `rest` holds every other key, as JSON can hold it."""

    title: str | None = None
    description: str | None = None
    tags: tuple[str, ...] = ()
    rest: Mapping[str, Json] = field(default_factory=dict)


class _NotFrontMatter(ValueError):
    """The block is no mapping that JSON could hold."""


class _Loader(yaml.SafeLoader):
    """Plain YAML without anchors: an alias lets a few lines stand for gigabytes."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise _NotFrontMatter("an alias")
        return super().compose_node(parent, index)


def split(source: str) -> tuple[FrontMatter, str]:
    """The front matter of `source` and the body behind it.

    One blank line after the closing `---` belongs to neither. What is not a YAML mapping (broken,
    with anchors, with a key twice, beyond the limits of this module) is left in the body.
    """
    block = _BLOCK.match(source[: MAX_FRONT_MATTER + 16])
    if block is None or not block["yaml"].strip():
        return FrontMatter(), source
    try:
        front_matter = _load(block["yaml"])
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        return FrontMatter(), source
    body = source[block.end() :]
    return front_matter, _BLANK_LINE.sub("", body, count=1)


def looks_like_front_matter(body: str) -> bool:
    """Whether what `split` left in the body was meant as front matter: `key: …` between `---`."""
    block = _BLOCK.match(body[: MAX_FRONT_MATTER + 16])
    return block is not None and re.match(r"\s*[\w-]+[ \t]*:", block["yaml"]) is not None


def join(front_matter: FrontMatter, body: str) -> str:
    """The file that `split` takes apart into exactly these two."""
    entries: dict[str, Json] = {}
    if front_matter.title is not None:
        entries["title"] = front_matter.title
    if front_matter.description is not None:
        entries["description"] = front_matter.description
    if front_matter.tags:
        entries["tags"] = list(front_matter.tags)
    entries |= {key: value for key, value in front_matter.rest.items() if key not in entries}
    if not entries and split(body) == (FrontMatter(), body):
        return body
    text = yaml.safe_dump(
        entries, sort_keys=False, allow_unicode=True, default_flow_style=False, width=100
    )
    return f"---\n{text}---\n\n{body}"


def _load(text: str) -> FrontMatter:
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            raise _NotFrontMatter("no mapping")
        own: dict[str, yaml.Node] = {}
        rest: dict[str, Json] = {}
        for key_node, value_node in root.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _NotFrontMatter("a key that is no word")
            key = str(key_node.value)
            if key in own or key in rest or key == "<<":
                raise _NotFrontMatter("a key twice")
            if key in _OWN_KEYS and _words(key, value_node) is not None:
                own[key] = value_node
            else:
                rest[key] = _to_json(loader.construct_object(value_node, deep=True))
    finally:
        loader.dispose()
    title = _words("title", own.get("title"))
    description = _words("description", own.get("description"))
    tags = _words("tags", own.get("tags")) or []
    return FrontMatter(
        title[0] if title else None,
        description[0] if description else None,
        tuple(dict.fromkeys(tags)),
        rest,
    )


def _words(key: str, node: yaml.Node | None) -> list[str] | None:
    """The texts of a scalar or of a list of scalars as they are written; None for all else."""
    if isinstance(node, yaml.ScalarNode):
        if node.tag == "tag:yaml.org,2002:null":
            return None
        text = node.value.strip()
        parts = text.split(",") if key == "tags" else [text]
        return [part.strip() for part in parts if part.strip()] or None
    if key == "tags" and isinstance(node, yaml.SequenceNode):
        if not all(isinstance(item, yaml.ScalarNode) for item in node.value):
            return None
        return [item.value.strip() for item in node.value if item.value.strip()] or None
    return None


def _to_json(value: object, depth: int = 0) -> Json:
    if depth > MAX_DEPTH:
        raise _NotFrontMatter("nested too deep")
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if abs(value) >= 2**63:
            raise _NotFrontMatter("a number too large")
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, dict):
        result = {str(key): _to_json(item, depth + 1) for key, item in value.items()}
        if len(result) != len(value):
            raise _NotFrontMatter("two keys that read the same")
        return result
    if isinstance(value, (list, tuple, set)):
        return [_to_json(item, depth + 1) for item in value]
    raise _NotFrontMatter(type(value).__name__)
