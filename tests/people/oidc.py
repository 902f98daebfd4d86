"""OpenID providers for the tests: a real one in a process of its own, and one that forges."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry

from hatch_build import find_npm

BACK = "http://127.0.0.1:8000/-/login/oidc/callback"
CLIENT = "wiki of the tests"
CLIENT_ID, SECRET = "the-wiki", "a secret+of%the/provider:only-for-tests"
PEOPLE: dict[str, dict[str, Any]] = {
    "id-of-ben": {"email": "Ben@example.org", "email_verified": True, "name": "Ben Elsewhere"},
    "id-of-cai": {"email": "cai@example.org", "email_verified": False, "name": "Cai"},
    "id-of-new": {
        "email": "nia@new.example.org",
        "email_verified": True,
        "name": "Nia New",
        "preferred_username": "Nia!",
    },
    "id-of-nobody": {},
}


@contextmanager
def real_provider(back: str = BACK) -> Iterator[str]:
    """A certified OpenID provider, which sends people back there; gives its issuer."""
    client = {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "client_name": CLIENT,
        "redirect_uris": [back],
    }
    here = Path(__file__).parent
    node = str(Path(find_npm()[1]) / "node")
    command = [node, str(here / "provider.mjs"), json.dumps({"people": PEOPLE, "client": client})]
    process, line = _started(command, here)
    with process:
        try:
            assert line, "the provider does not start: is node_modules complete?"
            assert process.stdout
            threading.Thread(target=process.stdout.read, daemon=True).start()
            yield line.strip()
        finally:
            process.terminate()


def _started(command: list[str], folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start the provider; return it with its first line. Seldom Node.js hangs while it makes a key:
    then it is started again."""
    pipe = subprocess.PIPE
    for seconds in (30, 60):
        process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True, cwd=folder
        )
        watchdog = threading.Timer(seconds, process.kill)
        watchdog.start()
        assert process.stdout
        line = next((line for line in process.stdout if line.startswith("http")), "")
        watchdog.cancel()
        if line:
            break
        process.wait()
    return process, line


def go_there(address: str, login: str, *, refuse: bool = False) -> str:
    """What a person does at the real provider; the address that they are sent back to."""
    with requests.Session() as browser:
        answer = browser.get(address, allow_redirects=False)
        for _ in range(12):
            location = answer.headers.get("Location", "")
            if location.startswith(BACK):
                return location
            if location:
                answer = browser.get(_there(address, location), allow_redirects=False)
                continue
            assert answer.status_code == 200, answer.text
            if refuse:
                link = re.search(r'href="([^"]*/abort)"', answer.text)
                assert link, answer.text
                answer = browser.get(_there(address, link[1]), allow_redirects=False)
                continue
            form = re.search(r'<form[^>]*action="([^"]+)"', answer.text)
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            assert form, answer.text
            assert prompt
            sent = {"prompt": prompt[1], "login": login, "password": "any"}
            answer = browser.post(_there(address, form[1]), data=sent, allow_redirects=False)
    raise AssertionError("it leads nowhere")


def _there(address: str, link: str) -> str:
    parts = urlsplit(address)
    return link if link.startswith("http") else f"{parts.scheme}://{parts.netloc}{link}"


KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
NEXT_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}, private=True)


@dataclass
class Forger:
    """A provider that says whatever a test wants it to; ``asked`` are the paths, in order."""

    issuer: str = ""
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    about: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    sign: Callable[[dict[str, Any]], Any] | None = None
    userinfo: dict[str, Any] | None = None
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    bodies: list[Mapping[str, list[str]]] = field(default_factory=list)
    nonce: str = "the-nonce"

    def answer(self, request: BaseHTTPRequestHandler, path: str) -> None:
        self.asked.append(path)
        length = int(request.headers.get("Content-Length") or 0)
        if length:
            self.bodies.append(parse_qs(request.rfile.read(length).decode()))
        if path in self.answers:
            self.answers[path](request)
            return
        told: Any = {
            "/.well-known/openid-configuration": self._about,
            "/keys": lambda: {"keys": [key.as_dict(private=False) for key in self.keys]},
            "/token": self._token,
            "/userinfo": lambda: self.userinfo,
        }[path]()
        send(request, 200 if told is not None else 404, json.dumps(told).encode())

    def _about(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            **self.about,
        }

    def _token(self) -> dict[str, Any]:
        moment = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": "id-of-ben",
            "nonce": self.nonce,
            "iat": moment,
            "exp": moment + 300,
            "email": "ben@example.org",
            "email_verified": True,
            **self.claims,
        }
        for name in self.left_out:
            claims.pop(name)
        signed = self.sign(claims) if self.sign else signed_by(KEY)(claims)
        return {"access_token": "an-access-token", "token_type": "Bearer", "id_token": signed}


def signed_by(key: Any, alg: str = "RS256", **header: Any) -> Callable[[dict[str, Any]], str]:
    """Signs claims with a key, in whatever way."""
    registry = JWSRegistry(algorithms=["RS256", "HS256", "none"])
    kid = {"kid": key.kid} if getattr(key, "kid", None) else {}
    return lambda claims: jwt.encode({"alg": alg, **kid, **header}, claims, key, registry=registry)


def send(
    request: BaseHTTPRequestHandler,
    status: int,
    body: bytes,
    kind: str = "application/json",
    **headers: str,
) -> None:
    request.send_response(status)
    for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def forging() -> Iterator[Forger]:
    """A provider that forges, on this machine."""
    forger = Forger()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            forger.answer(self, urlsplit(self.path).path)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        forger.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield forger
        finally:
            server.shutdown()
            thread.join()
