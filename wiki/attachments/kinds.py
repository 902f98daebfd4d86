"""Media types of files, detected by their first bytes and never by their name, and how far a
browser may trust them.

The list is short on purpose: any other file is served as a download of unknown type.
"""

from __future__ import annotations

import codecs
import re

SNIFFED = 4096
"""Number of first bytes that :func:`content_type_of` needs."""

UNKNOWN = "application/octet-stream"
SVG = "image/svg+xml"
TEXT = "text/plain"
PDF = "application/pdf"

# Signatures as the formats' specifications give them: offset, bytes, type.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"%PDF-", PDF),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"fLaC", "audio/flac"),
)
# The second word of a RIFF file, and the brand of an ISO media file.
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav"}
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"M4A ": "audio/mp4",
    **dict.fromkeys((b"isom", b"iso2", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1"), "video/mp4"),
    **dict.fromkeys((b"M4V ", b"MSNV", b"dash"), "video/mp4"),
}
_SHOWN = frozenset({PDF, TEXT, SVG})
# Blanks, comments, declarations and processing instructions may precede the root element.
_SVG_ROOT = re.compile(
    r"\ufeff?(?>\s+|<\?[^>]*\?>|<!--.*?-->|<!DOCTYPE\s+svg[^>\[]*>)*+<(?:svg:)?svg[\s>]",
    re.DOTALL | re.IGNORECASE,
)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def content_type_of(head: bytes) -> str:
    """Return the media type of a file that begins with ``head`` (at most its first 4,096 bytes)."""
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], UNKNOWN)
    return _text_type(head)


def _text_type(head: bytes) -> str:
    # The beginning may end inside a character, which an incremental decoder accepts.
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head, len(head) < SNIFFED)
    except UnicodeDecodeError:
        return UNKNOWN
    if _SVG_ROOT.match(text):
        return SVG
    if _NOT_TEXT.search(text) or text.lstrip("\ufeff \t\r\n\f").startswith("<"):
        return UNKNOWN  # other markup, including HTML, is never served as such
    return TEXT


def is_shown(content_type: str) -> bool:
    """Return whether a browser may show such a file itself; any other file it must download."""
    return content_type in _SHOWN or content_type.startswith(("image/", "video/", "audio/"))


def is_image(content_type: str) -> bool:
    """Return whether a page can show it as an image."""
    return content_type.startswith("image/")


def policy_for(content_type: str) -> str:
    """Return the content security policy that a file is served with: it runs nothing and loads
    nothing.

    The PDF viewers of browsers refuse to start in a sandbox. They give a document no access to the
    site it came from, so for PDF the rest of the policy is enough.
    """
    allowed = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; "
    allowed += "media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return f"{allowed}; object-src 'self'" if content_type == PDF else f"{allowed}; sandbox"
