"""What people hold in their hands: an app that shows codes, a security key in software."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

import cbor2
import pyotp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.cast import PASSWORD, Scene
from wiki.db import now
from wiki.outbox.models import EventRow

HERE = "/-/me/security"
CODE = re.compile(r"<li>([0-9a-z]{4}(?:-[0-9a-z]{4}){3})</li>")


@dataclass
class App:
    """An authenticator app that was set up, and the recovery codes that came with it."""

    secret: str
    id: int
    codes: list[str]

    def code(self) -> str:
        """What it shows now."""
        return pyotp.TOTP(self.secret).at(now())


def set_up_app(browser: FlaskClient, name: str = "Phone") -> App:
    """Set an app up, in a browser in which somebody is signed in."""
    begun = browser.post(f"{HERE}/authenticators", data={"factor_name": name})
    assert begun.status_code == 303, begun.text
    shown = browser.get(begun.location).text
    found = re.search(r'class="secret" dir="ltr">([A-Z2-7 ]+)<', shown)
    assert found
    app = App(found[1].replace(" ", ""), int(begun.location.rpartition("/")[2]), [])
    done = browser.post(begun.location, data={"code": app.code()})
    assert done.status_code in (200, 303), done.text
    app.codes = CODE.findall(done.text)
    return app


def first_step(
    browser: FlaskClient, login: str, password: str = PASSWORD, **more: str
) -> TestResponse:
    """Sign in with a password."""
    return browser.post("/-/login", data={"login": login, "password": password, **more})


def second_step(browser: FlaskClient, code: str, **more: str) -> TestResponse:
    """Give a code after that."""
    return browser.post("/-/login/second", data={"code": code, **more})


def is_in(browser: FlaskClient) -> bool:
    """Whether somebody is signed in in this browser."""
    return browser.get("/-/me").status_code == 200


@dataclass
class Key:
    """A security key, or with ``verifies`` a passkey that asks for a finger."""

    origin: str = "http://localhost:8000"
    verifies: bool = True
    count: int = 0
    counts: bool = True
    id: bytes = b"a credential of this key"
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user: str = ""

    def create(self, options: dict[str, Any], **other: str) -> str:
        """Make a passkey, as ``navigator.credentials.create`` answers."""
        self.user = options["user"]["id"]
        numbers = self.private.public_key().public_numbers()
        public = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        about = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], 0x40) + about
        response = {
            "clientDataJSON": _text(self._said("webauthn.create", options, other)),
            "attestationObject": _text(
                cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
            ),
            "transports": ["usb", "something new"],
        }
        return self._answer(response)

    def get(self, options: dict[str, Any], **other: str) -> str:
        """Sign a challenge, as ``navigator.credentials.get`` answers."""
        data = self._data(other.pop("site", options["rpId"]), 0)
        said = self._said("webauthn.get", options, other)
        signature = self.private.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        response = {
            "clientDataJSON": _text(said),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": self.user,
        }
        return self._answer(response)

    def _answer(self, response: dict[str, Any]) -> str:
        name = _text(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})

    def _data(self, site: str, flags: int) -> bytes:
        self.count += self.counts
        flags |= 0x05 if self.verifies else 0x01
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _said(self, kind: str, options: dict[str, Any], other: dict[str, str]) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin} | other
        return json.dumps(said).encode()


def add_key(browser: FlaskClient, key: Key, name: str = "Key") -> TestResponse:
    """Add a key, in a browser in which somebody is signed in."""
    options = browser.post(f"{HERE}/passkeys/options").json
    assert options
    form = {"factor_name": name, "passkey": key.create(options)}
    return browser.post(f"{HERE}/passkeys", data=form)


def ask(browser: FlaskClient, url: str) -> dict[str, Any]:
    """What the browser is told to ask for."""
    answer = browser.post(url, headers={"Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    options: dict[str, Any] = answer.json
    return options


def events(wiki: Scene, name: str) -> list[dict[str, Any]]:
    """The payloads of all events of a kind, oldest first."""
    with wiki.database.read() as session:
        rows = session.scalars(
            select(EventRow.payload).where(EventRow.name == name).order_by(EventRow.id)
        )
        return list(rows)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
