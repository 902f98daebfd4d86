"""An HTTP client of the provider, with limits on the time and size of answers."""

from __future__ import annotations

from time import monotonic
from typing import Any

from authlib.integrations.requests_client import OAuth2Session
from requests import RequestException, Response
from urllib3.exceptions import HTTPError

from wiki.people.oidc.visits import ProviderFailed

TIMEOUT = (3.0, 4.0)
"""Timeouts in seconds to connect, and for each piece of a response."""
LARGEST = 1 << 20
_Client: Any = OAuth2Session  # untyped


class LimitedSession(_Client):  # type: ignore[misc]
    """Authlib's client with limits on every response: no redirects, a maximum size and a
    deadline."""

    def __init__(self, ends: float, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.ends = ends

    def request(self, method: str, url: str, **options: Any) -> Response:
        left = self.ends - monotonic()
        hold(left > 0, "it took too long")
        timeout = tuple(min(left, longest) for longest in TIMEOUT)
        options |= {"timeout": timeout, "allow_redirects": False, "stream": True}
        answer: Response = super().request(method, url, **options)
        with answer:
            answer._content = self._body(answer)
        return answer

    def _body(self, answer: Response) -> bytes:
        """Read a body as it arrives. A read of a fixed size would wait for its last byte, and the
        timeout begins anew with each byte."""
        body = bytearray()
        try:
            while piece := answer.raw.read1(1 << 14, decode_content=True):
                body += piece
                if len(body) > LARGEST or monotonic() > self.ends:
                    raise ProviderFailed("a response is too large or took too long")
        except HTTPError as error:
            raise RequestException(str(error)) from None
        return bytes(body)


def hold(condition: bool, otherwise: str) -> None:
    if not condition:
        raise ProviderFailed(otherwise)
