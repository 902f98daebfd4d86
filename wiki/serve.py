"""`wiki serve`: a supervisor for the web processes and the worker that restarts those that die."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import resource
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.purging.forgetting import keep_forgetting
from wiki.shell import ShellError
from wiki.web.wsgi_bridge import Connection, Gateway
from wiki.worker import run_until_told

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = logging.getLogger("wiki.serve")

GRACE = 25.0  # seconds for requests in progress and the worker's batch to finish
CALM = 10.0  # seconds that a child must live for its next restart to be immediate
LONGEST_PAUSE = 10.0  # maximum seconds between restarts of a child that keeps dying
BACKLOG = 1024

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


class ServeError(ShellError):
    """The server cannot start; the message is one sentence."""


@dataclass
class WorkerProcess:
    """One supervised process, restarted whenever it ends."""

    name: str
    work: Callable[[], None]
    pid: int = 0
    begun: float = 0.0
    deaths: int = 0
    due: float = field(default=0.0)  # time to start it, by the monotonic clock

    def ended(self, now: float) -> None:
        """Record its end and schedule its restart; the pause grows while it keeps dying."""
        self.deaths = 0 if now - self.begun > CALM else self.deaths + 1
        pause = 0.0 if self.deaths <= 1 else min(0.1 * 2.0**self.deaths, LONGEST_PAUSE)
        self.pid, self.due = 0, now + pause


class Supervisor:
    """The parent process: starts its children, restarts those that die, and stops them at the end.

    Children notice the parent's death by a pipe whose writing end only the parent holds. They are
    forked without exec, before any database connection exists, so they share the loaded code.
    """

    def __init__(self, children: list[WorkerProcess]) -> None:
        self.children = children
        self.stopping = 0
        self._alive, self._hold = os.pipe()
        self._woken, self._wake = os.pipe()
        for end in (self._woken, self._wake):
            os.set_blocking(end, False)

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; a second signal does not wait for requests in progress."""
        signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up
        while not self.stopping:
            now = time.monotonic()
            for child in self.children:
                if not child.pid and child.due <= now:
                    self._start(child)
            waits = [child.due - now for child in self.children if not child.pid]
            self._sleep(max(0.0, min([*waits, 60.0])))
            self._reap()
        self._end()

    def _stop(self, *_: object) -> None:
        self.stopping += 1

    def _sleep(self, seconds: float) -> None:
        """Wait for a signal, or until the time has passed."""
        select.select([self._woken], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while os.read(self._woken, 512):
                pass

    def _start(self, child: WorkerProcess) -> None:
        child.begun = time.monotonic()
        # Signals are blocked until the child has set its own handlers.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            child.pid = pid
            log.info("The %s process is %d.", child.name, pid)
            return
        status = 1
        try:
            self._become()
            child.work()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1
        except BaseException:
            log.exception("The %s process ends with an error.", child.name)
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def _become(self) -> None:
        """Reset the parent's signal handlers and files in the child, and watch for the parent's
        death."""
        signal.set_wakeup_fd(-1)
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.setsid()  # a Ctrl-C in the terminal reaches the parent only
        for end in (self._hold, self._woken, self._wake):
            os.close(end)
        threading.Thread(target=_follow, args=(self._alive,), name="parent", daemon=True).start()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for child in self.children:
                if child.pid == pid:
                    child.ended(time.monotonic())
                    if not self.stopping:
                        how = os.waitstatus_to_exitcode(status)
                        log.warning("The %s process ended (%d); it starts again.", child.name, how)

    def _end(self) -> None:
        """Terminate every child; kill them after the grace period, or at a second signal."""
        deadline = time.monotonic() + GRACE + 5
        self._signal(signal.SIGTERM)
        while any(child.pid for child in self.children):
            left = deadline - time.monotonic()
            if left <= 0 or self.stopping > 1:
                self._signal(signal.SIGKILL)
                left = 1.0
            self._sleep(min(left, 1.0))
            self._reap()

    def _signal(self, number: int) -> None:
        for child in self.children:
            if child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, number)


def _follow(alive: int) -> None:
    """Wait for the parent's death, then terminate this process: with SIGTERM, and after the grace
    period by force."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE + 5)
    os._exit(1)


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

    :param make_application: called in the process itself, so that nothing is shared across the
        fork.
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

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets or [])
        self.listener.setblocking(False)
        self.accepting = asyncio.create_task(self._accept())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.accepting is not None:
            self.accepting.cancel()
        await super().shutdown(sockets=sockets)

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


def serve_wiki(
    settings: Settings,
    listener: socket.socket,
    *,
    workers: int | None = None,
    threads: int = 8,
    access_log: bool = False,
) -> None:
    """Serve the wiki on ``listener``, and deliver its events, until SIGTERM or SIGINT.

    :param workers: number of web processes; by default one for each core, at least two so that one
        may die.
    :param threads: number of requests that each of them processes at once.
    :param access_log: whether to write a line per request to stderr.
    """
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for quiet in ("uvicorn", "alembic", "whoosh"):
        logging.getLogger(quiet).setLevel(logging.ERROR)
    logging.getLogger("wiki.access").setLevel(logging.INFO if access_log else logging.WARNING)

    def answer() -> None:
        limit = max(settings.max_file_mb, settings.max_import_mb) * 2**20 + 2**20
        web(application, listener, threads=threads, body_limit=limit)

    def application() -> WSGIApplication:
        database = open_database(settings)
        app = create_app(settings, database)
        keep_forgetting(database, app.extensions["wiki.response_cache"].clear)
        return app.wsgi_app

    def deliver() -> None:
        listener.close()
        os.nice(5)  # requests take priority over indexing
        database = open_database(settings)
        keep_forgetting(database)
        run_until_told(database, settings)

    count = workers or max(2, min(os.cpu_count() or 1, 8))
    children = [WorkerProcess(f"web {number}", answer) for number in range(1, count + 1)]
    Supervisor([*children, WorkerProcess("worker", deliver)]).run()
