"""Mails: text and HTML from templates, queued for the worker.

The text of a mail is a template of its room, `templates/<room>/mail/<name>.txt`, which sets its
`subject`. Every template has `site_name`, `url(path)` and the filter `exact`; a mail to a person
also has their `name`. It is written in their language and time zone, or else in those of the site.

Its HTML is made of the text when it is sent: the paragraphs, and links where lines are addresses of
the wiki. So both say the same, and only the text is stored. Mails of notices have templates of HTML
of their own, which are rendered as they are sent.
"""

from __future__ import annotations

from functools import cache, partial

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from sqlalchemy.orm import Session

from wiki.config import Settings
from wiki.i18n import speaking, zone_named
from wiki.mail.events import MailRequested
from wiki.mail.models import Mail
from wiki.outbox.actions import publish
from wiki.people.models import Person
from wiki.resources import TEMPLATES
from wiki.rules.access import Actor
from wiki.web.screens.filters import exact
from wiki.web.screens.locale import translate

WRITTEN_ANYWAY = frozenset({"people/mail/password_link.txt", "home/mail/test.txt"})
"""Mails that are also sent to an address that has failed: their reader has just asked for them, and
the first of them proves that the address works again."""


def post(
    session: Session,
    settings: Settings,
    actor: Actor,
    to: Person | str | None,
    template: str,
    **words: object,
) -> None:
    """Queue a mail for the worker, which sends it after the transaction is committed.

    :param to: the recipient, or an address. Without an address nothing is queued, and to one that
        has failed only :data:`WRITTEN_ANYWAY`.
    :param template: the path of the mail's template.
    :param words: what the template inserts.
    """
    recipient, language, zone = to, settings.language, settings.time_zone
    if isinstance(to, Person):
        if not to.is_reachable and template not in WRITTEN_ANYWAY:
            return
        recipient = to.email
        language, zone = to.language or language, to.time_zone or zone
        words = {"name": to.name, **words}
    if not recipient:
        return
    with speaking(language, zone_named(zone)):
        subject, body = render(settings, template, **words)
    row = Mail(recipient=recipient, subject=subject[:300], body=body, language=language)
    session.add(row)
    session.flush()
    publish(session, actor, MailRequested(row.id))


def render(settings: Settings, template: str, **words: object) -> tuple[str, str]:
    """Return the subject, which is one line, and the text of a mail.

    :raises jinja2.UndefinedError: if the template needs words that are not given.
    """
    text = _environment().get_template(template).make_module(words | _common(settings))
    return _one_line(vars(text)["subject"]), str(text)


def render_html(settings: Settings, template: str, subject: str, **words: object) -> str:
    """Return the HTML of a mail: a whole document without scripts, pictures and style sheets of
    others."""
    words |= {"subject": subject, **_common(settings)}
    lines = _environment().get_template(template).render(words).splitlines()
    return "\n".join(filter(None, (line.strip() for line in lines))) + "\n"


def html_of(settings: Settings, subject: str, text: str) -> str:
    """Return the HTML of a mail that consists of its text."""
    paragraphs = [part.splitlines() for part in text.strip().split("\n\n")]
    return render_html(settings, "mail/plain.html", subject, paragraphs=paragraphs)


def _common(settings: Settings) -> dict[str, object]:
    return {"site_name": settings.site_name, "url": partial(absolute, settings)}


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
    """Return an inserted value without line breaks, so that it adds no lines to a mail. Markup is
    what macros have made of such values."""
    if isinstance(value, Markup):
        return value
    return " ".join(str(value).splitlines())
