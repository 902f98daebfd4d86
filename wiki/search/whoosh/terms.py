"""The terms of a segment, read in order and written in order, in the format of Whoosh's codec.

Whoosh handles each posting by itself: it sorts all of them, and looks each term of a segment up by
its hash when it merges the segment. Here a term is one step with all its postings, and the terms of
segments are merged as they are stored, sorted. That takes a fraction of the time, and memory
for the new pages only.
"""

import struct
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from heapq import merge
from itertools import pairwise
from operator import itemgetter
from pickle import dumps, load, loads
from typing import Any, NamedTuple
from zlib import compress, crc32, decompress

from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC, W3Codec, W3TermInfo, W3TermsReader
from whoosh.filedb.filetables import HashWriter, OrderedHashWriter
from whoosh.filedb.structfile import BufferFile
from whoosh.reading import SegmentReader

BLOCK = 128
"""Number of pages in a block of postings."""
COMPRESSED = 4
"""Number of pages in a block from which it is compressed. Compressing less saves no room."""
COMPRESSION = 3
"""Level of compression of postings."""
READ = 1 << 16
"""Number of bytes of a file of terms that are read at once."""
KEPT = 4000
"""Number of pieces of a file that are written at once."""

_INT, _EXTENT = struct.Struct("!i"), struct.Struct("!qi")
_LENGTHS, _FIELD = struct.Struct("!ii"), struct.Struct("!H")
_INFO: struct.Struct = W3TermInfo._struct
_CRC32 = 1
"""Number of this hash function in files of terms."""


class Term(NamedTuple):
    """A term of a field with its postings: documents in ascending order, the weight in each, and
    the encoded positions in each unless the field has none."""

    field: str
    text: bytes
    ids: list[int]
    weights: list[float]
    values: list[bytes]


class Pool:
    """The postings of new documents, in place of Whoosh's pool."""

    def __init__(self) -> None:
        self._fields: dict[str, dict[bytes, Term]] = defaultdict(dict)

    def add(self, posting: tuple[str, bytes, int, float, bytes]) -> None:
        """Add a posting; documents come in ascending order (a hook of Whoosh)."""
        field, text, document, weight, value = posting
        terms = self._fields[field]
        term = terms.get(text)
        if term is None:
            terms[text] = Term(field, text, [document], [weight], [value] if value else [])
            return
        term.ids.append(document)
        term.weights.append(weight)
        if value:
            term.values.append(value)

    def terms(self) -> Iterator[Term]:
        """Yield all terms in order."""
        for field in sorted(self._fields):
            terms = self._fields[field]
            for text in sorted(terms):
                yield terms[text]

    def cleanup(self) -> None:
        """Forget all postings (a hook of Whoosh)."""
        self._fields.clear()


def stored_terms(
    reader: W3TermsReader, base: int, documents: Mapping[int, int] | None
) -> Iterator[Term]:
    """Yield the terms of a segment in order, with the numbers that its documents get in another.

    :param base: what is added to the numbers, if no document is left out.
    :param documents: the new number of each document that is kept; None if all are.
    """
    postings = reader._postfile
    names = reader._fieldunmap
    for key, value in _entries(reader._tindex):
        if value[0]:
            ids, weights, values = map(list, loads(value[_INFO.size :]))  # noqa: S301 our own file
        else:
            ids, weights, values = _postings(postings.get(*_EXTENT.unpack_from(value, _INFO.size)))
        if documents is None:
            ids = [one + base for one in ids] if base else ids
        else:
            kept = [at for at, one in enumerate(ids) if one in documents]
            if not kept:
                continue
            ids = [documents[ids[at]] for at in kept]
            weights = [weights[at] for at in kept]
            values = [values[at] for at in kept] if values else values
        yield Term(names[_FIELD.unpack_from(key)[0]], key[_FIELD.size :], ids, weights, values)


def counted_terms(reader: SegmentReader, field: str, prefix: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the terms of a field that begin with a prefix, in order, each with the number of pages
    that have it, deleted ones included."""
    terms: W3TermsReader = reader._terms
    if field not in terms._fieldmap:
        return
    start = terms._keycoder(field, prefix)
    place = terms._tindex.closest_key_pos(start)
    for key, value in _entries(terms._tindex, place) if place is not None else ():
        if not key.startswith(start):
            return
        yield key[_FIELD.size :], _INFO.unpack_from(value)[2]


def _entries(table: Any, at: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys and values of a file of terms in order, from a place of one on."""
    at, end = table.startofdata if at is None else at, table.endofdata
    held, place = b"", 0
    while at < end:
        if place + _LENGTHS.size > len(held):
            held, place = table.dbfile.get(at, READ), 0
        key_length, length = _LENGTHS.unpack_from(held, place)
        size = _LENGTHS.size + key_length + length
        if place + size > len(held):
            held, place = table.dbfile.get(at, max(READ, size)), 0
        begin = place + _LENGTHS.size
        middle = begin + key_length
        yield held[begin:middle], held[middle : place + size]
        at += size
        place += size


def _postings(data: bytes) -> tuple[list[int], list[float], list[bytes]]:
    """Return the documents, weights and encoded positions in stored blocks of postings.

    :raises ValueError: when the blocks are damaged.
    """
    if data[:4] != WHOOSH3_HEADER_MAGIC:
        raise ValueError("There are no postings where a term has them.")
    ids: list[int] = []
    weights: list[float] = []
    values: list[bytes] = []
    at, length = 4, 1
    while length > 0:  # that of the last block is negative
        (length,) = _INT.unpack_from(data, at)
        block = BufferFile(memoryview(data)[at + 4 : at + 4 + abs(length)])
        count, _, _, is_compressed, _, _ = load(block)  # noqa: S301
        packed = block.read()
        steps, some, more = loads(decompress(packed) if is_compressed else packed)  # noqa: S301
        number = 0
        for step in steps:
            number += step
            ids.append(number)
        weights += some if isinstance(some, tuple) else [1.0 if some is None else some] * count
        values += more or ()
        at += 4 + abs(length)
    return ids, weights, values


def merged(streams: Iterable[Iterator[Term]]) -> Iterator[Term]:
    """Merge terms in order; those of the first stream have the lowest documents, and so on."""
    last: Term | None = None
    for term in merge(*streams, key=itemgetter(0, 1)):
        if last is not None and term.text == last.text and term.field == last.field:
            last.ids.extend(term.ids)
            last.weights.extend(term.weights)
            last.values.extend(term.values)
            continue
        if last is not None:
            yield last
        last = term
    if last is not None:
        yield last


class TermsWriter:
    """The writer of the terms and postings of a segment, in place of Whoosh's."""

    def __init__(self, storage: Any, segment: Any) -> None:
        self._table = _Table(segment.create_file(storage, W3Codec.TERMS_EXT))
        self._fields: dict[str, int] = self._table.extras.setdefault("fieldmap", {})
        self._postings = _Pieces(segment.create_file(storage, W3Codec.POSTS_EXT))
        self.is_closed = False

    def write(self, terms: Iterable[Term]) -> None:
        """Write terms, which come in order."""
        field, number = "", b""
        for term in terms:
            if term.field != field:
                field = term.field
                number = _FIELD.pack(self._fields.setdefault(field, len(self._fields)))
            self._table.put(number + term.text, self._stored(term))

    def _stored(self, term: Term) -> bytes:
        """Return what the file of terms has of a term. The only posting of a term is a part of it;
        several are written to the file of postings."""
        _, _, ids, weights, values = term
        # Rounded as they are read back, so that a page keeps its weight wherever it is stored.
        exact = array("f", weights)
        top = max(exact)
        is_alone = len(ids) == 1
        info = _INFO.pack(is_alone, sum(exact), len(ids), 0, 0, top, ids[0], ids[-1])
        if is_alone:
            return info + dumps((tuple(ids), tuple(exact), tuple(values)), 2)
        begin = self._postings.at
        self._postings.put(WHOOSH3_HEADER_MAGIC)
        for at in range(0, len(ids), BLOCK):
            some = slice(at, at + BLOCK)
            block = _block(ids[some], exact[some], values[some])
            is_last = at + BLOCK >= len(ids)
            self._postings.put(_INT.pack(-len(block) if is_last else len(block)))
            self._postings.put(block)
        return info + _EXTENT.pack(begin, self._postings.at - begin)

    def close(self) -> None:
        """Write what is left, and close the files."""
        self._table.close()
        self._postings.close()
        self.is_closed = True


def _block(ids: list[int], weights: "array[float]", values: list[bytes]) -> bytes:
    """Return a block of postings as it is stored: facts about it, and its content."""
    steps = (ids[0], *(after - before for before, after in pairwise(ids)))
    top, least = max(weights), min(weights)
    some: Any = tuple(weights)
    if top == least:
        some = None if top == 1.0 else top
    content = dumps((steps, some, tuple(values) if values else None), 2)
    level = COMPRESSION if len(ids) >= COMPRESSED else 0
    facts = dumps((len(ids), ids[-1], top, level, 0, 0), 2)
    return facts + (compress(content, level) if level else content)


class _Pieces:
    """A file that is written in many small pieces."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._pieces: list[bytes] = []
        self.at = 0

    def put(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.at += len(piece)
        if len(self._pieces) >= KEPT:
            self.flush()

    def flush(self) -> None:
        self._file.write(b"".join(self._pieces))
        self._pieces.clear()

    def close(self) -> None:
        self.flush()
        self._file.close()


class _Table(OrderedHashWriter):  # type: ignore[misc]
    """Whoosh's file of terms, with a hash that is fast to compute."""

    def __init__(self, file: Any) -> None:
        HashWriter.__init__(self, file, hashtype=_CRC32)
        self._pieces = _Pieces(file)
        self._pieces.at = file.tell()
        self._hashes = array("I")
        self._places = array("q")
        self.lastkey = b""

    def put(self, key: bytes, value: bytes) -> None:
        """Add a term; terms come in ascending order."""
        if key <= self.lastkey:
            raise ValueError(f"Terms must come in order: {self.lastkey!r}, {key!r}")
        self.lastkey = key
        self._hashes.append(crc32(key))
        self._places.append(self._pieces.at)
        self._pieces.put(_LENGTHS.pack(len(key), len(value)) + key + value)

    def _write_hashes(self) -> None:
        """Write the 256 hash tables of the places of terms (a hook of Whoosh)."""
        self._pieces.flush()
        buckets: list[list[int]] = [[] for _ in range(256)]
        for number, hash in enumerate(self._hashes):
            buckets[hash & 255].append(number)
        at = self.dbfile.tell()
        for bucket in buckets:
            slots = 2 * len(bucket)
            self.directory.append((at, slots))
            table = [0] * (2 * slots)
            for number in bucket:
                hash = self._hashes[number]
                slot = (hash >> 8) % slots
                while table[2 * slot + 1]:
                    slot = (slot + 1) % slots
                table[2 * slot : 2 * slot + 2] = hash, self._places[number]
            written = struct.pack("!" + "Iq" * slots, *table)
            self.dbfile.write(written)
            at += len(written)

    def _write_extras(self) -> None:
        is_small = not self._places or self._places[-1] < 1 << 31
        places: array[int] = array("i", self._places) if is_small else self._places
        self.extras |= {"indextype": places.typecode, "indexlen": len(places)}
        HashWriter._write_extras(self)
        self.dbfile.write_array(places)
