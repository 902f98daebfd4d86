"""A web process: the listening socket, and the server that answers on it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import resource
import socket
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from wiki.serve.supervisor import GRACE
from wiki.shell import ShellError
from wiki.web.server.connection import Connection
from wiki.web.server.wsgi_bridge import Gateway

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("wiki.serve")

BACKLOG = 1024


class ServeError(ShellError):
    """The server cannot start; the message is one sentence."""


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket. It is shared by all web processes and held by the parent, so that
    connections wait rather than fail while a process restarts.

    :raises ServeError: when the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except socket.gaierror:
        raise ServeError(f"“{host}” is not an address of this machine.") from None
    except PermissionError:
        raise ServeError(f"Port {port} is reserved for root. Choose one above 1023.") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ServeError(
                f"Port {port} on {host} is already in use. Stop what uses it or choose another "
                "with --port."
            ) from None
        raise ServeError(f"Can't listen on {host}:{port}: {error.strerror}.") from None
    except OverflowError:
        raise ServeError("The port must be a number from 0 to 65535.") from None


def web(
    make_application: Callable[[], WSGIApplication],
    listener: socket.socket,
    *,
    threads: int,
    body_limit: int,
) -> None:
    """Run a web process: answer HTTP on ``listener`` until terminated.

    :param make_application: called in the process itself, to start what cannot be shared across
        the fork.
    :param body_limit: bytes of the largest request body.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:  # each connection takes one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    gateway = Gateway(make_application(), threads=threads, body_limit=body_limit)
    config = uvicorn.Config(
        gateway,
        http=Connection,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=int(GRACE),
    )
    _Server(config, listener).run()


class _Server(uvicorn.Server):
    """A server that accepts one connection at a time, so that processes share a burst of them
    evenly.

    The server of an event loop accepts all waiting connections at once. Of sixteen browsers that
    connect together, one process would get most.
    """

    def __init__(self, config: uvicorn.Config, listener: socket.socket) -> None:
        super().__init__(config)
        self.listener = listener
        self.accepting: asyncio.Task[None] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets or [])
        self.listener.setblocking(False)
        self.accepting = asyncio.create_task(self._accept())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.accepting is not None:
            self.accepting.cancel()
        await super().shutdown(sockets=sockets)

    async def main_loop(self) -> None:
        """Wait for the signal to stop, and update the date of answers once a second. The server's
        own loop wakes up ten times a second."""
        self.told = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    await self.told.wait()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop after a signal (a hook of the server)."""
        super().handle_exit(sig, frame)
        if self.loop is not None:
            self.loop.call_soon_threadsafe(self.told.set)

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                client, _ = await loop.sock_accept(self.listener)
                await loop.connect_accepted_socket(self._connection, client)
            except OSError as error:  # the client left at once, or too many files are open
                log.warning("A connection could not be accepted: %s", error)
                await asyncio.sleep(0.05)

    def _connection(self) -> Connection:
        return Connection(self.config, self.server_state, {})


def address_of(listener: socket.socket) -> str:
    """Return the URL at which a browser on this machine reaches the listener."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104
        host = "127.0.0.1"
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
