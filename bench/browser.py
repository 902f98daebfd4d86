"""A minimal browser for the measurements: cookies, forms, first views."""

from __future__ import annotations

import http.client
import re
import time
from html import unescape
from urllib.parse import urlencode, urljoin, urlsplit

ACCEPTED = "gzip, deflate, br, zstd"


class Browser:
    """A keep-alive connection with its cookies."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.used = 0.0

    def ask(
        self, path: str, form: dict[str, str] | None = None, accept: str = ""
    ) -> tuple[int, str, bytes, float]:
        """Send a request and return status, ``Location``, body and seconds; a form is posted."""
        headers = {"Cookie": self.cookie()}
        if accept:
            headers["Accept-Encoding"] = accept
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        begun = time.perf_counter()
        if begun - self.used > 10:  # the server closes connections that are idle for long
            self.connection.close()
            self.connection.connect()
            begun = time.perf_counter()
        self.connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = self.connection.getresponse()
        data = answer.read()
        self.used = time.perf_counter()
        seconds = self.used - begun
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer.status, answer.headers.get("Location", ""), data, seconds

    def cookie(self) -> str:
        """Return the cookies as a request header has them."""
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def form(self, path: str, action: str = "") -> dict[str, str]:
        """Return the fields of the form on a page that posts to ``action`` (the page itself by
        default)."""
        status, _, data, _ = self.ask(path)
        if status != 200:
            raise SystemExit(f"{path} answered {status}")
        html = data.decode()
        for attributes, inner in re.findall(r"<form\b([^>]*)>(.*?)</form>", html, re.S):
            to = _attribute(attributes, "action")
            posts = _attribute(attributes, "method").lower() == "post"
            if posts and (to or path).split("?")[0] == (action or path).split("?")[0]:
                return _fields(inner)
        raise SystemExit(f"{path} has no form for {action or path}")

    def sign_in(self, handle: str, password: str) -> None:
        """Sign in through the form."""
        form = self.form("/-/login")
        name = next(field for field in form if field not in ("csrf_token", "next", "password"))
        status, _, _, _ = self.ask("/-/login", {**form, name: handle, "password": password})
        if status not in (302, 303):
            raise SystemExit(f"the sign-in answered {status}")
        self.ask("/")  # completes the cookie


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else ""


def _fields(html: str) -> dict[str, str]:
    fields = {}
    for tag in re.findall(r"<input\b[^>]*>", html):
        if _attribute(tag, "type") not in ("submit", "checkbox", "radio", "file"):
            fields[_attribute(tag, "name")] = _attribute(tag, "value")
    for tag, text in re.findall(r"<textarea\b([^>]*)>(.*?)</textarea>", html, re.S):
        fields[_attribute(tag, "name")] = unescape(text.removeprefix("\n"))
    return {name: value for name, value in fields.items() if name}


def first_view(port: int, path: str) -> dict[str, int]:
    """Return the bytes on the wire, headers included, of all that a browser loads for a first view
    of a page, by URL.

    :raises SystemExit: when the page would load something from another host.
    """
    loaded: dict[str, int] = {}
    waiting = [path]
    while waiting:
        url = waiting.pop()
        if url in loaded:
            continue
        if urlsplit(url).netloc:
            raise SystemExit(f"{path} loads {url} from another host")
        plain, size = _load(port, url)
        loaded[url] = size
        waiting += [urljoin(url, found) for found in _needs(url, plain)]
    return loaded


def _load(port: int, url: str) -> tuple[str, int]:
    plain = Browser(port).ask(url)[2].decode("utf-8", "replace")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", url, headers={"Accept-Encoding": ACCEPTED})
    answer = connection.getresponse()
    head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders()) + 19
    return plain, head + len(answer.read())


def _needs(url: str, text: str) -> list[str]:
    """Return the URLs that a browser loads along with this document, style sheet or script."""
    if url.endswith(".js"):
        return re.findall(r'(?:from|import)\s*"(\./[^"]+\.js)"', text)
    if url.endswith(".css"):
        return [u for u in re.findall(r'url\("?([^")]+)"?\)', text) if not u.startswith("data:")]
    if "/-/static/" in url:
        return []
    links = re.findall(r'<link\b[^>]*rel="(?:stylesheet|icon|modulepreload)"[^>]*>', text)
    found = [_attribute(tag, "href") for tag in links]
    found += re.findall(r'<script\b[^>]*\bsrc="([^"]+)"', text)
    images = [tag for tag in re.findall(r"<img\b[^>]*>", text) if "data:" not in tag]
    found += [_attribute(tag, "src") for tag in images if _attribute(tag, "loading") != "lazy"]
    return [unescape(address) for address in found]
