"""Mails: plain text from templates, queued for the worker.

The text of a mail is a template of its room, `templates/<room>/mail/<name>.txt`, which sets its
`subject`. Every template has `site_name`, `url(path)` and the filter `exact`; a mail to a person
also has their `name`. It is written in their language and time zone, or else in those of the site.
"""

from __future__ import annotations

from functools import cache, partial

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.i18n import speaking, zone_named
from wiki.mail.events import MailRequested
from wiki.outbox.actions import publish
from wiki.people.models import Mail, Person
from wiki.resources import TEMPLATES
from wiki.rules.access import Actor
from wiki.web.screens.filters import exact
from wiki.web.screens.locale import translate


def post(
    session: Session,
    settings: Settings,
    actor: Actor,
    to: Person | str | None,
    template: str,
    **words: object,
) -> None:
    """Queue a mail for the worker, which sends it after the transaction is committed.

    :param to: the recipient, or an address. Without an address nothing is queued.
    :param template: the path of the mail's template.
    :param words: what the template inserts.
    """
    recipient, language, zone = to, settings.language, settings.time_zone
    if isinstance(to, Person):
        recipient = to.email
        language, zone = to.language or language, to.time_zone or zone
        words = {"name": to.name, **words}
    if not recipient:
        return
    with speaking(language, zone_named(zone)):
        subject, body = render(settings, template, **words)
    row = Mail(recipient=recipient, subject=subject[:300], body=body)
    session.add(row)
    session.flush()
    publish(session, actor, MailRequested(row.id))


def render(settings: Settings, template: str, **words: object) -> tuple[str, str]:
    """Return the subject, which is one line, and the text of a mail.

    :raises jinja2.UndefinedError: if the template needs words that are not given.
    """
    words |= {"site_name": settings.site_name, "url": partial(absolute, settings)}
    text = _environment().get_template(template).make_module(words)
    return _one_line(vars(text)["subject"]), str(text)


def absolute(settings: Settings, path: str) -> str:
    """Return the absolute URL of a path, from the settings and never from a request."""
    return settings.base_url.rstrip("/") + path


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(),  # escapes HTML only
        undefined=StrictUndefined,
        finalize=_one_line,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["exact"] = exact
    translate(environment)
    return environment


def _one_line(value: object) -> str:
    """Return an inserted value without line breaks, so that it adds no lines to a mail."""
    return " ".join(str(value).splitlines())
