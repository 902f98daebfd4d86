"""What a provider says is believed only when every check holds."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from select import select
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey

from tests.people.oidc import (
    BACK,
    CLIENT_ID,
    KEY,
    NEXT_KEY,
    OTHER_KEY,
    SECRET,
    Forger,
    forging,
    send,
    signed_by,
)
from wiki.config import Settings
from wiki.people.oidc import provider
from wiki.people.oidc.provider import Provider
from wiki.people.oidc.visits import ProviderFailed, Stranger


@pytest.fixture
def forger() -> Iterator[Forger]:
    with forging() as one:
        yield one


def settings_for(issuer: str, **more: Any) -> Settings:
    return Settings(oidc_issuer=issuer, oidc_client_id=CLIENT_ID, oidc_client_secret=SECRET, **more)


def came(forger: Forger, one: Provider | None = None, **answer: str) -> Stranger:
    one = one or Provider(settings_for(forger.issuer))
    return one.who_came({"code": "the-code", **answer}, "the-nonce", "the-verifier")


def test_who_came_is_told_when_every_check_holds(forger: Forger) -> None:
    forger.claims = {"name": "Ben\u202e  Elsewhere", "preferred_username": "ben"}
    found = came(forger)
    assert found == Stranger(forger.issuer, "id-of-ben", "ben@example.org", "Ben Elsewhere", "ben")
    sent = forger.bodies[-1]
    assert sent["code"] == ["the-code"]
    assert sent["code_verifier"] == ["the-verifier"]
    assert sent["redirect_uri"] == [BACK]
    assert "client_secret" not in sent


def test_the_way_there_carries_state_nonce_and_a_challenge(forger: Forger) -> None:
    address = Provider(settings_for(forger.issuer)).way_there("the-state", "the-nonce", "v" * 64)
    assert address.startswith(f"{forger.issuer}/auth?")
    asked = parse_qs(urlsplit(address).query)
    assert asked["state"] == ["the-state"]
    assert asked["nonce"] == ["the-nonce"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == [BACK]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid email profile"]
    assert "v" * 64 not in address


def by_hand(alg: str, secret: bytes = b"") -> Callable[[dict[str, Any]], str]:
    """A token as no library makes it: not signed, or with what everybody knows for a secret."""

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

    def sign(claims: dict[str, Any]) -> str:
        header = json.dumps({"alg": alg, "kid": "one"}).encode()
        said = f"{part(header)}.{part(json.dumps(claims).encode())}"
        seal = hmac.digest(secret, said.encode(), "sha256") if secret else b""
        return f"{said}.{part(seal)}"

    return sign


NOW = int(time.time())
FORGED: list[tuple[str, dict[str, Any]]] = [
    ("another issuer", {"claims": {"iss": "https://evil.example.org"}}),
    ("no issuer", {"left_out": ("iss",)}),
    ("another audience", {"claims": {"aud": "another-client"}}),
    ("other audiences", {"claims": {"aud": ["another-client", "a-third"]}}),
    ("many audiences and no word for whom", {"claims": {"aud": [CLIENT_ID, "another"]}}),
    ("for another party", {"claims": {"azp": "another-client"}}),
    ("no audience", {"left_out": ("aud",)}),
    ("another nonce", {"claims": {"nonce": "another"}}),
    ("a nonce that is none", {"claims": {"nonce": ["the-nonce"]}}),
    ("no nonce", {"left_out": ("nonce",)}),
    ("expired", {"claims": {"exp": NOW - 90}}),
    ("expired never", {"left_out": ("exp",)}),
    ("expires in words", {"claims": {"exp": "tomorrow"}}),
    ("made in the future", {"claims": {"iat": NOW + 86_400}}),
    ("not yet", {"claims": {"nbf": NOW + 86_400}}),
    ("nobody", {"left_out": ("sub",)}),
    ("an empty name", {"claims": {"sub": ""}}),
    ("a long name", {"claims": {"sub": "x" * 256}}),
    ("a name that is none", {"claims": {"sub": 7}}),
    ("of another access token", {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}}),
    ("signed with another key of that name", {"sign": signed_by(OTHER_KEY)}),
    ("signed with a key that nobody has", {"sign": signed_by(NEXT_KEY)}),
    ("signed with the secret", {"sign": signed_by(OctKey.import_key(SECRET), "HS256")}),
    (
        "signed with the public key as a secret",
        {"sign": by_hand("HS256", KEY.as_pem(private=False))},
    ),
    ("alg none", {"sign": by_hand("none")}),
    ("alg None", {"sign": by_hand("None")}),
    ("not signed", {"sign": lambda claims: signed_by(KEY)(claims).rpartition(".")[0] + "."}),
    ("not a token", {"sign": lambda claims: "a.b.c"}),
    ("no token", {"sign": lambda claims: None}),
    ("a list for a token", {"sign": lambda claims: [1]}),
]


@pytest.mark.parametrize(("what", "said"), FORGED, ids=[what for what, _ in FORGED])
def test_a_forged_token_is_not_believed(
    forger: Forger, what: str, said: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    one = Provider(settings_for(forger.issuer))
    assert came(forger, one)
    for name, value in said.items():
        setattr(forger, name, value)
    with pytest.raises(ProviderFailed) as refused:
        came(forger, one)
    for secret in (SECRET, "the-code", "the-verifier", "an-access-token", "ben@example.org"):
        assert secret not in str(refused.value)
        assert secret not in caplog.text
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("seconds", [-50, 50])
def test_clocks_may_differ_by_less_than_a_minute(forger: Forger, seconds: int) -> None:
    moment = int(time.time()) + seconds
    forger.claims = {"iat": moment, "exp": moment + (1 if seconds < 0 else 300)}
    assert came(forger).subject == "id-of-ben"


def test_the_answer_must_come_from_the_issuer_where_it_says_so(forger: Forger) -> None:
    assert came(forger, iss=forger.issuer)
    with pytest.raises(ProviderFailed):
        came(forger, iss="https://evil.example.org")
    forger.about = {"authorization_response_iss_parameter_supported": True}
    with pytest.raises(ProviderFailed):
        came(forger)


def test_keys_are_remembered_and_asked_for_again_when_one_is_new(
    forger: Forger, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Provider(settings_for(forger.issuer))
    for _ in range(3):
        came(forger, one)
    assert forger.asked.count("/keys") == 1
    assert forger.asked.count("/.well-known/openid-configuration") == 1
    forger.keys, forger.sign = [KEY, NEXT_KEY], signed_by(NEXT_KEY)
    with pytest.raises(ProviderFailed):  # so often nobody makes us ask
        came(forger, one)
    assert forger.asked.count("/keys") == 1
    monkeypatch.setattr(provider, "REST", 0.0)
    assert came(forger, one)
    assert forger.asked.count("/keys") == 2
    assert came(forger, one)
    assert forger.asked.count("/keys") == 2


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email_verified": True}, "ben@example.org"),
        ({"email_verified": "true"}, "ben@example.org"),
        ({"email_verified": True, "email": " BEN@Example.org "}, "ben@example.org"),
        ({"email_verified": False}, None),
        ({"email_verified": "false"}, None),
        ({"email_verified": 1}, None),
        ({"email_verified": True, "email": "not an address"}, None),
        ({"email_verified": True, "email": ["ben@example.org"]}, None),
    ],
)
def test_an_address_counts_only_when_it_is_verified(
    forger: Forger, claims: dict[str, Any], email: str | None
) -> None:
    forger.claims = claims
    assert came(forger).email == email


def test_what_the_token_leaves_out_is_asked_for_and_must_be_of_the_same_person(
    forger: Forger,
) -> None:
    forger.left_out = ("email", "email_verified")
    assert came(forger).email is None  # it does not say
    forger.userinfo = {"sub": "id-of-ben", "email": "b@example.org", "email_verified": True}
    assert came(forger).email == "b@example.org"
    forger.left_out = ("email_verified",)  # never one's address with the other's word for it
    assert came(forger).email == "b@example.org"
    forger.userinfo = {"sub": "id-of-eve", "email": "eve@example.org", "email_verified": True}
    with pytest.raises(ProviderFailed):
        came(forger)
    asked = forger.asked.count("/userinfo")
    came(forger, Provider(settings_for(forger.issuer, oidc_scopes="openid")))
    assert forger.asked.count("/userinfo") == asked


def slowly(request: BaseHTTPRequestHandler) -> None:
    """An answer that comes byte by byte and never to an end."""
    request.send_response(200)
    request.end_headers()
    with suppress(OSError):  # until the client closes the connection
        while not select([request.connection], [], [], 0.02)[0]:
            request.wfile.write(b" ")


BROKEN = {
    "an error": lambda request: send(request, 500, b"oops", "text/html"),
    "a page": lambda request: send(request, 200, b"<html>", "text/html"),
    "a list": lambda request: send(request, 200, b"[]"),
    "a redirect": lambda request: send(request, 302, b"", Location="http://127.0.0.1:9/"),
    "too much": lambda request: send(request, 200, b"[" + b"1," * (1 << 20) + b"1]"),
    "no end": slowly,
    "nothing": lambda request: request.connection.close(),
    "an error in JSON": lambda request: send(request, 400, b'{"error": "invalid_grant"}'),
    "deep nesting": lambda request: send(request, 200, b'{"a":' + b"[" * 100_000),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_answer_is_the_provider_s_failure(
    forger: Forger, path: str, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provider, "PATIENCE", 0.2)
    forger.answers = {path: BROKEN[how]}
    with pytest.raises(ProviderFailed):
        came(forger)


def test_one_who_waited_in_vain_is_enough_for_a_moment(forger: Forger) -> None:
    one = Provider(settings_for(forger.issuer))
    forger.answers = {"/.well-known/openid-configuration": BROKEN["an error"]}
    for _ in range(3):
        with pytest.raises(ProviderFailed):
            one.way_there("state", "nonce", "verifier")
    assert len(forger.asked) == 1


@pytest.mark.parametrize(
    "about",
    [
        {"issuer": "https://evil.example.org"},
        {"issuer": None},
        {"token_endpoint": "http://id.example.org/token"},
        {"token_endpoint": None},
        {"jwks_uri": "file:///etc/passwd"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"code_challenge_methods_supported": ["plain"]},
        {"id_token_signing_alg_values_supported": ["HS256", "none"]},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
    ],
    ids=str,
)
def test_a_provider_that_cannot_be_safe_is_not_used(forger: Forger, about: dict[str, Any]) -> None:
    forger.about = about
    with pytest.raises(ProviderFailed):
        came(forger)
    assert "/userinfo" not in forger.asked


def test_the_secret_goes_in_the_body_where_the_provider_wants_it_so(forger: Forger) -> None:
    forger.about = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert came(forger)
    assert forger.bodies[-1]["client_secret"] == [SECRET]


def test_nothing_is_sent_where_a_redirect_leads(forger: Forger) -> None:
    with forging() as elsewhere:
        target = f"{elsewhere.issuer}/token"
        forger.answers = {"/token": lambda request: send(request, 307, b"", Location=target)}
        with pytest.raises(ProviderFailed):
            came(forger)
        assert elsewhere.asked == []
