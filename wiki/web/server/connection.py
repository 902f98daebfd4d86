"""Connections of clients, with limits on the time and size of the head of a request."""

from __future__ import annotations

import asyncio
import re

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_BYTES = 64 * 1024  # of a request line and its headers
HEADERS = 100  # of one request
DISCARDED = 256 * 1024  # bytes read and discarded after a refused head
DISCARD_SECONDS = 2
HEAD_TOO_LONG = "The request's address or headers are too long."
HEAD_SECONDS = 15  # time limit for the head of a request
# A registered name, an IPv4 address or an IPv6 address in brackets, and a port (RFC 9110, 7.2).
HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


class Connection(HttpToolsProtocol):
    """An HTTP connection that limits the time and the size of each request's head."""

    _timer: asyncio.TimerHandle | None = None
    _received = 0  # bytes received while waiting for a head
    _head = 0  # bytes of the head that is being parsed
    _refused = False
    _head_complete = False  # headers after it are trailers, which are ignored
    _beside = 0  # bytes received since the latest piece of a body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._timer is not None or self._refused:
            self._received += len(data)
        if self._refused:
            if self._received > HEAD_BYTES + DISCARDED:
                self.transport.close()
            return
        self._beside += len(data)
        super().data_received(data)
        if self._head_complete and self._beside > HEAD_BYTES and not self._refused:
            waits = self.cycle is not None and not self.cycle.response_started
            self._refuse(431, "The request has too much data outside its body.", may_answer=waits)
        # A head that never ends is refused before it is parsed; a complete head is measured in
        # ``on_headers_complete``.
        if self._timer is not None and self._received > HEAD_BYTES and not self._refused:
            self._refuse_head(431, HEAD_TOO_LONG)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_complete = False
        self._head = len(b"  HTTP/1.1\r\n\r\n")
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        self._head += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head += len(name) + len(value) + len(b": \r\n")
        if not self._head_complete:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        self._head_complete = True
        self._beside = 0
        if self._refused:
            return
        hosts = [value for name, value in self.headers if name == b"host"]
        codings = [value for name, value in self.headers if name == b"transfer-encoding"]
        lengths = [value for name, value in self.headers if name == b"content-length"]
        upgrades = self.parser.should_upgrade()
        if self._head + len(self.parser.get_method()) > HEAD_BYTES:
            self._refuse_head(431, HEAD_TOO_LONG)
        elif len(self.headers) > HEADERS:
            self._refuse_head(431, "The request has too many headers.")
        elif len(hosts) > 1 or (not hosts and self.parser.get_http_version() != "1.0"):
            self._refuse_head(400, "A request names its host in exactly one Host header.")
        elif hosts and not HOST.fullmatch(hosts[0]):
            self._refuse_head(400, "The Host header is not the name of a host.")
        elif codings and self.parser.get_http_version() == "1.0":
            self._refuse_head(400, "HTTP/1.0 has no Transfer-Encoding.")
        elif codings and [value.strip().lower() for value in codings] != [b"chunked"]:
            self._refuse_head(501, "The only Transfer-Encoding is “chunked”.")
        elif upgrades and (codings or lengths not in ([], [b"0"])):
            self._refuse_head(400, "A request with a body cannot change the protocol.")
        else:
            super().on_headers_complete()
            if upgrades and self.cycle is not None:  # the parser cannot take another request
                self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        self._beside = 0
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._head_complete = False
        if not self._refused:
            super().on_message_complete()

    def _refuse_head(self, status: int, sentence: str) -> None:
        """Refuse a request whose head is invalid, and close the connection."""
        self._refuse(status, sentence, may_answer=not self.cycle or self.cycle.response_complete)

    def _refuse(self, status: int, sentence: str, *, may_answer: bool = True) -> None:
        self._refused = True
        self._head_is_here()
        if may_answer:
            # Closing with unread bytes would reset the connection, and the answer would be lost.
            self._answer_with(status, sentence)
            self.transport.write_eof()
            self.loop.call_later(DISCARD_SECONDS, self.transport.close)
        else:  # an answer now would be read as part of the previous one
            self.transport.close()

    def _expect_head(self) -> None:
        if self._timer is None:
            self._received = 0
            self._timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_here(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head_is_late(self) -> None:
        self._timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            self._expect_head()  # the client is still reading the previous response
        elif not self._received:  # opened in advance, so there is no request to answer
            self.transport.close()
        elif not self.transport.is_closing():
            self._close_with(408, "The request took too long to arrive.")

    def _close_with(self, status: int, sentence: str) -> None:
        self._answer_with(status, sentence)
        self.transport.close()

    def _answer_with(self, status: int, sentence: str) -> None:
        body = sentence.encode()
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\n"
            + b"content-length: %d\r\n\r\n" % len(body)
            + body
        )
