"""What a file is decides its first bytes; what a browser may do with it follows from that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.attachments import samples
from wiki.attachments.kinds import UNKNOWN, content_type_of, is_shown, policy_for


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (samples.png(), "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a\1\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "audio/wav"),
        (b"\0\0\0\x20ftypavif\0\0\0\0", "image/avif"),
        (b"\0\0\0\x20ftypisom\0\0\2\0", "video/mp4"),
        (b"\x1aE\xdf\xa3\x9fB\x86", "video/webm"),
        (samples.PDF, "application/pdf"),
        (samples.SVG, "image/svg+xml"),
        (b"<svg>", "image/svg+xml"),
        (b"\xef\xbb\xbf  <!-- a --><!-- b --><svg viewBox='0 0 1 1'/>", "image/svg+xml"),
        (b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd"><svg>', "image/svg+xml"),
        ("Straße, 東京\n".encode(), "text/plain"),
        (("a" * 4095 + "ß").encode()[:4096], "text/plain"),
        (b"", "text/plain"),
        (samples.HTML, UNKNOWN),
        (b"\n\n  <HTML><body>", UNKNOWN),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'>", UNKNOWN),
        (b"<svgfoo>", UNKNOWN),
        (b"RIFF\x24\0\0\0XXXX", UNKNOWN),
        (b"MZ\x90\0", UNKNOWN),
        (b"PK\3\4", UNKNOWN),
        (b"caf\xe9", UNKNOWN),
        ("\ufeff<script>".encode("utf-16"), UNKNOWN),
    ],
)
def test_the_first_bytes_say_what_a_file_is(head: bytes, kind: str) -> None:
    assert content_type_of(head) == kind


def test_markup_is_never_shown_as_itself_but_for_images_in_a_sandbox() -> None:
    assert not is_shown(content_type_of(samples.HTML))
    assert is_shown("image/svg+xml")
    assert policy_for("image/svg+xml").endswith("; sandbox")
    assert "script-src" not in policy_for("image/svg+xml")
    assert policy_for("image/svg+xml").startswith("default-src 'none'")


@given(st.binary(max_size=200))
def test_any_bytes_have_a_kind_and_none_of_them_can_run(head: bytes) -> None:
    kind = content_type_of(head)
    assert "html" not in kind
    assert "javascript" not in kind
    assert "default-src 'none'" in policy_for(kind)


@pytest.mark.parametrize("hostile", [b"<!---->" * 600, b"<!--" * 1000, b"<?" * 2000, b" " * 4096])
def test_hostile_beginnings_are_judged_too(hostile: bytes) -> None:
    assert not content_type_of(hostile[:4096]).startswith("image/")
