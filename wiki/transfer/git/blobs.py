"""Contents of files of a Git repository, read by their hash."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from subprocess import PIPE
from typing import IO, cast

from wiki.process import Child
from wiki.transfer.git.command import Missing

_CHUNK = 1 << 16
_PIPE_BYTES = 1 << 20
_AHEAD = 31
"""Number of contents requested ahead of reading; all of them may be in memory."""


class Blobs:
    """Contents of files by their hash in Git.

    Waiting for the answer to a request costs two process switches, which take longer than
    everything else on a busy machine. Expected contents are therefore requested ahead.
    """

    def __init__(self, arguments: Sequence[str], environ: dict[str, str]) -> None:
        self._arguments, self._environ = arguments, environ
        self._start()
        self._expected: deque[str] = deque()
        self._pending: deque[str] = deque()
        self._ready: dict[str, bytes | Missing | None] = {}
        self._ended: set[str] = set()
        self.questions = 0
        """Number of requests that were waited for."""

    def _start(self) -> None:
        self._process = Child(
            self._arguments, self._environ, stdin=PIPE, stdout=PIPE, pipesize=_PIPE_BYTES
        )
        self._asked = cast(IO[bytes], self._process.stdin)
        self._given = cast(IO[bytes], self._process.stdout)

    def expect(self, blobs: Iterable[str]) -> None:
        """Announce contents that will be read next, in this order; some of them may be skipped."""
        self._expected = deque(blobs)
        self._ready.clear()

    def read(self, blob: str, most: int) -> bytes | None:
        """Return the content; None if it is larger than `most` bytes.

        :raises Missing: when it does not exist or is damaged.
        """
        while blob not in self._ready:
            if not self._pending:
                self._ask(blob)
            first = self._pending.popleft()
            try:
                self._ready[first] = self._receive(most)
            except EOFError:  # Git exits at a damaged content
                self._restart(first)
        found = self._ready.pop(blob)
        if isinstance(found, Missing):
            raise found
        return found

    def _restart(self, blob: str) -> None:
        """Continue in a new process, without the content if it has ended two processes."""
        if blob in self._ended:
            self._ready[blob] = Missing(f"Its content {blob[:10]} is damaged.")
        else:
            self._ended.add(blob)
            self._pending.appendleft(blob)
        self.close()
        self._start()
        self._request()

    def _ask(self, blob: str) -> None:
        self._pending.append(blob)
        if blob in self._expected:
            while self._expected.popleft() != blob:
                pass
            ahead = min(_AHEAD, len(self._expected))
            self._pending.extend(self._expected.popleft() for _ in range(ahead))
        self._request()
        self.questions += 1

    def _request(self) -> None:
        with suppress(BrokenPipeError):  # Git has exited; reading its answer fails next
            self._asked.write("".join(f"{one}\n" for one in self._pending).encode())
            self._asked.flush()

    def _receive(self, most: int) -> bytes | Missing | None:
        head = self._given.readline().split()
        if not head:
            raise EOFError
        if len(head) != 3:
            name = head[0].decode(errors="replace")
            return Missing(f"Its content {name[:10]} is not in the repository.")
        size = int(head[2])
        if size > most:
            left = size + 1
            while left:
                piece = self._given.read(min(left, _CHUNK))
                if not piece:
                    raise EOFError
                left -= len(piece)
            return None
        data = self._given.read(size)
        self._given.read(1)
        if len(data) < size:
            raise EOFError
        return data

    def close(self) -> None:
        """End the Git process."""
        self._process.stop()
