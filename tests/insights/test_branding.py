"""The site's color and logo: readable, content-addressed, and the same for everybody."""

from __future__ import annotations

import io
import itertools
import re

import pytest
from PIL import Image

from tests.attachments import samples
from tests.cast import Scene
from wiki.people.accent import checked_color, contrast, shades_of

URL = "/-/admin/settings"
FORM = {"site_name": "", "language": "", "time_zone": "", "mail_from": "w@example.org"}


def test_every_color_gives_shades_that_can_be_read() -> None:
    for parts in itertools.product(("00", "33", "80", "cc", "ff"), repeat=3):
        tokens = shades_of("#" + "".join(parts))
        for at, grounds in enumerate((("#ffffff", "#efefea"), ("#171916", "#252823"))):
            for name in ("accent", "accent-strong", "link"):
                for ground in (*grounds, tokens["accent-soft"][at]):
                    assert contrast(tokens[name][at], ground) >= 4.5, (parts, name, ground)
            for name in ("accent", "accent-strong"):
                assert contrast(tokens["on-accent"][at], tokens[name][at]) >= 4.5, (parts, name)


def test_colors_are_read_as_people_write_them() -> None:
    assert [checked_color(one) for one in (" #ABC", "1c6a4c", "")] == ["#aabbcc", "#1c6a4c", ""]
    assert [checked_color(one) for one in ("red", "#12345", "#1234567", "#12g")] == [None] * 4


def test_a_color_is_a_style_sheet_on_every_screen(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    assert "/-/accent/" not in wiki.get("nobody", "/open/plan").text
    assert wiki.post("ada", URL, **FORM, color="B00020").status_code == 303
    shown = wiki.get("nobody", "/open/plan").text
    assert '<link rel="stylesheet" href="/-/accent/1-b00020.css">' in shown
    sheet = wiki.get("nobody", "/-/accent/1-b00020.css")
    assert sheet.mimetype == "text/css" and "--accent: light-dark(#b00020, #" in sheet.text
    assert "immutable" in sheet.headers["Cache-Control"] and "Set-Cookie" not in sheet.headers
    assert wiki.get("nobody", "/-/accent/1-b0002g.css").status_code == 404
    answer = wiki.post("ada", URL, **FORM, color="url(x)")
    assert answer.status_code == 422 and 'id="color-error"' in answer.text
    wiki.post("ada", URL, **FORM, color="")
    assert "/-/accent/" not in wiki.get("nobody", "/open/plan").text


def logo(size: tuple[int, int] = (1000, 100)) -> bytes:
    file = io.BytesIO()
    Image.new("RGBA", size, (200, 0, 0, 128)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.every_database
def test_a_logo_is_encoded_anew_and_shown_to_everybody(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open")
    sent = wiki.post("ada", f"{URL}/logo", logo=(io.BytesIO(logo()), "logo.png"))
    assert sent.status_code == 303
    shown = wiki.get("nobody", "/open/plan").text
    found = re.search(r'<img class="logo" src="(/-/logo/[0-9a-f]{64})" alt="">', shown)
    assert found
    answer = wiki.get("nobody", found[1])
    assert answer.mimetype == "image/webp" and "immutable" in answer.headers["Cache-Control"]
    image = Image.open(io.BytesIO(answer.data))
    assert (image.size, image.mode) == ((480, 48), "RGBA")
    for refused in (samples.SVG, samples.HTML, b"words", b""):
        again = wiki.post("ada", f"{URL}/logo", logo=(io.BytesIO(refused), "x.png"))
        assert again.status_code == 422 and 'id="logo-error"' in again.text
    assert found[1] in wiki.get("nobody", "/open/plan").text
    assert "site.logo" in wiki.get("ada", "/-/admin/audit").text
    wiki.post("ada", f"{URL}/logo/remove")
    assert "/-/logo/" not in wiki.get("nobody", "/open/plan").text
    assert wiki.get("nobody", found[1]).status_code == 404


def test_only_admins_change_the_logo(wiki: Scene) -> None:
    sent = wiki.post("eve", f"{URL}/logo", logo=(io.BytesIO(logo()), "logo.png"))
    assert sent.status_code == 403
    assert wiki.post("eve", f"{URL}/logo/remove").status_code == 403
