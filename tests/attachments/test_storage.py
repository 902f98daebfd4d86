"""Bytes on disk: whole or not at all, once each, and found out when they are damaged."""

import hashlib
import io
import os
import time
from pathlib import Path

import pytest

from wiki.attachments.storage import DamagedFile, Storage
from wiki.errors import TooLarge


class Broken(io.BytesIO):
    """A stream whose sender goes away in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise ConnectionResetError
        return super().read(3)


def kept(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_what_is_stored_comes_back_under_its_hash(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    data = os.urandom(3_000_000)
    stored = storage.put(io.BytesIO(data), max_bytes=4_000_000)
    assert stored.sha256 == hashlib.sha256(data).hexdigest()
    assert stored.size == len(data)
    with storage.open(stored.sha256, stored.size) as file:
        assert file.read() == data
    assert storage.path(stored.sha256).parent.name == stored.sha256[:2]


def test_the_same_bytes_are_kept_once(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    first = storage.put(io.BytesIO(b"same"), max_bytes=10)
    assert storage.put(io.BytesIO(b"same"), max_bytes=10) == first
    assert kept(tmp_path) == [first.sha256]


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    stored = storage.put(io.BytesIO(), max_bytes=1)
    assert storage.open(stored.sha256, 0).read() == b""


def test_what_is_too_large_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match=r"plan\.pdf is too large\. Files can have up to 1 MiB\."):
        Storage(tmp_path).put(io.BytesIO(b"x" * (2 << 20)), name="plan.pdf", max_bytes=1 << 20)
    assert kept(tmp_path) == []


def test_exactly_the_limit_is_accepted(tmp_path: Path) -> None:
    assert Storage(tmp_path).put(io.BytesIO(b"x" * 100), max_bytes=100).size == 100


def test_an_interrupted_upload_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError):
        Storage(tmp_path).put(Broken(b"abcdef"), max_bytes=100)
    assert kept(tmp_path) == []


def test_what_a_killed_process_left_is_swept_after_a_day(tmp_path: Path) -> None:
    arriving = tmp_path / "files" / "arriving"
    arriving.mkdir(parents=True)
    (arriving / "old").write_bytes(b"half")
    (arriving / "new").write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(arriving / "old", (yesterday, yesterday))
    stored = Storage(tmp_path).put(io.BytesIO(b"x"), max_bytes=1)
    assert kept(tmp_path) == sorted(["new", stored.sha256])


@pytest.mark.parametrize("damage", [b"", b"shor", b"other bytes"])
def test_damage_is_noticed_and_mended_by_the_same_upload(tmp_path: Path, damage: bytes) -> None:
    storage = Storage(tmp_path)
    stored = storage.put(io.BytesIO(b"right bytes"), max_bytes=100)
    path = storage.path(stored.sha256)
    path.chmod(0o640)
    path.write_bytes(damage)
    with pytest.raises(DamagedFile):
        storage.verify(stored.sha256, stored.size)
    storage.put(io.BytesIO(b"right bytes"), max_bytes=100)
    storage.verify(stored.sha256, stored.size)


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="missing"):
        Storage(tmp_path).open("0" * 64, 1)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 63 + "/", "A" * 64])
def test_nothing_but_a_hash_leads_to_a_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="SHA-256"):
        Storage(tmp_path).path(name)


def test_all_hashes_can_be_gone_through(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    assert list(storage.hashes()) == []
    hashes = {storage.put(io.BytesIO(bytes([n])), max_bytes=9).sha256 for n in range(20)}
    (tmp_path / "files" / "arriving" / ("0" * 64)).write_bytes(b"not yet")
    assert list(storage.hashes()) == sorted(hashes)


def test_what_is_forgotten_is_gone_with_all_that_was_made_of_it(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    stored = storage.put(io.BytesIO(b"secret"), max_bytes=9)
    storage.thumbs.keep(stored.sha256, {320: b"small", 640: b"larger"})
    assert storage.forget(stored.sha256) is True
    assert kept(tmp_path) == []
    assert storage.forget(stored.sha256) is False


def test_a_file_that_lies_there_is_taken_in_without_being_copied(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    part = tmp_path / "part"
    part.write_bytes(b"large " * 1000)
    stored = storage.adopt(part)
    assert stored == storage.put(io.BytesIO(b"large " * 1000), max_bytes=10_000)
    assert stored.path.samefile(part)
    part.unlink()
    storage.verify(stored.sha256, stored.size)
