"""Placeholder until the renderer lands."""

from dataclasses import dataclass

RENDERER_VERSION = 0


@dataclass(frozen=True)
class RenderContext:
    space: str
    path: str
    folder: bool
    title: str
    base_url: str | None = None


@dataclass(frozen=True)
class Heading:
    level: int
    id: str
    text: str


@dataclass(frozen=True)
class Link:
    ordinal: int
    kind: str
    space: str
    path: str
    fragment: str
    text: str


@dataclass(frozen=True)
class Rendering:
    html: str
    headings: list[Heading]
    links: list[Link]
    text: str
    excerpt: str
    headings_text: str
    source_shown: str = ""


def mark_missing(html: str, o: list[int]) -> str:
    return html
