"""Delivery of mail to an SMTP server, or to a file in development."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote, urlsplit

from wiki.config import Settings
from wiki.i18n import gettext as _
from wiki.i18n import speaking
from wiki.mail.messages import html_of
from wiki.mail.models import Mail

SECONDS = 10.0  # for each step of the SMTP dialogue
PORTS = {"smtp": 587, "smtps": 465}


class NotSent(Exception):
    """A mail could not be delivered; the message says why, without any password.

    ``unreachable`` means that no other mail could be delivered now either, ``bounced`` that the
    server knows no mailbox at the address. Anything else is worth another try later.
    """

    def __init__(self, sentence: str, *, unreachable: bool, bounced: bool = False) -> None:
        super().__init__(sentence)
        self.unreachable = unreachable
        self.bounced = bounced


def message_of(
    mail: Mail, settings: Settings, headers: Mapping[str, str] | None = None, html: str = ""
) -> EmailMessage:
    """Return the mail with its headers. The same row gets the same Message-ID, so that a mail sent
    twice after a crash can be recognised as one.

    :param headers: further ones, or others in place of ours.
    :param html: its HTML; made of the text if it is empty.
    """
    host = urlsplit(settings.base_url).hostname or "localhost"
    message = EmailMessage()
    message["From"] = _sender(settings)
    message["To"] = mail.recipient
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<mail-{mail.id}-{int(mail.created_at.timestamp())}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in (headers or {}).items():
        del message[name]
        message[name] = value
    message.set_content(mail.body)
    if not html:
        with speaking(mail.language or settings.language):
            html = html_of(settings, message["Subject"], mail.body)
    message.add_alternative(html, subtype="html")
    return message


def send(
    mail: Mail, settings: Settings, headers: Mapping[str, str] | None = None, html: str = ""
) -> None:
    """Send a mail.

    :param headers: as for :func:`message_of`.
    :param html: as for :func:`message_of`.
    :raises NotSent: if the server cannot be reached or refuses.
    """
    message = message_of(mail, settings, headers, html)
    if not settings.smtp_url:
        own = message["Message-ID"].strip("<>").partition("@")[0]
        name = f"{mail.created_at:%Y%m%dT%H%M%S}-{own}.eml"
        _write(message, settings.data_dir / "mail", name)
        return
    try:
        _send_by_smtp(message, settings.smtp_url)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(
            _("The mail server refused an email: %(reason)s", reason=error),
            unreachable=not isinstance(
                error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError
            ),
            bounced=_has_bounced(error),
        ) from error


def _has_bounced(error: Exception) -> bool:
    """Return whether a server refused a mail because it has no mailbox at the address, and not
    because of the sender, of policy or of the moment (RFC 3463)."""
    if not isinstance(error, smtplib.SMTPRecipientsRefused):
        return False
    code, text = next(iter(error.recipients.values()))
    status = re.match(rb"([245])\.(\d{1,3})\.(\d{1,3})", text)
    if status is None:
        return code in (550, 551, 553)
    return status[1] == b"5" and (status[2] == b"1" or (status[2], status[3]) == (b"2", b"1"))


def _sender(settings: Settings) -> str:
    name, address = parseaddr(settings.mail_from)
    return settings.mail_from if name else f'"{_plain(settings.site_name)}" <{address}>'


def _plain(name: str) -> str:
    return " ".join(name.replace('"', "").replace("\\", "").split())


def _send_by_smtp(message: EmailMessage, url: str) -> None:
    server = urlsplit(url)
    host, port = server.hostname or "localhost", server.port or PORTS[server.scheme]
    context = ssl.create_default_context()
    connection: smtplib.SMTP
    if server.scheme == "smtps":
        connection = smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=context)
    else:
        connection = smtplib.SMTP(host, port, timeout=SECONDS)
    with connection:
        connection.ehlo()
        secret = server.scheme == "smtps"
        if not secret and connection.has_extn("starttls"):
            connection.starttls(context=context)
            connection.ehlo()
            secret = True
        if server.username:
            if not secret and not is_this_machine(host):
                raise smtplib.SMTPException("it offers no encryption, so the password was not sent")
            connection.login(unquote(server.username), unquote(server.password or ""))
        connection.send_message(message)


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _write(message: EmailMessage, folder: Path, name: str) -> None:
    """Write a mail to a file that is complete as soon as it has its name and readable only by its
    owner."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f".{name}.part"
    handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(message.as_bytes())
    unfinished.replace(folder / name)
