"""A wiki served by threads of the test's own process, as `wiki serve` would."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from flask import Flask

from wiki.serve.web import listen
from wiki.web.server.connection import Connection
from wiki.web.server.wsgi_bridge import Gateway


@contextmanager
def serving(app: Flask, *, threads: int) -> Iterator[str]:
    """Serve an app during the block, and yield its address: ``http://127.0.0.1:…``."""
    listener = listen("127.0.0.1", 0)
    gateway = Gateway(app, threads=threads, body_limit=64 << 20)
    server = uvicorn.Server(
        uvicorn.Config(gateway, http=Connection, ws="none", lifespan="off", log_config=None)
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
