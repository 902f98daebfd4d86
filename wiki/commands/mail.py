"""`wiki mail`: what the wiki's mails look like."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import click

from wiki.config import Settings
from wiki.config.environment import load
from wiki.db import now
from wiki.i18n import LANGUAGES, speaking
from wiki.mail.messages import html_of, render, render_html
from wiki.mail.models import Mail
from wiki.mail.samples import SAMPLES
from wiki.mail.smtp import message_of
from wiki.resources import TEMPLATES

READER = "Cai"


@click.group()
def mail() -> None:
    """Look at the emails of the wiki."""


@mail.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--language",
    type=click.Choice(list(LANGUAGES)),
    default="en",
    show_default=True,
    help="Language of the emails.",
)
def preview(folder: Path, language: str) -> None:
    """Write every email with sample words to a folder, as text, as HTML and as it is sent.

    Nothing is read from the wiki, and nothing is sent.

    Example: wiki mail preview /tmp/mails
    """
    settings = replace(load(), base_url="https://wiki.example.org")
    folder.mkdir(parents=True, exist_ok=True)
    with speaking(language):
        for template, words in SAMPLES.items():
            message = sample_of(settings, template, **words)
            name = template.removesuffix(".txt").replace("/mail/", "-")
            for kind, ending in (("plain", "txt"), ("html", "html")):
                part = message.get_body((kind,))
                text = part.get_content() if part is not None else ""
                (folder / f"{name}.{ending}").write_text(str(text), encoding="utf-8")
            (folder / f"{name}.eml").write_bytes(message.as_bytes())
    click.echo(f"{len(SAMPLES)} emails are in {folder}.")


def sample_of(settings: Settings, template: str, **words: object) -> EmailMessage:
    """Return a mail as it is sent, with sample words, in the language of the reader."""
    words["name"] = READER
    subject, body = render(settings, template, **words)
    own = template.replace(".txt", ".html")
    if (TEMPLATES / own).exists():
        html = render_html(settings, own, subject, **words)
    else:
        html = html_of(settings, subject, body)
    row = Mail(id=1, recipient="cai@example.org", subject=subject, body=body, created_at=now())
    return message_of(row, settings, html=html)
