"""Thumbnails: small, without secrets, for those who may read the picture, and never an error."""

from __future__ import annotations

import io
import json
import logging
import signal
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import update

from tests.attachments import samples
from tests.cast import Scene
from tests.pages.test_query_counts import counted
from tests.surroundings import ROOT
from wiki.attachments.models import Picture
from wiki.attachments.pictures import making as pictures
from wiki.attachments.pictures.making import Made, make_thumbs
from wiki.attachments.pictures.thumbs import TALLEST, widths_of
from wiki.attachments.storage import Storage
from wiki.db import now
from wiki.outbox.models import Delivery


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def photo(width: int = 1600, height: int = 800) -> bytes:
    return encoded(Image.new("RGB", (width, height), "teal"), "JPEG")


def thumbs(wiki: Scene) -> list[str]:
    folder = wiki.settings.data_dir / "thumbs"
    return sorted(path.name for path in folder.glob("??/*"))


def made_of(wiki: Scene, data: bytes) -> Made:
    storage = Storage(wiki.settings.data_dir)
    stored = storage.put(io.BytesIO(data), max_bytes=1 << 27)
    return make_thumbs(storage, stored.sha256, stored.size, stored.content_type)


def test_the_worker_makes_them_and_readers_get_them(wiki: Scene) -> None:
    wiki.attach("plan.jpg", photo())
    wiki.deliver()
    assert len(thumbs(wiki)) == 3
    for asked, width in ((1, 320), (320, 320), (321, 640), (640, 640), (1280, 1280)):
        shown = wiki.get("cai", f"/eng/-/files/plan.jpg?width={asked}")
        assert shown.content_type == "image/webp"
        assert opened(shown.data).size == (width, width // 2)
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        assert shown.headers["Cache-Control"] == "private, no-cache"
        assert "sandbox" in shown.headers["Content-Security-Policy"]
        assert shown.headers["Content-Disposition"] == 'inline; filename="plan.webp"'
    again = {"If-None-Match": shown.headers["ETag"]}
    assert wiki.get("cai", "/eng/-/files/plan.jpg?width=1280", headers=again).status_code == 304
    assert wiki.get("cai", "/eng/-/files/plan.jpg?width=640", headers=again).status_code == 200
    part = wiki.get("cai", "/eng/-/files/plan.jpg?width=320", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.data) == (206, b"RIFF")


@pytest.mark.parametrize("asked", ["1281", "99999", "0x", "", "-5"])
def test_an_odd_width_never_is_an_error(wiki: Scene, asked: str) -> None:
    wiki.attach("plan.jpg", photo())
    assert wiki.get("cai", f"/eng/-/files/plan.jpg?width={asked}").status_code == 200


def test_they_are_made_when_they_are_missing(wiki: Scene) -> None:
    wiki.attach("plan.jpg", photo())
    assert wiki.get("cai", "/eng/-/files/plan.jpg?width=320").content_type == "image/webp"
    for path in (wiki.settings.data_dir / "thumbs").glob("??/*"):
        path.unlink()
    assert wiki.get("cai", "/eng/-/files/plan.jpg?width=320").content_type == "image/webp"


def test_many_who_ask_at_once_have_it_made_once(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    wiki.attach("plan.jpg", photo())
    made = []
    ask = pictures._ask
    monkeypatch.setattr(pictures, "_ask", lambda *given: made.append(1) or ask(*given))

    def get(_: int) -> str | None:
        client = wiki.app.test_client()
        client.set_cookie("wiki", cookie)
        return client.get("/eng/-/files/plan.jpg?width=320").content_type

    browser = wiki.client("cai").get_cookie("wiki")
    assert browser is not None
    cookie = browser.value
    with ThreadPoolExecutor(6) as together:
        kinds = set(together.map(get, range(6)))
    assert kinds <= {"image/webp", "image/jpeg"}  # who would wait long gets the picture
    assert len(made) == 1


@pytest.mark.parametrize("space", ["open", "eng", "lab", "fair"])
def test_who_may_not_read_the_page_gets_no_thumbnail(wiki: Scene, space: str) -> None:
    wiki.write("p", "x", space=space)
    file = wiki.attach("p/plan.jpg", photo(), space=space)
    wiki.deliver()
    for who in wiki.people:
        page = wiki.get(who, f"/{space}/p").status_code
        for url in (f"/{space}/p/-/files/plan.jpg?width=320", f"/-/f/{file}?width=320"):
            answer = wiki.get(who, url)
            assert answer.status_code == page
            assert ("image" in (answer.content_type or "")) == (page == 200)


def test_an_old_version_has_thumbnails_for_who_may_edit(wiki: Scene) -> None:
    old = wiki.attach("plan.jpg", photo())
    wiki.attach("plan.jpg", photo(900, 900))
    wiki.deliver()
    assert opened(wiki.get("ben", f"/-/f/{old}?width=640").data).size == (640, 320)
    assert wiki.get("cai", f"/-/f/{old}?width=640").status_code == 404


def test_a_small_picture_has_a_small_thumbnail_and_is_never_made_larger(wiki: Scene) -> None:
    made = made_of(wiki, samples.png(40, 30))
    assert opened(made.thumbs[320]).size == (40, 30)
    assert (made.width, made.height, list(made.thumbs)) == (40, 30, [320])


def test_a_turned_photograph_stands_upright_and_says_nothing_of_its_place(wiki: Scene) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "taken at home"
    image = Image.new("RGB", (1000, 500), "white")
    image.paste("red", (0, 0, 500, 500))
    made = made_of(wiki, encoded(image, "JPEG", exif=exif))
    assert (made.width, made.height) == (500, 1000)
    small = opened(made.thumbs[320])
    assert small.size == (320, 640)
    top, bottom = (
        small.convert("RGB").getpixel((160, 100)),
        small.convert("RGB").getpixel((160, 600)),
    )
    assert top[1] < 60 < 200 < bottom[1]  # red above, white below
    assert not small.getexif()
    assert b"taken at home" not in made.thumbs[320]


def test_of_what_moves_the_first_image_is_shown(wiki: Scene) -> None:
    frames = [Image.new("RGB", (400, 300), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        made = made_of(wiki, encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
        assert made.moves, kind
        first = opened(made.thumbs[320])
        assert not getattr(first, "is_animated", False)
        red, _, blue = first.convert("RGB").getpixel((9, 9))
        assert red > 200 > 50 > blue


KINDS = [
    ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "LA"), ("PNG", "1"), ("PNG", "I;16"), ("JPEG", "L"),
    ("JPEG", "CMYK"), ("WEBP", "RGBA"), ("AVIF", "RGB"), ("GIF", "P"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "mode"), KINDS)
def test_every_kind_of_pixels_is_understood(wiki: Scene, kind: str, mode: str) -> None:
    made = made_of(wiki, encoded(Image.new(mode, (700, 70)), kind))
    assert made.failure == ""
    assert sorted(made.thumbs) == [320, 640]


def bomb() -> bytes:
    """A PNG that says it has 10 billion pixels, and is small."""
    head = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    data = struct.pack(">I", len(head)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    body = b"IDAT" + zlib.compress(b"\0" * 1000)
    data += struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + data


HOSTILE = {
    "a bomb": bomb(),
    "a header alone": b"\x89PNG\r\n\x1a\n",
    "cut": photo()[:400],
    "another kind inside": b"GIF89a" + photo(),
    "sizes of nothing": b"GIF89a\0\0\0\0\0\0\0",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_cannot_be_made_smaller_is_handed_out_as_it_is(
    wiki: Scene, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = wiki.attach("x.png", data)
    before = wiki.get("cai", "/eng/-/files/x.png?width=320")
    wiki.deliver()
    after = wiki.get("cai", "/eng/-/files/x.png?width=320")
    assert before.data == after.data == data
    assert wiki.get("ben", f"/-/f/{file}/versions").status_code == 200
    assert "?width=" not in wiki.get("cai", "/eng/-/files").text
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
    with wiki.database.read() as session:
        assert [row.failure != "" for row in session.query(Picture)] == [True]


def test_a_decoder_that_was_not_let_work_has_said_nothing_of_the_picture(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "SECONDS", 0.01)
    wiki.attach("photo.jpg", photo())
    wiki.deliver()
    with wiki.database.read() as session:
        assert session.query(Picture).count() == 0
        assert session.query(Delivery).one().attempts == 1
    monkeypatch.undo()
    with wiki.database.write() as session:
        session.execute(update(Delivery).values(due_at=now()))
    wiki.deliver()
    with wiki.database.read() as session:
        assert session.query(Picture).one().failure == ""


def test_a_picture_that_takes_too_much_computing_has_no_thumbnails(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spend(
        command: list[str], *_: object, **_options: object
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.CompletedProcess(command, -signal.SIGXCPU, b"")

    monkeypatch.setattr(pictures, "run", spend)
    assert made_of(wiki, photo()).failure == "It takes too much computing time."


@pytest.mark.parametrize(
    ("side", "mode", "kind", "failure"),
    [
        (7000, "RGBA", "PNG", ""),
        (7100, "L", "PNG", "It has more than 50 million pixels."),
        (4000, "RGBA", "WEBP", ""),
        (4010, "RGB", "WEBP", "It has more than 16 million pixels."),
    ],
)
def test_pixels_are_counted_before_they_are_read(
    wiki: Scene, side: int, mode: str, kind: str, failure: str
) -> None:
    fast = {"compress_level": 1} if kind == "PNG" else {"lossless": True, "method": 0}
    data = encoded(Image.new(mode, (side, side)), kind, **fast)
    assert made_of(wiki, data).failure == failure


def test_a_decoder_that_wants_too_much_memory_gets_none(tmp_path: Path) -> None:
    picture = tmp_path / "large.png"
    picture.write_bytes(encoded(Image.new("RGBA", (7000, 7000)), "PNG", compress_level=1))
    with picture.open("rb") as file:
        done = subprocess.run(
            [
                sys.executable,
                "-c",
                "from wiki.attachments.pictures import shrinker as s;"
                " s.MEMORY = 200 << 20; s.main()",
                "PNG",
            ],
            stdin=file,
            capture_output=True,
            check=True,
            cwd=ROOT,
        )
    assert json.loads(done.stdout) == {"failure": "It takes too much memory."}


def test_a_drawing_and_a_text_have_none(wiki: Scene) -> None:
    wiki.attach("a.svg", samples.SVG)
    wiki.attach("a.txt", b"words")
    wiki.deliver()
    assert thumbs(wiki) == []
    assert wiki.get("cai", "/eng/-/files/a.svg?width=320").data == samples.SVG


def test_widths_show_all_of_a_picture() -> None:
    assert widths_of(320, 100) == []
    assert widths_of(1281, 100) == [320, 640, 1280]
    assert all(40_000 * width / 700 <= TALLEST for width in widths_of(700, 40_000))


# In pages.


def test_pictures_in_a_page_have_their_size_and_smaller_ones_to_choose_from(wiki: Scene) -> None:
    wiki.write("rota", "![The plan](rota/the%20plan,%20&%20all.jpg)\n\n![](/lab/-/files/x.png)")
    wiki.attach("rota/the plan, & all.jpg", photo())
    assert "srcset" not in wiki.get("cai", "/eng/rota").text
    wiki.deliver()
    html = wiki.get("cai", "/eng/rota").text
    src = "/eng/rota/-/files/the-plan,-&amp;-all.jpg"
    assert f'<img src="{src}" alt="The plan" loading="lazy" class="wl-0" width="1600"' in html
    assert f'srcset="{src}?width=320 320w, {src}?width=640 640w, {src}?width=1280 1280w,' in html
    assert 'src="/lab/-/files/x.png" alt="" loading="lazy">' in html


def test_a_size_that_the_author_gave_is_kept_and_what_moves_moves_on(wiki: Scene) -> None:
    frames = [Image.new("P", (900, 300), colour) for colour in (1, 2)]
    wiki.attach("a.gif", encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    wiki.attach("b.jpg", photo())
    wiki.write("p", '![](a.gif)\n\n<img src="b.jpg" width="200">')
    wiki.deliver()
    html = wiki.get("cai", "/eng/p").text
    assert 'src="/eng/-/files/a.gif" alt="" loading="lazy" class="wl-0" width="900"' in html
    assert 'alt="" width="200" loading="lazy" class="wl-1" srcset=' in html


def test_a_page_asks_one_question_more_however_many_pictures_it_has(wiki: Scene) -> None:
    wiki.alone()
    wiki.attach("a.png", samples.png())
    counts = []
    for number in (1, 30):
        wiki.write("p", "\n\n".join("![](a.png)" for _ in range(number)))
        wiki.get("cai", "/eng/-/files")
        with counted(wiki) as statements:
            wiki.get("cai", "/eng/p")
        counts.append(len(statements))
    wiki.write("p", "words")
    wiki.get("cai", "/eng/-/files")
    with counted(wiki) as statements:
        wiki.get("cai", "/eng/p")
    assert counts == [len(statements) + 1] * 2


def test_a_page_of_nothing_but_pictures_is_shown(wiki: Scene) -> None:
    wiki.attach("a.png", samples.png(700, 70))
    wiki.write("p", "![](a.png)\n\n" + " ".join(f"![]({'x/' * 120}{n}.png)" for n in range(600)))
    wiki.deliver()
    shown = wiki.get("cai", "/eng/p")
    assert shown.status_code == 200
    assert shown.text.count("srcset=") == 1
