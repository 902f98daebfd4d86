"""What a folder or a zip may make us read, and what not."""

import os
import zipfile
from pathlib import Path

import pytest

from tests.transfer.trees import TREE, write_tree, zipped
from wiki.errors import Invalid
from wiki.transfer.sources import source as sources
from wiki.transfer.sources.source import FolderSource, Limits, ZipSource, open_source

LIMITS = Limits(page=1000, file=2000, total=100_000)


def refusals(source: sources.Source) -> dict[str, str]:
    return {one.where: one.sentence for one in source.refused}


def make_zip(path: Path, members: dict[str, str], **changes: int) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            for key, value in changes.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return path


def test_a_folder_and_its_zip_are_the_same_tree(tmp_path):
    folder = write_tree(tmp_path / "tree", TREE)
    file = tmp_path / "tree.zip"
    file.write_bytes(zipped(TREE).read())
    one, other = open_source(folder, LIMITS), open_source(file, LIMITS)
    assert [entry.path for entry in one.entries] == [entry.path for entry in other.entries]
    for left, right in zip(one.entries, other.entries, strict=True):
        assert one.read(left) == other.read(right)
    assert ".git/config" not in {entry.path for entry in one.entries}
    assert one.hidden == other.hidden == 1


def test_links_out_of_a_folder_are_not_followed(tmp_path):
    secret = write_tree(tmp_path / "secret", {"key.md": "a secret"})
    folder = write_tree(tmp_path / "tree", {"a.md": "a"})
    (folder / "link.md").symlink_to(secret / "key.md")
    (folder / "inside.md").symlink_to(folder / "a.md")
    (folder / "linked").symlink_to(secret, target_is_directory=True)
    os.mkfifo(folder / "pipe.md")
    source = FolderSource(folder, LIMITS)
    assert [entry.path for entry in source.entries] == ["a.md"]
    assert set(refusals(source)) == {"link.md", "inside.md", "linked", "pipe.md"}
    assert refusals(source)["link.md"] == ("It is a symbolic link, which is not followed.")


def test_a_file_that_became_a_link_meanwhile_is_not_read(tmp_path):
    folder = write_tree(tmp_path / "tree", {"a.md": "a"})
    source = FolderSource(folder, LIMITS)
    (folder / "a.md").unlink()
    (folder / "a.md").symlink_to("/etc/passwd")
    with pytest.raises(Invalid):
        source.read(source.entries[0])


@pytest.mark.parametrize(
    "name", ["../x.md", "a/../../x.md", "/etc/x.md", "C:\\x.md", "a\\..\\x.md"]
)
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path, name):
    source = ZipSource(make_zip(tmp_path / "z.zip", {name: "x", "ok.md": "y"}), LIMITS)
    assert [entry.path for entry in source.entries] == ["ok.md"]
    assert "leads out of the tree" in next(iter(refusals(source).values()))


def test_links_in_a_zip_are_refused(tmp_path):
    file = make_zip(
        tmp_path / "z.zip",
        {"link.md": "/etc/passwd"},
        external_attr=0o120777 << 16,
        create_system=3,
    )
    assert refusals(ZipSource(file, LIMITS)) == {
        "link.md": "It is a symbolic link, which is not followed."
    }


def test_what_is_larger_than_allowed_is_refused_unread(tmp_path):
    folder = write_tree(tmp_path / "tree", {"a.md": "x" * 1001, "a.png": "x" * 2001, "b.md": "x"})
    source = FolderSource(folder, LIMITS)
    assert [entry.path for entry in source.entries] == ["b.md"]
    assert refusals(source)["a.md"] == "It has 1,001 bytes; the limit is 1,000 bytes."


def test_a_bomb_is_refused_by_what_it_says_and_by_what_it_holds(tmp_path):
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(60):
            archive.writestr(f"{number}.bin", b"\0" * 2000)
    with pytest.raises(Invalid, match="The tree is too large"):
        ZipSource(file, LIMITS)
    lying = tmp_path / "lying.zip"
    with zipfile.ZipFile(lying, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.md", b"x" * 900_000)
    data = lying.read_bytes().replace((900_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    lying.write_bytes(data)
    source = ZipSource(lying, LIMITS)
    with pytest.raises(Invalid):
        source.read(source.entries[0])


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MOST_ENTRIES", 3)
    folder = write_tree(tmp_path / "tree", {f"{number}.md": "x" for number in range(5)})
    with pytest.raises(Invalid, match="more than 3 files"):
        FolderSource(folder, LIMITS)
    file = make_zip(tmp_path / "z.zip", {f"{number}.md": "x" for number in range(5)})
    with pytest.raises(Invalid, match="more than 3 files"):
        ZipSource(file, LIMITS)


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\x05\x06" + b"\0" * 17, b"PK\x03\x04" * 50])
def test_what_is_no_zip_is_refused_with_a_sentence(tmp_path, data):
    file = tmp_path / "z.zip"
    file.write_bytes(data)
    with pytest.raises(Invalid, match=r"isn’t a zip file|cut off or damaged"):
        ZipSource(file, LIMITS)


def test_a_damaged_member_is_refused_when_it_is_read(tmp_path):
    file = tmp_path / "z.zip"
    file.write_bytes(zipped({"a.md": "hello " * 50}).read())
    data = bytearray(file.read_bytes())
    data[36:40] = b"\xff" * 4
    file.write_bytes(bytes(data))
    source = ZipSource(file, LIMITS)
    with pytest.raises(Invalid, match="damaged"):
        source.read(source.entries[0])


def test_one_folder_around_everything_is_left_out_unless_wanted(tmp_path):
    file = make_zip(tmp_path / "z.zip", {"docs-main/index.md": "x", "docs-main/a/b.md": "y"})
    source = ZipSource(file, LIMITS)
    assert [entry.path for entry in source.entries] == ["a/b.md", "index.md"]
    assert source.outer == "docs-main"
    assert source.read(source.entries[0]) == b"y"
    kept = ZipSource(file, LIMITS, keep_outer=True)
    assert [entry.path for entry in kept.entries] == ["docs-main/a/b.md", "docs-main/index.md"]


def test_a_colon_in_a_name_is_no_drive_of_windows(tmp_path):
    source = FolderSource(write_tree(tmp_path / "tree", {"a:b.md": "a"}), LIMITS)
    assert ([entry.path for entry in source.entries], refusals(source)) == (["a:b.md"], {})


def test_a_name_that_is_no_text_is_told_readably(tmp_path):
    folder = write_tree(tmp_path / "tree", {"a.md": "a"})
    (folder / os.fsdecode(b"caf\xe9.md")).write_text("x")
    source = FolderSource(folder, LIMITS)
    assert refusals(source) == {"caf\\udce9.md": "Its name isn’t UTF-8."}
    for one in source.refused:
        one.where.encode()


def test_a_folder_without_files_may_have_a_name_of_any_encoding(tmp_path):
    packed = tmp_path / "old.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("empty-X/", "")
        archive.writestr("a.md", "# A")
    packed.write_bytes(packed.read_bytes().replace(b"empty-X/", b"empty-\x9a/"))
    source = ZipSource(packed, LIMITS)
    assert [entry.path for entry in source.entries] == ["a.md"]
