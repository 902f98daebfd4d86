"""ASGI server adapter that runs the WSGI application in threads behind an event loop.

A thread works only on requests that have arrived completely. It hands its response to the event
loop, which waits for the client. A client that sends or reads slowly occupies a socket but no
thread.
"""

from __future__ import annotations

import asyncio
import contextvars
import io
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from wiki.disk import DiskFull, is_full
from wiki.web.secret_paths import path_to_log

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

BODY_SECONDS = 30  # time limit for a body, plus one second for each
BODY_RATE = 8 * 1024  # bytes of it
IN_MEMORY = 512 * 1024  # bytes of a request body; larger bodies are stored in a temporary file
PIECE = 256 * 1024  # bytes of a response handed to the event loop at once

access = logging.getLogger("wiki.access")
log = logging.getLogger(__name__)
AFTERWARDS = "wiki.afterwards"
"""Key in the WSGI environment: a list of callbacks to run after the response has been sent."""


class TooSlow(Exception):
    """The body of a request did not arrive in time."""


class TooLarge(Exception):
    """The body of a request is larger than the application accepts."""


class Gone(Exception):
    """The client disconnected before its request was complete."""


class Gateway:
    """An ASGI application that answers by calling a WSGI application in a pool of threads.

    :param application: the WSGI application.
    :param threads: number of requests that are processed at once.
    :param body_limit: bytes of the largest request body that any route accepts. The application
        enforces narrower limits itself.
    :param waiting: number of requests that may wait for a thread; further ones are answered with
        503.
    """

    def __init__(
        self, application: WSGIApplication, *, threads: int, body_limit: int, waiting: int = 512
    ) -> None:
        self.application = application
        self.body_limit = body_limit
        self.most = threads + waiting
        self.running = 0
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        try:
            body, size = await _whole_body(scope, receive, self.body_limit)
        except TooLarge:
            status = await _refuse(send, 413, "This is more than the wiki accepts in one request.")
        except TooSlow:
            status = await _refuse(send, 408, "The request took too long to arrive.")
        except Gone:
            return
        except OSError as error:
            if not is_full(error):
                raise
            status = await _refuse(send, 507, DiskFull().sentence)
        else:
            with body:
                status = await self._answer(scope, send, body, size)
        if access.isEnabledFor(logging.INFO):
            _log(scope, status, time.perf_counter() - started)

    async def _answer(self, scope: Scope, send: Send, body: IO[bytes], size: int | None) -> int:
        if self.running >= self.most:
            return await _refuse(send, 503, "The wiki is busy. Please try again in a moment.")
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        environ = _environ(scope, body, size)
        later: list[Callable[[], object]] = []
        environ[AFTERWARDS] = later
        self.running += 1
        try:
            call = _Call(self.application, environ)
            piece, done = await loop.run_in_executor(self.pool, context.run, call.begin)
            await send(
                {"type": "http.response.start", "status": call.status, "headers": call.headers}
            )
            try:
                while not done:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                    piece, done = await loop.run_in_executor(self.pool, context.run, call.proceed)
            finally:
                if not done:
                    await loop.run_in_executor(self.pool, context.run, call.close)
            await send({"type": "http.response.body", "body": piece})
            return call.status
        finally:
            try:
                for do in later:
                    await loop.run_in_executor(self.pool, context.run, _try, do)
            finally:
                self.running -= 1


class _Call:
    """A single WSGI call; its methods run in a thread, one at a time."""

    def __init__(self, application: WSGIApplication, environ: WSGIEnvironment) -> None:
        self.application = application
        self.environ = environ
        self.status = 500
        self.headers: Headers = []
        self.answer: Iterable[bytes] = ()
        self.pieces: Iterator[bytes] = iter(())

    def begin(self) -> tuple[bytes, bool]:
        """Call the application. Return its first piece, and whether that was the last."""
        self.answer = self.application(self.environ, self._start)
        self.pieces = iter(self.answer)
        return self.proceed()

    def proceed(self) -> tuple[bytes, bool]:
        """Return the next piece of at most about ``PIECE`` bytes, and whether it is the last."""
        taken: list[bytes] = []
        size = 0
        try:
            for part in self.pieces:
                taken.append(part)
                size += len(part)
                if size >= PIECE:
                    return b"".join(taken), False
        except BaseException:
            self.close()
            raise
        self.close()
        return b"".join(taken), True

    def close(self) -> None:
        """Close the application's response, also before its end (PEP 3333)."""
        close = getattr(self.answer, "close", None)
        self.answer = ()
        if close is not None:
            close()

    def _start(
        self, status: str, headers: list[tuple[str, str]], _error: Any = None
    ) -> Callable[[bytes], object]:
        self.status = int(status[:3])
        self.headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers
        ]
        return _no_write


def _try(do: Callable[[], object]) -> None:
    try:
        do()
    except Exception:
        log.exception("what was to be done after an answer failed")


def _no_write(_data: bytes) -> object:
    raise NotImplementedError("Answers are returned, not written.")


async def _whole_body(scope: Scope, receive: Receive, limit: int) -> tuple[IO[bytes], int | None]:
    """Read the whole body of a request. Return it with its size, which is None if there is no body.

    :raises TooLarge: as soon as it is known to exceed ``limit`` bytes.
    :raises TooSlow: when it arrives too slowly.
    :raises Gone: when the client disconnected.
    """
    headers = dict(scope["headers"])
    announced = headers.get(b"content-length")
    if announced is None and b"transfer-encoding" not in headers:
        return io.BytesIO(), None
    if announced is not None and int(announced) > limit:
        raise TooLarge
    body = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 the caller closes it
    size = 0
    begun = asyncio.get_running_loop().time()
    try:
        more = True
        while more:
            async with asyncio.timeout_at(begun + BODY_SECONDS + size / BODY_RATE):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone
            piece = message.get("body", b"")
            more = message.get("more_body", False)
            size += len(piece)
            if size > limit:
                raise TooLarge
            body.write(piece)
    except TimeoutError:
        body.close()
        raise TooSlow from None
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body, size


def _environ(scope: Scope, body: IO[bytes], size: int | None) -> WSGIEnvironment:
    """Return the request as a WSGI environment (PEP 3333)."""
    server, client = scope.get("server") or ("", None), scope.get("client") or ("", 0)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "RAW_URI": scope["raw_path"].decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or ""),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        if b"_" in raw_name:  # would be confused with the header spelt with a hyphen
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        value = raw_value.decode("latin-1")
        if name in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            continue
        if name == "CONTENT_TYPE":
            environ[name] = value
            continue
        name = "HTTP_" + name
        if name in environ:
            value = environ[name] + ("; " if name == "HTTP_COOKIE" else ",") + value
        environ[name] = value
    if size is not None:
        environ["CONTENT_LENGTH"] = str(size)
    return environ


async def _refuse(send: Send, status: int, sentence: str) -> int:
    """Answer with one sentence, without calling the application.

    The connection stays open so that a client that is still sending can read the answer; the rest
    of its request is discarded.
    """
    body = sentence.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if status == 408:
        headers.append((b"connection", b"close"))
    if status == 503:
        headers.append((b"retry-after", b"2"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return status


def _log(scope: Scope, status: int, seconds: float) -> None:
    """Log one line per request. The query is never logged, because it may contain a token or a
    search, nor is a token in the path."""
    client = scope.get("client") or ("-", 0)
    path = path_to_log(scope["raw_path"].decode("latin-1"))
    access.info("%s %s %s %d %.1fms", client[0], scope["method"], path, status, seconds * 1000)
