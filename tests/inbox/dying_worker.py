"""A worker that is killed at a chosen step: python dying_worker.py FOLDER DATABASE_URL SMTP_PORT.

Each line of the input is a time and a number of steps. A child then does what the worker would do
at that time, and kills itself before it takes one step more: a statement, a commit, a line to the
mail server. The answer is the number of steps if it came to the end, or -1.
"""

from __future__ import annotations

import gc
import itertools
import os
import signal
import smtplib
import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

from wiki.app import open_database
from wiki.config import Settings
from wiki.db import at
from wiki.inbox.mailing import send_notice_mails
from wiki.outbox.deliver import Deliverer
from wiki.subscribers import handlers_by_name

SECRET = "d" * 40


def work(settings: Settings, moment: datetime, last: int, answer: Path) -> None:
    """Do everything that is due, or die."""
    steps = itertools.count(1)

    def step(*_: object, **__: object) -> None:
        if next(steps) > last:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(Engine, name, step)
    put, get = smtplib.SMTP.putcmd, smtplib.SMTP.getreply

    def putcmd(self: Any, *arguments: Any) -> None:
        step()
        put(self, *arguments)

    def getreply(self: Any) -> Any:
        found = get(self)
        step()
        return found

    smtplib.SMTP.putcmd, smtplib.SMTP.getreply = putcmd, getreply  # type: ignore[method-assign]
    database = open_database(settings)
    deliverer = Deliverer(database, settings, handlers_by_name())
    with at(moment):
        deliverer.release_all()
        while deliverer.deliver_all():
            pass
        send_notice_mails(database, settings)
        deliverer.deliver_all()
    answer.write_text(str(next(steps) - 1))


def main(folder: Path, url: str, port: str) -> None:
    settings = Settings(
        data_dir=folder, database_url=url, secret_key=SECRET, smtp_url=f"smtp://127.0.0.1:{port}"
    )
    answer = folder / "steps"
    run = partial(work, settings)
    gc.freeze()
    print("ready", flush=True)
    for line in sys.stdin:
        moment, last = line.split()
        answer.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            status = 1
            try:
                run(datetime.fromisoformat(moment), int(last), answer)
                status = 0
            finally:
                os._exit(status)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status) and os.waitstatus_to_exitcode(status):
            raise SystemExit("the worker failed")
        print(answer.read_text() if answer.exists() else -1, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
