"""Foreign zips: every method, every kind of damage, names of every origin."""

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.surroundings import examples
from wiki.errors import Invalid
from wiki.transfer.sources.archive import Archive
from wiki.transfer.sources.names import decoded_names
from wiki.transfer.sources.source import Limits, ZipSource

LIMITS = Limits(page=100_000, file=100_000, total=1_000_000)
METHODS = (0, 8, 12, 14, 93, 95)
TEXT = b"# Title\n\n" + b"Some words that repeat, some words that repeat. " * 40


def made(
    members: list[tuple[str | bytes, bytes]], method: int = 8, *, size: int = -1, flags: int = 0
) -> bytes:
    """A zip in which each file is compressed by the method; `size` is what each says of itself."""
    packs = {
        0: lambda data: data,
        8: lambda data: zlib.compress(data, wbits=-15),
        12: bz2.compress,
        14: packed_lzma,
        93: lambda data: zstandard.ZstdCompressor().compress(data),
        95: lzma.compress,
    }
    body, listed = b"", b""
    for name, data in members:
        raw = name.encode() if isinstance(name, str) else name
        bits = flags | (0x800 if isinstance(name, str) else 0)
        packed = packs.get(method, packs[0])(data)
        said = len(data) if size < 0 else size
        about = struct.pack(
            "<HHHHHIIIHH", 20, bits, method, 0, 33, zlib.crc32(data), len(packed), said, len(raw), 0
        )
        listed += b"PK\x01\x02\x14\0" + about + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + raw
        body += b"PK\x03\x04" + about + raw + packed
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(listed), len(body), 0)
    return body + listed + b"PK\x05\x06" + end


def packed_lzma(data: bytes) -> bytes:
    kind = {"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}
    packed = lzma.compress(data, lzma.FORMAT_RAW, filters=[kind])
    return struct.pack("<HHBI", 0x0914, 5, 93, 1 << 16) + packed


def source_of(folder: Path, data: bytes) -> ZipSource:
    file = folder / "z.zip"
    file.write_bytes(data)
    return ZipSource(file, LIMITS, keep_outer=True)


def outcome(source: ZipSource) -> dict[str, bytes | str]:
    """The content of each file, or the message that refuses it."""
    found: dict[str, bytes | str] = {one.where: one.sentence for one in source.refused}
    for entry in source.entries:
        try:
            found[entry.path] = source.read(entry)
        except Invalid as refused:
            found[entry.path] = refused.sentence
    source.close()
    return found


@pytest.mark.parametrize("method", METHODS)
def test_files_of_every_method_are_read(tmp_path, method):
    found = outcome(source_of(tmp_path, made([("a.md", TEXT), ("b/c.md", b"")], method)))
    assert found == {"a.md": TEXT, "b/c.md": b""}


@pytest.mark.parametrize("method", (0, 8, 12, 14))
def test_files_that_the_standard_library_packed_are_read(tmp_path, method):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("a.md", TEXT)
    assert outcome(source_of(tmp_path, file.getvalue())) == {"a.md": TEXT}


@pytest.mark.parametrize("method", METHODS)
@settings(
    max_examples=examples(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_whatever_is_damaged_is_named_and_the_rest_is_read(tmp_path, method, data):
    whole = made([("a.md", TEXT), ("b.md", b"fine")], method)
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(whole))) :]
    try:
        source = source_of(tmp_path, bytes(damaged))
    except Invalid as refused:
        assert refused.sentence.endswith(".")
        return
    for found in outcome(source).values():
        assert found in (TEXT, b"fine", b"") or str(found).endswith(".")


@pytest.mark.parametrize("method", METHODS[1:])
def test_a_damaged_file_does_not_keep_the_others_out(tmp_path, method):
    data = made([("a.md", TEXT), ("b.md", b"fine")], method)
    at = 30 + len("a.md") + (9 if method == 14 else 0)
    found = outcome(source_of(tmp_path, data[:at] + b"\xff" * 12 + data[at + 12 :]))
    assert found["b.md"] == b"fine"
    assert str(found["a.md"]).startswith("It is damaged inside the zip")


@pytest.mark.parametrize("method", METHODS)
def test_what_unpacks_to_more_than_it_says_is_never_held(tmp_path, method):
    data = made([("a.md", b"\0" * 5_000_000)], method, size=10)
    assert outcome(source_of(tmp_path, data)) == {"a.md": "It is larger than its declared size."}


def test_what_needs_too_much_memory_is_refused(tmp_path):
    data = made([("a.md", TEXT)], 14)
    at = data.index(struct.pack("<BI", 93, 1 << 16))
    data = data[: at + 1] + struct.pack("<I", 1 << 31) + data[at + 5 :]
    assert outcome(source_of(tmp_path, data)) == {"a.md": "It needs too much memory to unpack."}


def test_each_refusal_says_the_true_reason(tmp_path):
    data = made(
        [
            ("", b"x"),
            ("/etc/x.md", b"x"),
            ("\\\\server\\share\\x.md", b"x"),
            ("C:\\x.md", b"x"),
            ("a\\..\\..\\x.md", b"x"),
            ("a\nb.md", b"x"),
            ("big.md", b"x" * 100_001),
            ("ok.md", b"ok"),
        ],
        0,
    )
    absolute = "Its name is an absolute path, which leads out of the tree."
    assert outcome(source_of(tmp_path, data)) == {
        "": "Its name is empty.",
        "/etc/x.md": absolute,
        "//server/share/x.md": absolute,
        "C:/x.md": absolute,
        "a/../../x.md": "Its name leads out of the tree with “..”.",
        "a\\u000ab.md": "Its name contains control characters.",
        "big.md": "It has 98 KiB; the limit is 98 KiB.",
        "ok.md": b"ok",
    }


def test_what_is_encrypted_or_packed_by_a_rare_method_is_named(tmp_path):
    encrypted = outcome(source_of(tmp_path, made([("a.md", b"x")], 0, flags=1)))
    assert encrypted == {"a.md": "It is encrypted. Zip the files again without a password."}
    rare = outcome(source_of(tmp_path, made([("a.md", b"x")], 9)))
    assert str(rare["a.md"]).startswith("It is compressed with Deflate64, which isn’t supported")


def test_windows_separators_are_folders_and_plain_names_stay(tmp_path):
    data = made([("docs\\", b""), ("docs\\a.md", b"a"), ("./docs//b.md", b"b"), ("c d.md", b"c")])
    found = outcome(source_of(tmp_path, data))
    assert found == {"docs/a.md": b"a", "docs/b.md": b"b", "c d.md": b"c"}


def test_files_of_the_same_name_are_both_read_and_told(tmp_path):
    found = outcome(source_of(tmp_path, made([("a.md", b"one"), ("a.md", b"two")])))
    assert found["a (2).md"] == b"two"
    source = source_of(tmp_path, made([("a.md", b"one"), ("a.md", b"two")]))
    assert [one.sentence for one in source.refused] == [
        "An earlier file has the same name, so it is imported as a (2).md."
    ]


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "This isn’t a zip file: it is empty."),
        (b"no zip", "This isn’t a zip file."),
        (b"\x1f\x8b\x08\0" + b"\0" * 60, "This isn’t a zip file but a gzip archive."),
        (b"Rar!\x1a\x07", "This isn’t a zip file but a RAR archive."),
        (b"x" * 257 + b"ustar\0" + b"\0" * 200, "This isn’t a zip file but a tar archive."),
        (
            made([("a.md", TEXT)])[:-30],
            "The zip is cut off or damaged: the list of files at its end can’t be read.",
        ),
    ],
)
def test_what_cannot_be_opened_is_refused_by_what_it_is(tmp_path, data, sentence):
    with pytest.raises(Invalid) as refused:
        source_of(tmp_path, data)
    assert refused.value.sentence == sentence


def test_a_name_that_lies_about_utf8_is_refused_with_a_sentence(tmp_path):
    data = made([("é.md", b"x")]).replace("é".encode(), b"\xff\xfe")
    with pytest.raises(Invalid, match="marked as UTF-8 but isn’t"):
        source_of(tmp_path, data)


def test_a_list_of_files_that_is_too_long_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr("wiki.transfer.sources.archive.MOST_LIST", 1 << 16)
    data = made([(f"{number}.md", b"") for number in range(2000)], 0)
    with pytest.raises(Invalid, match="list of files in the zip is too long"):
        source_of(tmp_path, data)


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (["café/naïve.md", "Über.md"], "cp437"),
        (["café/résumé final.md"], "cp1252"),
        (["Übersicht/Größe ändern.md"], "cp1252"),
        (["smørrebrød.md", "ação.md"], "cp850"),
        (["Привет/мир.md", "Отчёт за год.md"], "cp866"),
        (["日本語/ページ.md"], "cp932"),
        (["表示/一覧.md"], "cp932"),
        (["中文.md"], "big5"),
        (["文件.md"], "big5"),
        (["说明/文件.md"], "gb2312"),
        (["한국어/문서.md"], "euc_kr"),
        (["Русский.md"], "cp1251"),
        (["список.md"], "cp866"),
        (["目录.md"], "gbk"),
        (["镕基.md"], "gbk"),
        (["工作.md"], "big5"),
        (["はじめに.md", "API設計.md"], "euc_jp"),
        (["Příručka uživatele.md", "řešení.md"], "cp852"),
        (["Łódź/zażółć gęślą.md"], "cp1250"),
        (["árvíztűrő.md", "képek.md"], "cp852"),
        (["Οδηγίες.md", "σχέδιο.md"], "cp1253"),
        (["Σημειώσεις.md"], "cp737"),
        (["Türkçe.md", "dağıtım.md"], "cp1254"),
        (["מדריך.md"], "cp862"),
        (["تقرير.md"], "cp1256"),
        (["日本語/ページ.md", "é.md"], "utf-8"),
    ],
)
def test_names_in_the_code_pages_of_old_systems_are_read(tmp_path, names, encoding):
    raw = [name.encode(encoding) for name in names]
    assert decoded_names([*raw, b"plain.md"], [""] * (len(raw) + 1)).text == [*names, "plain.md"]
    source = source_of(tmp_path, made([(name, b"x") for name in raw]))
    assert {entry.path for entry in source.entries} == set(names)
    assert [one.kind.name for one in source.refused] == ["NAMES"] * (encoding != "utf-8")


def test_a_name_added_in_utf8_goes_before_the_code_page(tmp_path):
    raw, name = b"?.md", "日.md".encode()
    extra = struct.pack("<HHBI", 0x7075, 5 + len(name), 1, zlib.crc32(raw)) + name
    info = zipfile.ZipInfo("?.md")
    info.extra = extra
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(info, b"x")
    assert outcome(source_of(tmp_path, file.getvalue())) == {"日.md": b"x"}


def test_names_that_are_there_in_utf8_as_well_tell_the_encoding_of_the_others():
    names = ["třída.md", "přehled.md", "Úvod.md"]
    raw = [name.encode("cp852") for name in names]
    assert decoded_names(raw[1:2], [""]).text != names[1:2]
    assert decoded_names(raw, [names[0], "", ""]).text == names


def test_the_report_names_an_encoding_that_is_as_plausible(tmp_path):
    source = source_of(tmp_path, made([("łąka.md".encode("cp852"), b"x")]))
    assert [(one.where, one.sentence) for one in source.refused] == [
        (
            "łąka.md",
            "The zip doesn’t say how its names are encoded; they were read as cp852, and could "
            "also be cp866. Please check them.",
        )
    ]


def test_an_archive_says_why_it_cannot_be_read_when_it_is_not_there(tmp_path):
    with pytest.raises(Invalid, match="can’t be read"):
        Archive(tmp_path / "nowhere.zip")
