"""Reading of untrusted zip archives, with limits and one clear message for each failure.

The standard library reads the list of files. The files themselves are unpacked here, in pieces,
because the library unpacks bzip2 and LZMA without a limit. No other module of the wiki opens
archives.
"""

from __future__ import annotations

import bz2
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

import zstandard

from wiki.errors import Invalid
from wiki.i18n import gettext as _
from wiki.i18n import lazy_gettext
from wiki.transfer.sources.names import decoded_names

MOST_LIST = 16 << 20
"""Maximum size in bytes of the list of files at the end of an archive."""
MOST_MEMORY = 64 << 20
"""Maximum number of bytes that unpacking may need besides the file itself."""
_CHUNK = 1 << 16
_STORED, _DEFLATE, _BZIP2, _LZMA, _ZSTD, _XZ = 0, 8, 12, 14, 93, 95
_READ = frozenset({_STORED, _DEFLATE, _BZIP2, _LZMA, _ZSTD, _XZ})
_OTHER_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 97: "WavPack", 98: "PPMd"}
_AES = 99
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_PATCH = 0x20
_IS_UTF8 = 0x800
_UNICODE_PATH = 0x7075
_OTHER_FORMATS = (
    (0, b"\x1f\x8b", lazy_gettext("a gzip archive")),
    (0, b"BZh", lazy_gettext("a bzip2 archive")),
    (0, b"\xfd7zXZ\0", lazy_gettext("an xz archive")),
    (0, b"\x28\xb5\x2f\xfd", lazy_gettext("a Zstandard archive")),
    (0, b"7z\xbc\xaf\x27\x1c", lazy_gettext("a 7z archive")),
    (0, b"Rar!", lazy_gettext("a RAR archive")),
    (0, b"# v2 git bundle", lazy_gettext("a Git bundle, which the command “wiki import” reads")),
    (0, b"# v3 git bundle", lazy_gettext("a Git bundle, which the command “wiki import” reads")),
    (257, b"ustar", lazy_gettext("a tar archive")),
)


@dataclass(frozen=True)
class Member:
    """A file of an archive: its decoded name with `/` as the separator, and its stated size in
    bytes. `refusal` is the reason why it cannot be read, if any."""

    name: str
    size: int
    refusal: str
    info: zipfile.ZipInfo


class Archive:
    """A zip archive, open until :meth:`close`.

    `names` reports the encoding detected for names that are not UTF-8.

    :raises Invalid: when it is not a zip archive, or its list of files cannot be read.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = _Guarded(path)
        except OSError as error:
            raise Invalid(_("The file can’t be read: %(reason)s.", reason=error.strerror)) from None
        try:
            self._zip = zipfile.ZipFile(self._file)
            infos = self._zip.infolist()
            raw = [_raw_name(info) for info in infos]
            added = [_unicode_path(info.extra, name) for name, info in zip(raw, infos, strict=True)]
        except Invalid:
            self._file.close()
            raise
        except UnicodeDecodeError:
            self._file.close()
            sentence = _("A name in the zip is marked as UTF-8 but isn’t. Zip the files again.")
            raise Invalid(sentence) from None
        except Exception:  # damaged lists of files raise all kinds of errors
            sentence = _what_it_is(self._file)
            self._file.close()
            raise Invalid(sentence) from None
        self.names = decoded_names(raw, added)
        pairs = zip(self.names.text, infos, strict=True)
        self.members = [
            Member(name, info.file_size, _refusal(info), info)
            for name, info in ((one.replace("\\", "/"), info) for one, info in pairs)
            if not name.endswith("/") and not stat.S_ISDIR(_mode(info))
        ]

    def read(self, member: Member) -> bytes:
        """Return the content of a file.

        :raises Invalid: when it cannot be read, or differs from what the archive says about it.
        """
        if member.refusal:
            raise Invalid(member.refusal)
        try:
            data = self._unpack(member.info)
        except (Invalid, MemoryError) as error:
            raise Invalid(str(error) or _("It needs too much memory to unpack.")) from None
        except Exception:  # each library has its own errors for damaged data
            raise Invalid(_("It is damaged inside the zip.")) from None
        if len(data) < member.size or zlib.crc32(data) != member.info.CRC:
            raise Invalid(_("It is damaged inside the zip: its checksum doesn’t match."))
        return data

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def _unpack(self, info: zipfile.ZipInfo) -> bytes:
        self._file.seek(info.header_offset)
        header = self._file.read(30)
        if header[:4] != b"PK\x03\x04":
            raise Invalid(_("It is damaged inside the zip: it isn’t where the list of files says."))
        name, extra = struct.unpack("<HH", header[26:30])
        self._file.seek(name + extra, io.SEEK_CUR)
        packed = _Packed(self._file, info.compress_size)
        most = info.file_size
        match info.compress_type:
            case 0:
                return _no_more_than(packed.read(most + 1), most)
            case 8:
                return _inflated(packed, _Deflate(), most)
            case 12:
                return _inflated(packed, bz2.BZ2Decompressor(), most)
            case 14:
                return _inflated(packed, _lzma_of_zip(packed), most)
            case 95:
                xz = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MOST_MEMORY)
                return _inflated(packed, xz, most)
        zstd = zstandard.ZstdDecompressor(max_window_size=MOST_MEMORY)
        reader = zstd.stream_reader(cast(IO[bytes], packed))  # only `read` is called
        return _no_more_than(reader.read(most + 1), most)


class _Guarded(io.BufferedReader):
    """A file that refuses reads larger than :data:`MOST_LIST`, so that a long list of files cannot
    fill the memory."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_LIST:
            raise Invalid(_("The list of files in the zip is too long."))
        return super().read(size)


class _Packed:
    """The compressed bytes of one file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def read(self, size: int = -1) -> bytes:
        """Return at most this many bytes, never past the end of the file's data."""
        wanted = self._left if size < 0 else min(size, self._left)
        pieces = []
        while wanted and (piece := self._file.read(min(wanted, _CHUNK))):
            pieces.append(piece)
            wanted -= len(piece)
            self._left -= len(piece)
        return b"".join(pieces)

    def pieces(self) -> Iterator[bytes]:
        """Yield all bytes in pieces."""
        while piece := self.read(_CHUNK):
            yield piece


class _Decompressor(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def needs_input(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


class _Deflate:
    """Raw deflate of zlib with the interface of the other decompressors."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.unconsumed_tail

    def decompress(self, data: bytes, max_length: int = -1, /) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


def _inflated(packed: _Packed, decompressor: _Decompressor, most: int) -> bytes:
    """Return the unpacked bytes, at most `most`. :raises Invalid: when there are more."""
    made = bytearray()
    for piece in packed.pieces():
        fed = piece
        while not decompressor.eof:
            made += decompressor.decompress(fed, most + 1 - len(made))
            _no_more_than(made, most)
            fed = b""
            if decompressor.needs_input:
                break
    return bytes(made)


def _no_more_than(data: bytes | bytearray, most: int) -> bytes:
    if len(data) > most:
        raise Invalid(_("It is larger than its declared size."))
    return bytes(data)


def _lzma_of_zip(packed: _Packed) -> lzma.LZMADecompressor:
    """Return a decompressor for the properties that precede the LZMA data in a zip."""
    _version, length = struct.unpack("<HH", packed.read(4))
    properties, memory = struct.unpack("<BI", packed.read(length)[:5])
    if memory > MOST_MEMORY:
        raise Invalid(_("It needs too much memory to unpack."))
    rest, lc = divmod(properties, 9)
    pb, lp = divmod(rest, 5)
    kind = {"id": lzma.FILTER_LZMA1, "dict_size": memory, "lc": lc, "lp": lp, "pb": pb}
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[kind])


def _mode(info: zipfile.ZipInfo) -> int:
    return info.external_attr >> 16 if info.create_system == 3 else 0


def _refusal(info: zipfile.ZipInfo) -> str:
    """Return the reason why a file cannot be read, judged by the list of files alone; empty if
    there is none."""
    kind = stat.S_IFMT(_mode(info))
    if kind == stat.S_IFLNK:
        return _("It is a symbolic link, which is not followed.")
    if kind not in (0, stat.S_IFREG):
        return _("It isn’t a regular file.")
    if info.flag_bits & _ENCRYPTED or info.compress_type == _AES:
        return _("It is encrypted. Zip the files again without a password.")
    if info.flag_bits & _PATCH or info.compress_type not in _READ:
        method = _OTHER_METHODS.get(
            info.compress_type, _("method %(number)s", number=info.compress_type)
        )
        return _(
            "It is compressed with %(method)s, which isn’t supported. Zip it again with Deflate.",
            method=method,
        )
    return ""


def _raw_name(info: zipfile.ZipInfo) -> str | bytes:
    """Return a file's name, or its bytes if their encoding is not stated."""
    if info.flag_bits & _IS_UTF8:
        return info.orig_filename
    return info.orig_filename.encode("cp437")  # the library decodes it as cp437


def _unicode_path(extra: bytes, raw: str | bytes) -> str:
    """Return the UTF-8 name that some programs add, if it belongs to these bytes."""
    while isinstance(raw, bytes) and len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        is_name = kind == _UNICODE_PATH and len(field) > 5 and field[0] == 1
        if is_name and struct.unpack("<I", field[1:5])[0] == zlib.crc32(raw):
            return field[5:].decode("utf-8", "replace")
    return ""


def _what_it_is(file: IO[bytes]) -> str:
    """Return the reason why a file cannot be read as a zip archive."""
    file.seek(0)
    head = file.read(512)
    if not head:
        return _("This isn’t a zip file: it is empty.")
    for start, mark, what in _OTHER_FORMATS:
        if head[start : start + len(mark)] == mark:
            return _("This isn’t a zip file but %(what)s.", what=what)
    if head.startswith((b"PK\x07\x08", b"PK00PK")):
        return _("This is one part of a split zip. Put the parts together first.")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _("The zip is cut off or damaged: the list of files at its end can’t be read.")
    return _("This isn’t a zip file.")
