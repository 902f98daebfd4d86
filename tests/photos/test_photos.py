"""Photos of people: a square without anything else, for those who may know the person."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from sqlalchemy import delete, select, update

from tests.api.conftest import Api
from tests.attachments import samples
from tests.cast import Scene
from wiki.people.models import Person
from wiki.photos.checking import check_photos
from wiki.photos.models import Photo


def picture(kind: str = "PNG", size: tuple[int, int] = (600, 300), **options: object) -> bytes:
    """A picture that is red on the left, green in the middle and blue on the right."""
    image = Image.new("RGB", size, (255, 0, 0))
    third = size[0] // 3
    image.paste((0, 255, 0), (third, 0, 2 * third, size[1]))
    image.paste((0, 0, 255), (2 * third, 0, *size))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def send(wiki: Scene, who: str, data: bytes, name: str = "me.png") -> int:
    return wiki.post(who, "/-/me/photo", photo=(io.BytesIO(data), name)).status_code


def address(wiki: Scene, who: str = "cai", person: str = "ben") -> str:
    shown = wiki.get(who, f"/-/people/{person}").text
    found = re.search(rf'<img src="(/-/people/{person}/photo/[0-9a-f]{{64}})"', shown)
    return found[1] if found else ""


@pytest.mark.every_database
def test_a_photo_becomes_a_square_that_members_see_everywhere(wiki: Scene) -> None:
    wiki.write("plan", "words", by="ben")
    assert send(wiki, "ben", picture()) == 303
    url = address(wiki)
    answer = wiki.get("cai", url)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert answer.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    image = Image.open(io.BytesIO(answer.data)).convert("RGB")
    assert image.size == (256, 256)
    red, green, blue = image.getpixel((128, 128))
    assert green > 200 and red < 60 and blue < 60
    for screen in ("/eng/plan/-/history", "/-/changes"):
        assert url in wiki.get("cai", screen).text, screen
    assert url in wiki.get("eve", "/eng/-/members").text
    assert f'src="{url}"' in wiki.get("ben", "/").text  # the menu
    assert wiki.get("cai", url[:-1] + ("0" if url[-1] != "0" else "1")).status_code == 404


def test_a_photo_keeps_nothing_of_the_picture_but_pixels_and_stands_upright(wiki: Scene) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "taken at home"  # turned by a quarter
    send(wiki, "ben", picture("JPEG", (300, 300), exif=exif), "me.jpg")
    data = wiki.get("cai", address(wiki)).data
    assert b"home" not in data and b"EXIF" not in data
    image = Image.open(io.BytesIO(data)).convert("RGB")
    assert image.getpixel((128, 20))[0] > 200 and image.getpixel((128, 240))[2] > 200


@pytest.mark.parametrize(
    "data",
    [b"", b"words", samples.SVG, samples.HTML, samples.PDF, b"\x89PNG\r\n\x1a\n broken"],
    ids=["empty", "text", "svg", "html", "pdf", "broken"],
)
def test_what_is_no_picture_is_refused_and_the_photo_stays(wiki: Scene, data: bytes) -> None:
    send(wiki, "ben", picture())
    before = address(wiki)
    answer = wiki.post("ben", "/-/me/photo", photo=(io.BytesIO(data), "x.png"))
    assert answer.status_code == 422 and 'id="photo-error"' in answer.text
    assert wiki.post("ben", "/-/me/photo").status_code == 422
    assert address(wiki) == before


def test_those_who_may_not_know_a_person_do_not_see_the_photo(wiki: Scene) -> None:
    wiki.write("plan", "words", space="open", by="ben")
    wiki.write("plan", "words", space="fair", by="eve")
    send(wiki, "ben", picture())
    send(wiki, "cai", picture())
    url, hidden = address(wiki), address(wiki, "ben", "cai")
    assert wiki.get("nobody", url).status_code in (302, 303)
    assert "/photo/" not in wiki.get("nobody", "/open/plan/-/history").text
    assert wiki.get("gus", url).status_code == 200  # the author of a page that Gus reads
    missing = wiki.get("gus", hidden.replace("/cai/", "/zoe/"))
    assert (wiki.get("gus", hidden).status_code, missing.status_code) == (404, 404)


def test_a_photo_is_removed_by_its_person_and_by_admins(wiki: Scene) -> None:
    send(wiki, "ben", picture())
    url = address(wiki)
    assert wiki.post("eve", "/-/admin/people/ben/remove-photo").status_code == 403
    assert wiki.get("cai", url).status_code == 200
    assert wiki.post("ada", "/-/admin/people/ben/remove-photo").status_code == 303
    assert wiki.get("cai", url).status_code == 404 and address(wiki) == ""
    audit = wiki.get("ada", "/-/admin/audit").text
    assert "changed the photo of" in audit and "changed their own photo" in audit
    send(wiki, "ben", picture())
    wiki.post("ben", "/-/me/photo/remove")
    assert address(wiki) == ""
    with wiki.database.read() as session:
        assert session.scalars(select(Photo)).all() == []


@pytest.mark.every_database
def test_a_photo_goes_with_its_person(wiki: Scene) -> None:
    send(wiki, "dot", picture())
    with wiki.database.write() as session:
        session.execute(delete(Person).where(Person.handle == "dot"))
        assert session.scalars(select(Photo)).all() == []


@pytest.mark.every_database
def test_the_photo_of_a_disabled_account_is_not_shown_until_it_is_enabled(wiki: Scene) -> None:
    wiki.write("plan", "words", by="ben")
    send(wiki, "ben", picture())
    url = address(wiki)
    wiki.post("ada", "/-/admin/people/ben/disable")
    assert wiki.get("cai", url).status_code == 404
    assert wiki.get("ada", url).status_code == 404
    for screen in ("/-/people/ben", "/eng/plan/-/history", "/-/changes"):
        assert "/photo/" not in wiki.get("cai", screen).text, screen
    assert list(check_photos(wiki.database, wiki.settings, lambda *_: None)) == []
    assert "/remove-photo" in wiki.get("ada", "/-/admin/people/ben").text
    wiki.post("ada", "/-/admin/people/ben/enable")
    assert address(wiki) == url and wiki.get("cai", url).status_code == 200
    assert list(check_photos(wiki.database, wiki.settings, lambda *_: None)) == []
    wiki.post("ada", "/-/admin/people/ben/disable")
    wiki.post("ada", "/-/admin/people/ben/remove-photo")
    assert "/remove-photo" not in wiki.get("ada", "/-/admin/people/ben").text
    with wiki.database.read() as session:
        assert session.scalars(select(Photo)).all() == []


def test_people_in_the_api_have_the_address_of_their_photo(wiki: Scene) -> None:
    wiki.write("plan", "words", by="ben")
    api = Api(wiki)

    def author() -> dict[str, str]:
        found: dict[str, str] = api.call("cai", "GET", "/pages/eng/plan").json["author"]
        return found

    assert author() == {"handle": "ben", "name": "Ben", "photo": None}
    send(wiki, "ben", picture())
    at = author()["photo"].removeprefix("/-/api/v1")
    answer = api.call("cai", "GET", at)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp")
    assert api.call("dot", "GET", at).status_code == 200
    assert api.call("cai", "GET", at[:-1] + "x").status_code == 404
    assert api.call("nobody", "GET", at).status_code == 404


def test_photos_over_the_api(wiki: Scene) -> None:
    api = Api(wiki)
    sent = {"data": picture("WEBP"), "content_type": "image/webp"}
    assert api.call("ben", "PUT", "/me/photo", **sent).status_code == 204
    assert address(wiki)
    refused = api.call("ben", "PUT", "/me/photo", data=b"words")
    assert (refused.status_code, refused.json["field"]) == (422, "photo")
    assert api.call("nobody", "PUT", "/me/photo", **sent).status_code == 401
    assert api.call("ben", "DELETE", "/me/photo").status_code == 204
    assert address(wiki) == ""


def test_the_check_finds_photos_that_differ_and_repairs_what_is_listed(wiki: Scene) -> None:
    send(wiki, "ben", picture())
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "cai").values(photo="0" * 64))
        session.execute(update(Photo).values(data=b"other"))
    found = list(check_photos(wiki.database, wiki.settings, lambda *_: None))
    assert [one.sentence.split()[-1] for one in found] == ["stored.", "one."]
    for one in found:
        if one.repair:
            one.repair()
    assert len(list(check_photos(wiki.database, wiki.settings, lambda *_: None))) == 1
