"""Requests to addresses that leads have typed.

A host name is resolved once, every address that it has is checked, and the request goes to the
address that was checked, so that a name which changes in between leads nowhere else. Redirects are
not followed, and neither a proxy nor a cookie is used.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from threading import Timer
from urllib.parse import urlsplit

from wiki.errors import Invalid
from wiki.i18n import gettext as _

SECONDS = 10.0
"""Maximum duration of a whole request."""
LONGEST_URL = 500
MOST_READ = 2048
"""Number of bytes of a response that are read."""
EXCERPT = 300
_TUNNELS = tuple(
    ipaddress.ip_network(one)
    for one in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)
"""IPv6 networks that lead on to IPv4 addresses."""


class NotCalled(Exception):
    """There is no response, for the reason in the message."""


@dataclass(frozen=True)
class Response:
    """The status of a response, and its beginning as one line."""

    status: int
    excerpt: str


def checked_url(raw: str, *, private: bool) -> str:
    """Return an address that may be called.

    :param private: whether private addresses and plain HTTP are allowed.
    :raises Invalid: for other addresses.
    """
    url = raw.strip()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    schemes = ("https", "http") if private else ("https",)
    plain = url.isascii() and url.isprintable() and " " not in url
    if parts.scheme not in schemes or not host or not plain or len(url) > LONGEST_URL:
        raise Invalid(_("Enter an address that begins with https://."), field="address")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid(_("Enter an address without a user name and without “#”."), field="address")
    literal = _as_address(host)
    if not private and (host == "localhost" or (literal and not _is_public(literal))):
        raise Invalid(
            _("This address is in a private network, which isn’t allowed."), field="address"
        )
    return url


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> Response:
    """Send a POST request, and return the response.

    :raises NotCalled: if there is none in time, or if the address is not allowed.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_https = parts.scheme == "https"
    address = _resolved(host, parts.port or (443 if is_https else 80), private=private)
    connection = _Pinned(host, address, ssl.create_default_context() if is_https else None)
    watch = Timer(SECONDS, connection.cut)
    watch.daemon = True
    watch.start()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, {**headers, "Host": parts.netloc})
        answer = connection.getresponse()
        text = answer.read(MOST_READ).decode("utf-8", "replace")
    except TimeoutError:
        raise NotCalled(_("There was no response in time.")) from None
    except (OSError, HTTPException, ValueError) as error:
        if connection.was_cut:
            raise NotCalled(_("There was no response in time.")) from None
        raise NotCalled(_one_line(str(error)) or type(error).__name__) from None
    finally:
        watch.cancel()
        connection.close()
    return Response(answer.status, _one_line(text))


class _Pinned(HTTPConnection):
    """A connection to one address of a host, whatever its name means meanwhile."""

    def __init__(self, host: str, address: tuple[str, int], context: ssl.SSLContext | None) -> None:
        super().__init__(host, address[1], timeout=SECONDS)
        self.was_cut = False
        self._address, self._context = address, context

    def connect(self) -> None:
        """Connect to the address, and check the certificate of the host."""
        self.sock = socket.create_connection(self._address, SECONDS)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)
        if self.was_cut:
            raise TimeoutError

    def cut(self) -> None:
        """End the request, because it has taken too long."""
        self.was_cut = True
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _resolved(host: str, port: int, *, private: bool) -> tuple[str, int]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotCalled(_("The host name is unknown.")) from None
    addresses = [str(one[4][0]) for one in found]
    for one in addresses:
        known = _as_address(one)
        if not private and (known is None or not _is_public(known)):
            raise NotCalled(_("The address is in a private network, which isn’t allowed."))
    return addresses[0], port


def _as_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if any(address in network for network in _TUNNELS):
            return False
    return address.is_global and not address.is_multicast


def _one_line(text: str) -> str:
    kept = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(kept.split())[:EXCERPT]
