"""The processes of `wiki serve`: web processes and the worker."""

from __future__ import annotations

import gc
import logging
import os
import socket
from typing import TYPE_CHECKING

from sqlalchemy.orm import configure_mappers

from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.purging.forgetting import keep_forgetting
from wiki.search.language.function_words import function_words
from wiki.search.language.synonyms import standard
from wiki.serve.supervisor import Supervisor, WorkerProcess
from wiki.serve.web import web
from wiki.worker import run_until_told

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


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

    # The processes share the memory of what was made before they are forked, as long as they write
    # nothing there. No connection is opened before: it would be shared, too.
    database = open_database(settings)
    app = create_app(settings, database)
    count = workers or max(2, min(os.cpu_count() or 1, 8))
    app.extensions["wiki.response_cache"].share(count)
    configure_mappers()
    standard(), function_words()  # lists that every process reads
    gc.collect()
    gc.freeze()  # the collector writes into all objects that it looks at

    def answer() -> None:
        limit = max(settings.max_file_mb, settings.max_import_mb) * 2**20 + 2**20
        web(application, listener, threads=threads, body_limit=limit)

    def application() -> WSGIApplication:
        keep_forgetting(database, app.extensions["wiki.response_cache"].clear)
        return app.wsgi_app

    def deliver() -> None:
        listener.close()
        os.nice(5)  # requests take priority over indexing
        keep_forgetting(database)
        run_until_told(database, settings)

    children = [WorkerProcess(f"web {number}", answer) for number in range(1, count + 1)]
    Supervisor([*children, WorkerProcess("worker", deliver)]).run()
