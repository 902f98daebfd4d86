"""What a request has at hand: the wiki's parts, a reading session, the way to write, the actor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug import Response

from wiki.config import Settings
from wiki.db import Database
from wiki.disk import require_room
from wiki.rules.access import ANONYMOUS, Actor
from wiki.web.gateway import AFTERWARDS
from wiki.web.origin import come_from, come_from_nowhere


@dataclass(frozen=True)
class Parts:
    """What the app was put together from."""

    settings: Settings
    database: Database


def parts() -> Parts:
    """The parts of the app that answers this request."""
    found: Parts = current_app.extensions["wiki"]
    return found


def settings() -> Settings:
    """The settings of the app that answers this request."""
    return parts().settings


def reading() -> Session:
    """This request's session for reading: one snapshot, closed with the request."""
    if "reading" not in g:
        context = parts().database.read()
        g.reading_context = context
        g.reading = context.__enter__()
    session: Session = g.reading
    return session


@contextmanager
def writing() -> Iterator[Session]:
    """Open a transaction that is committed when the block ends; later reads of this request see it.

    :raises DiskFull: when only the reserve for sign-ins is left on the disk.
    """
    if parts().database.is_sqlite and not g.get("uses_reserve"):
        require_room(settings().data_dir)
    finish_reading()
    g.pop("version", None)
    with parts().database.write() as session:
        yield session


def finish_reading() -> None:
    """Close the reading session; the next :func:`reading` begins a new snapshot."""
    context = g.pop("reading_context", None)
    g.pop("reading", None)
    if context is not None:
        context.__exit__(None, None, None)


def afterwards(answer: Response, do: Callable[[], object]) -> None:
    """Let something be done once the answer is out: on our own server just then, on others when
    they close it."""
    later = request.environ.get(AFTERWARDS)
    if later is None:
        answer.call_on_close(do)
    else:
        later.append(do)


def act_as(caller: Actor) -> None:
    """Let this request be the caller's, whatever cookie it carries."""
    g.acting = caller


def actor() -> Actor:
    """Who asks: found out once a request, by session cookie or bearer token."""
    if "acting" in g:
        acting: Actor = g.acting
        return acting
    found: Actor = getattr(current_user, "actor", ANONYMOUS)
    return found


def is_api() -> bool:
    """Whether the request is to the REST API, which answers with problem JSON."""
    return request.path.startswith("/-/api/")


def is_foreign() -> bool:
    """Whether the browser says that another site's page sent this request.

    A client that says nothing is no browser of these years, and has no cookie to be misused.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    sent, ours = urlsplit(origin), urlsplit(settings().base_url)
    if sent.netloc == ours.netloc:
        return settings().secure and sent.scheme != "https"
    return sent.netloc != request.host


def person_url(handle: str) -> str:
    """Return the address of a person's page; empty for visitors who are not signed in, who may not
    see it."""
    return "" if actor().is_anonymous else f"/-/people/{handle}"


def init_app(app: Flask, wiki: Parts) -> None:
    """Give the app its parts; note from where each request comes, and close its reading session
    at its end."""
    app.extensions["wiki"] = wiki
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
