"""Large files in pieces: gone on with after anything, attached once, and nobody else's affair."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import os
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import IO, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.api.conftest import V1, Api
from tests.attachments import samples
from tests.cast import Scene
from tests.surroundings import examples
from wiki.attachments import locks
from wiki.attachments.models import Attachment, Upload
from wiki.attachments.uploading.actions import (
    Piece,
    WrongOffset,
    add_piece,
    cancel_upload,
    sweep_uploads,
)
from wiki.attachments.uploading.parts import Parts
from wiki.db import at, now
from wiki.pages.actions import delete_page
from wiki.pages.models import Page

BYTES = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def api(wiki: Scene) -> Api:
    return Api(wiki)


def begin(api: Api, who: str, place: str, size: int) -> TestResponse:
    return api.call(who, "POST", f"/uploads/{place}", headers={"Upload-Length": str(size)})


def key_of(begun: TestResponse) -> str:
    return str(begun.json["url"].rpartition("/")[2])


def send(api: Api, who: str, key: str, offset: int, data: bytes, **headers: str) -> TestResponse:
    sent = BYTES | {"Upload-Offset": str(offset)} | headers
    return api.call(who, "PATCH", f"/uploads/{key}", data=data, headers=sent)


def state(api: Api, who: str, key: str) -> TestResponse:
    return api.get(who, f"/uploads/{key}")


def parts(wiki: Scene) -> list[str]:
    folder = Parts(wiki.settings).folder
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_file_arrives_in_pieces_and_is_attached(wiki: Scene, api: Api) -> None:
    wiki.write("teams", "x")
    data = samples.png() + os.urandom(5000)
    begun = begin(api, "ben", "eng/teams/My plan.png", len(data))
    assert begun.status_code == 201
    assert begun.headers["Location"] == begun.json["url"]
    assert begun.json["path"] == "teams/My-plan.png"
    assert begun.headers["Tus-Resumable"] == "1.0.0"
    key = key_of(begun)
    for offset in range(0, len(data), 1000):
        sent = send(api, "ben", key, offset, data[offset : offset + 1000])
        assert (sent.status_code, sent.data) == (204, b"")
        assert sent.headers["Upload-Offset"] == str(min(offset + 1000, len(data)))
    done = state(api, "ben", key)
    assert done.json["file"]["path"] == "teams/My-plan.png"
    assert done.json["file"]["content_type"] == "image/png"
    assert wiki.get("cai", "/eng/teams/-/files/My-plan.png").data == data
    assert parts(wiki) == []


def test_what_broke_off_is_gone_on_with_where_it_stands(wiki: Scene, api: Api) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 10))
    send(api, "ben", key, 0, b"0123")
    token = {"Authorization": f"Bearer {api.token('ben')}"}
    head = wiki.app.test_client().head(f"{V1}/uploads/{key}", headers=token)
    assert head.data == b""
    assert (head.headers["Upload-Offset"], head.headers["Upload-Length"]) == ("4", "10")
    assert head.headers["Cache-Control"] == "no-store"
    early = send(api, "ben", key, 2, b"23456789")
    assert (early.status_code, early.headers["Upload-Offset"]) == (409, "4")
    assert send(api, "ben", key, 4, b"456789").status_code == 204
    assert wiki.get("cai", "/eng/-/files/a.txt").data == b"0123456789"
    again = send(api, "ben", key, 4, b"456789")
    assert (again.status_code, again.headers["Upload-Offset"]) == (409, "10")
    assert send(api, "ben", key, 10, b"").status_code == 204
    with wiki.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Attachment)) == 1


def test_bytes_that_were_never_acknowledged_count_for_nothing(wiki: Scene, api: Api) -> None:
    """A process that is killed between writing and noting leaves more on disk than the row says."""
    key = key_of(begin(api, "ben", "eng/a.txt", 6))
    send(api, "ben", key, 0, b"abc")
    with Parts(wiki.settings).path(key).open("ab") as file:
        file.write(b"XYZXYZ")
    assert state(api, "ben", key).json["offset"] == 3
    assert send(api, "ben", key, 3, b"def").status_code == 204
    assert wiki.get("cai", "/eng/-/files/a.txt").data == b"abcdef"


@pytest.mark.every_database
def test_killed_while_it_was_attached_it_is_attached_by_the_next_who_asks(
    wiki: Scene, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 3))

    class Killed(BaseException):
        pass

    def kill(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("wiki.attachments.uploading.actions.attach_file", kill)
        with pytest.raises(Killed):
            add_piece(
                wiki.database, wiki.settings, wiki.actor("ben"), key, Piece(0, io.BytesIO(b"abc"))
            )
    assert state(api, "ben", key).json["offset"] == 3
    assert state(api, "ben", key).json["file"] is None
    assert send(api, "ben", key, 3, b"").status_code == 204
    assert wiki.get("cai", "/eng/-/files/a.txt").data == b"abc"


def test_a_piece_that_is_damaged_on_its_way_is_not_kept(wiki: Scene, api: Api) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 3))
    digest = base64.b64encode(hashlib.sha256(b"abc").digest()).decode()
    wrong = send(api, "ben", key, 0, b"abX", **{"Upload-Checksum": f"sha256 {digest}"})
    assert wrong.status_code == 460
    assert state(api, "ben", key).json["offset"] == 0
    for nonsense in ("sha256", "md9 aaaa", "sha256 !!", "sha256 YWJj"):
        bad = send(api, "ben", key, 0, b"abc", **{"Upload-Checksum": nonsense})
        assert bad.status_code == 422
    right = send(api, "ben", key, 0, b"abc", **{"Upload-Checksum": f"sha256 {digest}"})
    assert right.status_code == 204


def test_more_than_was_announced_is_refused(wiki: Scene, api: Api) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 3))
    assert send(api, "ben", key, 0, b"abcd").status_code == 413
    assert state(api, "ben", key).json["offset"] == 0


def test_only_who_began_an_upload_finds_it(wiki: Scene, api: Api) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 3))
    absent = state(api, "eve", "0" * 32)
    for who in ("eve", "ada", "dot"):
        other = state(api, who, key)
        assert (other.status_code, other.data) == (404, absent.data)
        assert send(api, who, key, 0, b"abc").status_code == 404
        assert api.call(who, "DELETE", f"/uploads/{key}").status_code == 404
    assert state(api, "nobody", key).status_code == 404
    assert begin(api, "cai", "eng/a.txt", 3).status_code == 403
    assert begin(api, "dot", "lab/a.txt", 3).status_code == 404


def test_who_may_not_edit_any_more_attaches_nothing(wiki: Scene, api: Api) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 3))
    wiki.post("eve", "/eng/-/members", person="ben", role="reader")
    assert send(api, "ben", key, 0, b"abc").status_code == 403
    key = key_of(begin(api, "ben", "lab/a.txt", 3))
    wiki.post("eve", "/lab/-/members", person="ben", role="")
    assert send(api, "ben", key, 0, b"abc").status_code in (403, 404)


def test_limits_are_checked_before_the_first_byte(wiki: Scene, api: Api) -> None:
    object.__setattr__(wiki.settings, "max_file_mb", 1)
    large = begin(api, "ben", "eng/a.bin", (1 << 20) + 1)
    assert large.status_code == 413
    assert "a.bin is too large. Files can have up to 1 MiB." in large.json["detail"]
    object.__setattr__(wiki.settings, "max_page_files_mb", 2)
    wiki.write("rota", "x")
    for name in ("a", "b"):
        assert begin(api, "ben", f"eng/rota/{name}.bin", 1 << 20).status_code == 201
    third = begin(api, "ben", "eng/rota/c.bin", 1 << 20)
    assert third.status_code == 413
    assert "This page uses 2 of 2 MiB" in third.json["detail"]
    assert begin(api, "ben", "eng/notes.md", 3).status_code == 422
    assert begin(api, "ben", "eng/../x", 3).status_code in (404, 422)
    for nonsense in ("", "-1", "many", "1e3"):
        asked = {"Upload-Length": nonsense}
        assert api.call("ben", "POST", "/uploads/eng/a", headers=asked).status_code == 422


def test_a_page_that_filled_up_meanwhile_loses_nothing(wiki: Scene, api: Api) -> None:
    wiki.write("rota", "x")
    object.__setattr__(wiki.settings, "max_page_files", 1)
    key = key_of(begin(api, "ben", "eng/rota/b.txt", 3))
    other = wiki.attach("rota/a.txt", b"a")
    full = send(api, "ben", key, 0, b"abc")
    assert full.status_code == 413
    wiki.post("ben", f"/-/f/{other}/remove")
    assert send(api, "ben", key, 3, b"").status_code == 204
    assert wiki.get("cai", "/eng/rota/-/files/b.txt").data == b"abc"


def test_the_file_follows_its_page_when_that_moves(wiki: Scene, api: Api) -> None:
    wiki.write("teams", "x")
    key = key_of(begin(api, "ben", "eng/teams/img/a.txt", 3))
    wiki.post("eve", "/eng/teams/-/move", path="groups", space="lab")
    assert send(api, "ben", key, 0, b"abc").status_code == 204
    assert state(api, "ben", key).json["file"]["url"] == "/lab/groups/img/-/files/a.txt"
    key = key_of(begin(api, "ben", "lab/groups/b.txt", 3))
    wiki.post("ben", "/lab/groups/-/delete")
    gone = send(api, "ben", key, 0, b"abc")
    assert gone.status_code == 422
    assert "has been deleted" in gone.json["detail"]


@pytest.mark.every_database
def test_a_late_piece_leaves_nothing_behind(
    wiki: Scene, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 3))
    send(api, "ben", key, 0, b"abc")
    assert send(api, "ben", key, 3, b"").status_code == 204
    assert send(api, "ben", key, 0, b"abc").status_code == 409
    assert parts(wiki) == []

    other, held = key_of(begin(api, "ben", "eng/b.txt", 3)), Parts.held

    def cancel_first(self: Parts, key: str) -> AbstractContextManager[IO[bytes]]:
        cancel_upload(wiki.database, wiki.settings, wiki.actor("ben"), key)
        return held(self, key)

    monkeypatch.setattr(Parts, "held", cancel_first)
    assert send(api, "ben", other, 0, b"abc").status_code == 404
    assert parts(wiki) == []


@pytest.mark.every_database
def test_a_page_deleted_in_between_gets_no_file(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wiki.database.is_sqlite:
        return  # writers take turns
    wiki.write("teams", "x")
    below = wiki.write("teams/rota", "x")
    nearest = locks.nearest_page

    def delete_after(*asked: Any) -> Page | None:
        found = nearest(*asked)
        monkeypatch.undo()
        with wiki.database.write() as session:
            delete_page(session, wiki.actor("eve"), below.id)
        return found

    monkeypatch.setattr(locks, "nearest_page", delete_after)
    file_id = wiki.attach("teams/rota/a.txt", b"abc")
    with wiki.database.read() as session:
        file = session.get_one(Attachment, file_id)
        assert (file.page.path, file.name) == ("teams", "rota/a.txt")  # type: ignore[union-attr]


def test_an_upload_can_be_given_up(wiki: Scene, api: Api) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 3))
    send(api, "ben", key, 0, b"ab")
    assert api.call("ben", "DELETE", f"/uploads/{key}").status_code == 204
    assert state(api, "ben", key).status_code == 404
    assert parts(wiki) == []


@pytest.mark.every_database
def test_what_nobody_goes_on_with_is_forgotten_after_a_day(wiki: Scene, api: Api) -> None:
    old, busy = (key_of(begin(api, "ben", f"eng/{name}.txt", 3)) for name in "ab")
    send(api, "ben", old, 0, b"ab")
    (Parts(wiki.settings).folder / ("f" * 32)).write_bytes(b"of no upload")
    with at(now() + timedelta(hours=23)):
        send(api, "ben", busy, 0, b"ab")
        sweep_uploads(wiki.database, wiki.settings)
        assert state(api, "ben", old).status_code == 200
    with at(now() + timedelta(hours=25)):
        assert state(api, "ben", old).status_code == 404
        sweep_uploads(wiki.database, wiki.settings)
    assert parts(wiki) == [busy]
    with wiki.database.read() as session:
        assert session.scalars(select(Upload.key)).all() == [busy]


@pytest.mark.every_database
def test_pieces_sent_at_once_wait_for_one_another(wiki: Scene, api: Api) -> None:
    key = key_of(begin(api, "ben", "eng/a.txt", 6))

    def add(stream: io.BytesIO) -> int | str:
        try:
            found = add_piece(
                wiki.database, wiki.settings, wiki.actor("ben"), key, Piece(0, stream)
            )
        except WrongOffset as wrong:
            return f"begin at {wrong.received}"
        return found.row.received

    with ThreadPoolExecutor(1) as other:
        asked: list[Future[int | str]] = []

        class Arriving(io.BytesIO):
            """While it is written, another sends the same piece."""

            def read(self, size: int | None = -1) -> bytes:
                if not asked:
                    asked.append(other.submit(add, io.BytesIO(b"XYZ")))
                    wait(asked, timeout=0.2)  # it does not come through before this one is done
                return super().read(size)

        assert add(Arriving(b"abc")) == 3
        assert asked[0].result() == "begin at 3"
    send(api, "ben", key, 3, b"def")
    assert wiki.get("cai", "/eng/-/files/a.txt").data == b"abcdef"


@given(cuts=st.lists(st.integers(0, 3000), max_size=12), lies=st.sets(st.integers(0, 11)))
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_it_is_cut_it_comes_out_whole(wiki: Scene, cuts: list[int], lies: set[int]) -> None:
    """``lies``: pieces that are sent at a wrong place first."""
    api = Api(wiki)
    data = os.urandom(3000)
    key = key_of(begin(api, "ben", "eng/whole.bin", len(data)))
    bounds = [0, *sorted(cuts), len(data)]
    for number, (start, end) in enumerate(itertools.pairwise(bounds)):
        if number in lies:
            assert send(api, "ben", key, start + 1, data[start:end]).status_code == 409
        assert send(api, "ben", key, start, data[start:end]).status_code == 204
    assert wiki.get("cai", "/eng/-/files/whole.bin").data == data


def test_nobody_begins_without_end(wiki: Scene, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wiki.attachments.uploading.actions.MOST_OPEN", 2)
    for name in "ab":
        begin(api, "ben", f"eng/{name}.txt", 3)
    refused = begin(api, "ben", "eng/c.txt", 3)
    assert refused.status_code == 429
    assert "Finish or cancel some of them" in refused.json["detail"]
    assert begin(api, "eve", "eng/c.txt", 3).status_code == 201


def test_the_browser_sends_in_pieces_too(wiki: Scene) -> None:
    wiki.write("rota", "x")
    ben = wiki.client("ben")
    program = {"Accept": "application/json"}
    begun = ben.post(
        "/eng/rota/-/uploads", data={"name": r"C:\pics\plan.png", "size": 80}, headers=program
    )
    assert (begun.status_code, begun.json["offset"]) == (201, 0)
    url, data = begun.json["url"], samples.png().ljust(80, b"\0")
    first = ben.patch(url, data=data[:50], headers=program | {"Upload-Offset": "0"})
    assert (first.status_code, first.json["offset"], first.json["file"]) == (200, 50, None)
    wrong = ben.patch(url, data=data[:50], headers=program | {"Upload-Offset": "0"})
    assert (wrong.status_code, wrong.json["offset"]) == (409, 50)
    assert ben.get(url, headers=program).json["offset"] == 50
    last = ben.patch(url, data=data[50:], headers=program | {"Upload-Offset": "50"})
    assert last.json["file"]["markdown"] == "![plan](rota/plan.png)"
    assert wiki.get("eve", url, headers=program).status_code == 404
    assert wiki.client("nobody").get(url, headers=program).status_code == 401
    assert ben.delete(url).status_code == 204
    assert wiki.get("cai", "/eng/rota/-/files/plan.png").data == data


@pytest.mark.every_database
def test_two_of_one_name_stand_beside_each_other_unless_one_is_to_be_replaced(
    wiki: Scene,
) -> None:
    ben = wiki.client("ben")
    program = {"Accept": "application/json"}

    def bring(data: bytes, **more: str) -> str:
        sent = {"name": "a.txt", "size": str(len(data)), **more}
        url = ben.post("/eng/-/uploads", data=sent, headers=program).json["url"]
        last = ben.patch(url, data=data, headers=program | {"Upload-Offset": "0"})
        return str(last.json["file"]["name"])

    assert bring(b"one") == "a.txt"
    assert bring(b"two") != "a.txt"
    assert bring(b"three", replace="1") == "a.txt"
    assert wiki.get("cai", "/eng/-/files/a.txt").data == b"three"
