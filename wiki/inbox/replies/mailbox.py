"""The mailbox at which replies arrive, over IMAP."""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from wiki.mail.smtp import is_this_machine

SECONDS = 10.0
PORTS = {"imap": 143, "imaps": 993}
MOST = 50
"""Number of mails that are read before others have a turn."""
LARGEST = 10 << 20
"""Maximum size of a mail that is read, in bytes; of a larger one only the head is."""


class Unavailable(Exception):
    """The mailbox could not be read; the message says why, without the password."""


@dataclass(frozen=True)
class Arrived:
    """A mail in the mailbox: its bytes, or only those of its head if it is too large."""

    uid: str
    data: bytes
    is_whole: bool


class Mailbox:
    """A folder of an IMAP server."""

    def __init__(self, connection: imaplib.IMAP4) -> None:
        self._connection = connection

    def waiting(self) -> Iterator[Arrived]:
        """Yield the mails that nobody has read, the oldest first."""
        found = b" ".join(_flat(self._ask("SEARCH", "UNSEEN")))
        for number in found.decode("ascii").split()[:MOST]:
            told = b"".join(_flat(self._ask("FETCH", number, "(RFC822.SIZE)")))
            size = re.search(rb"RFC822\.SIZE (\d+)", told)
            is_whole = size is not None and int(size[1]) <= LARGEST
            part = "(BODY.PEEK[])" if is_whole else "(BODY.PEEK[HEADER])"
            for one in self._ask("FETCH", number, part):
                if isinstance(one, tuple):
                    yield Arrived(number, one[1], is_whole)
                    break

    def mark_read(self, arrived: Arrived) -> None:
        """Mark a mail as read, so that it waits no more."""
        self._ask("STORE", arrived.uid, "+FLAGS", r"(\Seen)")

    def _ask(self, command: str, *arguments: str) -> list[bytes | tuple[bytes, bytes]]:
        status, answer = self._connection.uid(command, *arguments)
        if status != "OK":
            raise Unavailable(f"{command}: {status}")
        return [one for one in answer if one is not None]


def _flat(answer: list[bytes | tuple[bytes, bytes]]) -> list[bytes]:
    return [part for one in answer for part in (one if isinstance(one, tuple) else (one,))]


@contextmanager
def open_mailbox(url: str) -> Iterator[Mailbox]:
    """Open the folder of an address such as ``imaps://user:password@host/INBOX``.

    :raises Unavailable: if it cannot be opened, or fails meanwhile.
    """
    server = urlsplit(url)
    host, port = server.hostname or "localhost", server.port or PORTS[server.scheme]
    context = ssl.create_default_context()
    try:
        if server.scheme == "imaps":
            connection: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                host, port, ssl_context=context, timeout=SECONDS
            )
        else:
            connection = imaplib.IMAP4(host, port, timeout=SECONDS)
        try:
            if server.scheme == "imap" and "STARTTLS" in connection.capabilities:
                connection.starttls(context)
            elif server.scheme == "imap" and not is_this_machine(host):
                raise Unavailable("it offers no encryption, so the password was not sent")
            connection.login(unquote(server.username or ""), unquote(server.password or ""))
            status, answer = connection.select(unquote(server.path.strip("/")) or "INBOX")
            if status != "OK":
                raise Unavailable(f"SELECT: {answer!r}")
            yield Mailbox(connection)
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                connection.logout()
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unavailable(str(error)) from error
