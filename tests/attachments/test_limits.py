"""How much may be attached: refused in sentences, and checked where nobody can slip past."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from tests.cast import Scene
from wiki.attachments.actions import AttachRules, attach_file
from wiki.attachments.limits import FileLimits
from wiki.attachments.queries import list_files
from wiki.attachments.storage import Storage
from wiki.errors import TooLarge
from wiki.spaces.queries import see_space

pytestmark = pytest.mark.every_database

MIB = 1 << 20


@pytest.fixture
def allow(wiki: Scene) -> Callable[..., None]:
    """Sets limits."""

    def set_limits(**limits: int) -> None:
        for name, value in limits.items():
            object.__setattr__(wiki.settings, name, value)

    return set_limits


def send(wiki: Scene, url: str, *files: tuple[str, bytes]) -> TestResponse:
    sent = {"file": [(io.BytesIO(data), name) for name, data in files]}
    return wiki.client("ben").post(url, data=sent, content_type="multipart/form-data")


def test_a_page_that_is_full_says_how_full_it_is(wiki: Scene, allow: Callable[..., None]) -> None:
    allow(max_page_files_mb=3)
    wiki.write("rota", "x")
    send(wiki, "/eng/rota/-/files", ("a.bin", b"a" * (2 * MIB)))
    refused = send(wiki, "/eng/rota/-/files", ("b.bin", b"b" * (2 * MIB)), ("c.txt", b"c"))
    assert refused.status_code == 422
    assert (
        "This page uses 2 of 3 MiB for files, so there’s no room for “b.bin” (2 MiB)"
        in refused.text
    )
    assert wiki.get("cai", "/eng/rota/-/files/c.txt").data == b"c"
    assert wiki.get("cai", "/eng/rota/-/files/b.bin").status_code == 404


def test_a_new_version_takes_the_room_of_the_one_before(
    wiki: Scene, allow: Callable[..., None]
) -> None:
    allow(max_page_files_mb=3, max_page_files=1)
    wiki.write("rota", "x")
    for letter in (b"a", b"b", b"c"):
        assert send(wiki, "/eng/rota/-/files", ("a.bin", letter * (2 * MIB))).status_code == 303


def test_a_page_holds_so_many_files_and_removing_one_makes_room(
    wiki: Scene, allow: Callable[..., None]
) -> None:
    allow(max_page_files=2)
    wiki.write("rota", "x")
    file = wiki.attach("rota/a.txt", b"a")
    wiki.attach("rota/b.txt", b"b")
    refused = send(wiki, "/eng/rota/-/files", ("c.txt", b"c"))
    assert "This page has 2 of 2 files, so there’s no room for “c.txt”" in refused.text
    wiki.post("ben", f"/-/f/{file}/remove")
    assert send(wiki, "/eng/rota/-/files", ("c.txt", b"c")).status_code == 303
    back = wiki.post("ben", f"/-/f/{file}/restore")
    assert back.status_code == 413
    assert "no room for" in back.text


def test_a_space_counts_what_it_keeps_each_content_once(
    wiki: Scene, allow: Callable[..., None]
) -> None:
    allow(max_space_files_mb=3)
    wiki.write("rota", "x")
    wiki.write("other", "x")
    data = b"a" * (2 * MIB)
    send(wiki, "/eng/rota/-/files", ("a.bin", data))
    file = wiki.attach("rota/a.bin", b"small now")
    assert send(wiki, "/eng/other/-/files", ("same.bin", data)).status_code == 303
    refused = send(wiki, "/eng/other/-/files", ("b.bin", b"b" * (2 * MIB)))
    assert "The space Eng uses 2.0 of 3 MiB for files, including earlier versions" in refused.text
    assert wiki.get("cai", f"/-/f/{file}").data == b"small now"
    assert send(wiki, "/open/-/files", ("b.bin", b"b" * (2 * MIB))).status_code == 303


def test_many_at_once_do_not_slip_past_the_limit(wiki: Scene) -> None:
    wiki.write("rota", "x")
    storage = Storage(wiki.settings.data_dir)

    def attach(number: int) -> bool:
        stored = storage.put(io.BytesIO(str(number).encode() * 1000), max_bytes=MIB)
        actor = wiki.actor("eve")
        try:
            with wiki.database.write() as session:
                space = see_space(session, actor, "eng").space
                limits = FileLimits(page_files=3, space_bytes=MIB)
                attach_file(
                    session, actor, space, f"rota/{number}.txt", stored, AttachRules(limits)
                )
        except TooLarge:
            return False
        return True

    with ThreadPoolExecutor(8) as together:
        assert sum(together.map(attach, range(12))) == 3
    with wiki.database.read() as session:
        space = see_space(session, wiki.actor("eve"), "eng").space
        assert len(list_files(session, wiki.actor("eve"), space, "rota")) == 3
