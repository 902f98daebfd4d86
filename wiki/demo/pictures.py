"""Pictures of the demo, drawn in code so that it needs none by others."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

_INK = "#3a8f6d"  # visible on light and on dark backgrounds

CARGO_BIKE = f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 240" width="640"
 height="240" fill="none" stroke="{_INK}" stroke-width="7" stroke-linecap="round"
 stroke-linejoin="round">
<title>A cargo bike</title>
<circle cx="110" cy="165" r="58"/><circle cx="545" cy="180" r="42"/>
<path d="M110 165 L190 75 L265 165 Z M190 75 L330 75 L265 165 M330 75 L345 165 L265 165"/>
<path d="M345 165 L505 180 L545 180 M330 75 L325 45 L355 35"/>
<path d="M350 150 L365 85 L500 85 L510 162 Z"/><path d="M168 58 L215 58"/>
<path d="M20 224 L620 224" stroke-width="3"/>
</svg>
"""

_BOXES = ("phone", "desk", "post", "lock")


def chain() -> str:
    """Draw four boxes in a row, joined by arrows, with a dashed arrow from the first to the
    last."""
    parts = []
    for place, word in enumerate(_BOXES):
        x = 12 + place * 160
        parts.append(f'<rect x="{x}" y="60" width="116" height="56" rx="10"/>')
        parts.append(
            f'<text x="{x + 58}" y="95" text-anchor="middle" fill="{_INK}" stroke="none" '
            f'font-family="sans-serif" font-size="20">{word}</text>'
        )
        if place:
            parts.append(f'<path d="M{x - 44} 88 H{x - 8} m-9 -8 l9 8 l-9 8"/>')
    parts.append('<path d="M70 60 C70 8 550 8 550 52" stroke-dasharray="2 9"/>')
    parts.append('<path d="m542 42 l8 10 l8 -10"/>')
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 620 130" width="620" height="130" '
        f'fill="none" stroke="{_INK}" stroke-width="3" stroke-linecap="round">'
        "<title>phone, desk, post, lock; dashed: Bluetooth</title>" + "".join(parts) + "</svg>\n"
    )


def bars(values: Sequence[int], *, width: int = 620, height: int = 220) -> bytes:
    """Draw a bar chart as PNG: one bar per value, the highest as high as the picture."""
    paper, ink, line = (246, 246, 241), (58, 143, 109), (205, 205, 196)
    step, top = width / len(values), max(values)
    rows = []
    for y in range(height):
        row = bytearray(b"\0")  # no filter
        level = (height - 1 - y) * top / (height - 12)
        for x in range(width):
            place, inside = divmod(x, step)
            is_bar = inside > step * 0.22 and level < values[int(place)]
            is_line = y % 52 == 0
            row += bytes(ink if is_bar else line if is_line else paper)
        rows.append(bytes(row))

    def chunk(kind: bytes, data: bytes) -> bytes:
        framed = kind + data
        return struct.pack(">I", len(data)) + framed + struct.pack(">I", zlib.crc32(framed))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"".join(rows), 9))
        + chunk(b"IEND", b"")
    )
