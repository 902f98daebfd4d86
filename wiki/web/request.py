"""Request-scoped access to the settings, the database sessions and the actor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask, current_app, g, has_request_context, request
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug import Response

from wiki.config import Settings
from wiki.db import Database
from wiki.disk import require_room
from wiki.room import Room
from wiki.rules.access import ANONYMOUS, Actor
from wiki.web.origin import come_from, come_from_nowhere
from wiki.web.server.wsgi_bridge import AFTERWARDS
from wiki.web.urls import split_url

CLOCK = "wiki.clock"
"""The entry of the environment for the time at which changes were looked for, by the clock of
:class:`wiki.changes.log.Changes`."""


@dataclass(frozen=True)
class Parts:
    """The settings, the database and the rooms of an app."""

    settings: Settings
    database: Database
    rooms: tuple[Room, ...] = ()


def parts() -> Parts:
    """Return the parts of the current app."""
    found: Parts = current_app.extensions["wiki"]
    return found


def settings() -> Settings:
    """Return the settings of the current app, with what admins set in the browser."""
    if not has_request_context():
        return parts().settings
    if "settings" not in g:
        g.settings = parts().database.adjust(parts().settings)
    found: Settings = g.settings
    return found


def reading() -> Session:
    """Return this request's read-only session: one snapshot, closed at the end of the request."""
    if "reading" not in g:
        context = parts().database.read()
        g.reading_context = context
        g.reading = context.__enter__()
    session: Session = g.reading
    return session


@contextmanager
def writing() -> Iterator[Session]:
    """Open a transaction that is committed at the end of the block; later reads of this request see
    it.

    :raises DiskFull: when only the reserve for sign-ins is left on the disk.
    """
    if parts().database.is_sqlite and not g.get("uses_reserve"):
        require_room(settings().data_dir)
    finish_reading()
    if has_request_context():
        request.environ.pop(CLOCK, None)
    g.pop("settings", None)
    with parts().database.write() as session:
        yield session


def finish_reading() -> None:
    """Close the reading session; the next :func:`reading` begins a new snapshot."""
    context = g.pop("reading_context", None)
    g.pop("reading", None)
    if context is not None:
        context.__exit__(None, None, None)


def afterwards(answer: Response, do: Callable[[], object]) -> None:
    """Run a function after the response: once it has been sent on our own server, on others when
    they close it."""
    later = request.environ.get(AFTERWARDS)
    if later is None:
        answer.call_on_close(do)
    else:
        later.append(do)


def act_as(caller: Actor) -> None:
    """Set the actor of this request, regardless of its cookie."""
    g.acting = caller


def actor() -> Actor:
    """Return the actor of this request, from its session cookie or bearer token."""
    if "acting" in g:
        acting: Actor = g.acting
        return acting
    found: Actor = getattr(current_user, "actor", ANONYMOUS)
    return found


def is_api() -> bool:
    """Return whether the request is for the REST API, which answers with problem JSON."""
    return request.path.startswith("/-/api/")


def positive_number(name: str) -> int | None:
    """Return a positive number with at most nine digits in a parameter of the request, else
    None."""
    raw = request.values.get(name, "")
    if raw.isascii() and raw.isdigit() and len(raw) < 10 and int(raw):
        return int(raw)
    return None


def is_foreign() -> bool:
    """Return whether the request was sent by a page of another site, according to the browser.

    A client that sends neither header is not a modern browser, and has no cookie to be misused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    sent, ours = split_url(origin), split_url(settings().base_url)
    if sent.netloc == ours.netloc:
        return settings().secure and sent.scheme != "https"
    return sent.netloc != request.host


def person_url(handle: str) -> str:
    """Return the address of a person's page. It is empty for visitors who are not signed in,
    because they may not see such pages."""
    return "" if actor().is_anonymous else f"/-/people/{handle}"


def connect(app: Flask, wiki: Parts) -> None:
    """Set the app's parts."""
    app.extensions["wiki"] = wiki


def init_app(app: Flask) -> None:
    """Record the origin of each request, and close its reading session at its end."""
    app.jinja_env.globals["person_url"] = person_url

    @app.before_request
    def arrive() -> None:
        come_from(request.remote_addr, request.user_agent.string)

    @app.teardown_request
    def leave(_error: BaseException | None) -> None:
        come_from_nowhere()

    @app.teardown_appcontext
    def close(_error: BaseException | None) -> None:
        finish_reading()
