"""Client of the OpenID provider: metadata, authorization URL, and verification of the user.

Nothing that it sends is trusted before its signature, issuer, audience, nonce and times are
checked. Logs contain only the name of the check that failed.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any
from urllib.parse import quote_plus, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from requests import RequestException, Response

from wiki.config import Settings, is_safe_to_ask
from wiki.db import now
from wiki.errors import Invalid
from wiki.people.names import checked_email, shown_name
from wiki.people.oidc.identities import CALLBACK
from wiki.people.oidc.limited_client import LimitedSession, hold
from wiki.people.oidc.visits import ProviderFailed, Stranger

PATIENCE = 8.0
"""Total seconds for all requests while one user waits."""
LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
REMEMBERED = 3600.0
"""Seconds for which the provider's metadata and keys are cached."""
REST = 30.0
"""Seconds after which the keys may be fetched again because one is missing."""
PAUSE = 5.0
"""Seconds without requests after the provider did not answer, so that other users need not wait
too."""
# Asymmetric algorithms only: with a shared secret, or without a key, a signature proves nothing.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA", "Ed25519"),
)
_BASIC, _POST = "client_secret_basic", "client_secret_post"


class Provider:
    """The provider named in the settings. Its metadata and keys are cached for a while."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = settings.oidc_issuer
        self._id, self._secret = settings.oidc_client_id, settings.oidc_client_secret
        self._scopes = settings.oidc_scopes
        self._back = settings.base_url.rstrip("/") + CALLBACK
        self._lock = threading.Lock()
        self._metadata: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        self._rests_until = 0.0

    def way_there(self, state: str, nonce: str, verifier: str, *, anew: bool = False) -> str:
        """Return the authorization URL to which a browser is sent.

        :param anew: ask the provider not to rely on a sign-in there that is still open.
        :raises ProviderFailed: if the metadata of the provider cannot be fetched.
        """
        ends = monotonic() + PATIENCE
        metadata = self._about(ends)
        with self._client(metadata, ends) as client:
            address: str = client.create_authorization_url(
                metadata["authorization_endpoint"],
                state=state,
                code_verifier=verifier,
                nonce=nonce,
                **({"prompt": "login"} if anew else {}),
            )[0]
        return address

    def who_came(self, answer: Mapping[str, str], nonce: str, verifier: str) -> Stranger:
        """Return the user whom the provider sent back with this response.

        :raises ProviderFailed: unless every check passes.
        """
        ends = monotonic() + PATIENCE
        metadata = self._about(ends)
        if (
            metadata.get("authorization_response_iss_parameter_supported") is True
            or "iss" in answer
        ):
            hold(answer.get("iss") == self.issuer, "the response is from another issuer")
        code = answer.get("code", "")
        hold(0 < len(code) <= 4096, "there is no code")
        try:
            with self._client(metadata, ends) as client:
                token = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=self._back,
                )
                claims = self._claims(token, nonce, metadata, ends)
                return self._stranger(claims, lambda: self._ask_about(client, claims, metadata))
        except (AuthlibBaseError, RequestException) as error:
            raise ProviderFailed(f"the code was refused ({type(error).__name__})") from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ProviderFailed(f"a response is malformed ({type(error).__name__})") from None

    def _claims(
        self, token: Mapping[str, Any], nonce: str, metadata: Mapping[str, Any], ends: float
    ) -> Mapping[str, Any]:
        signed = token.get("id_token")
        if not isinstance(signed, str):
            raise ProviderFailed("there is no ID token")
        offered = metadata.get("id_token_signing_alg_values_supported", ["RS256"])
        algorithms = [name for name in ALGORITHMS if name in offered]
        hold(bool(algorithms), "the provider uses no supported signing algorithm")
        registry = JWSRegistry(algorithms=algorithms, strict_check_header=False)
        try:
            try:
                found = jwt.decode(signed, self._key_set(metadata, ends), registry=registry)
            except InvalidKeyIdError:  # the provider may have started to use a new key
                keys = self._key_set(metadata, ends, anew=True)
                found = jwt.decode(signed, keys, registry=registry)
            claims = CodeIDToken(
                found.claims,
                found.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._id},
                    "sub": {"essential": True},
                    "exp": {"essential": True},
                    "iat": {"essential": True},
                    "nonce": {"essential": True, "value": nonce},
                },
                {
                    "nonce": nonce,
                    "client_id": self._id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(now().timestamp()), leeway=LEEWAY)
        except JoseError as error:
            raise ProviderFailed(f"the ID token is invalid ({type(error).__name__})") from None
        return dict(claims)

    def _stranger(
        self, claims: Mapping[str, Any], ask: Callable[[], Mapping[str, Any]]
    ) -> Stranger:
        subject = claims["sub"]
        hold(isinstance(subject, str) and 0 < len(subject) <= 255, "there is no subject")
        about = dict(claims)
        if not {"email", "email_verified"} <= about.keys():  # both from one source
            about = {key: value for key, value in about.items() if not key.startswith("email")}
            about = {**ask(), **about}
        return Stranger(
            self.issuer,
            subject,
            _verified_email(about),
            shown_name(_text(about, "name"))[:200],
            shown_name(_text(about, "preferred_username"))[:60],
        )

    def _ask_about(
        self, client: Any, claims: Mapping[str, Any], metadata: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return the claims of the userinfo endpoint; empty if there is none or it gives none."""
        address = metadata.get("userinfo_endpoint")
        if not address or self._scopes.split() == ["openid"]:
            return {}
        answer = client.request("GET", _checked(address))
        if answer.status_code != 200 or answer.headers.get("Content-Type", "").find("json") < 0:
            return {}
        told = answer.json()
        hold(isinstance(told, dict), "its user information is missing")
        hold(
            told.get("sub") == claims["sub"],
            "its user information and the ID token are about different people",
        )
        return dict(told)

    def _client(self, metadata: Mapping[str, Any], ends: float) -> Any:
        methods = metadata.get("token_endpoint_auth_methods_supported") or [_BASIC]
        hold(_BASIC in methods or _POST in methods, "it doesn't accept a client secret")
        client: Any = LimitedSession(
            ends,
            self._id,
            self._secret,
            scope=self._scopes,
            redirect_uri=self._back,
            code_challenge_method="S256",
            token_endpoint_auth_method=_BASIC if _BASIC in methods else _POST,
        )
        client.register_client_auth_method((_BASIC, _basic))
        return client

    def _about(self, ends: float) -> Mapping[str, Any]:
        """Return the provider's metadata."""
        with self._lock:
            if self._metadata is not None and monotonic() < self._metadata[0]:
                return self._metadata[1]
            told = self._get(get_well_known_url(self.issuer, external=True), ends)
            hold(told.get("issuer") == self.issuer, "its issuer differs from WIKI_OIDC_ISSUER")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                _checked(told.get(name))
            hold(
                "S256" in told.get("code_challenge_methods_supported", ["S256"]),
                "it doesn't support PKCE with S256",
            )
            self._metadata = (monotonic() + REMEMBERED, told)
            return told

    def _key_set(self, metadata: Mapping[str, Any], ends: float, *, anew: bool = False) -> KeySet:
        with self._lock:
            if self._keys is not None:
                age = monotonic() - self._keys[0]
                if age < (REST if anew else REMEMBERED):
                    return self._keys[1]
            told = self._get(metadata["jwks_uri"], ends)
            try:
                keys = KeySet.import_key_set(told)  # type: ignore[arg-type]
            except (JoseError, ValueError, TypeError, KeyError, AttributeError):
                raise ProviderFailed("its keys can't be read") from None
            self._keys = (monotonic(), keys)
            return keys

    def _get(self, address: str, ends: float) -> Mapping[str, Any]:
        """Fetch a JSON object from the provider. The caller must hold ``_lock``."""
        if monotonic() < self._rests_until:
            raise ProviderFailed("it didn't respond a moment ago")
        try:
            with LimitedSession(ends) as client:
                answer: Response = client.request("GET", _checked(address), withhold_token=True)
            told: Any = answer.json() if answer.status_code == 200 else None
            hold(isinstance(told, dict), f"it responded with {answer.status_code} or without JSON")
        except (RequestException, ValueError, RecursionError) as error:
            self._rests_until = monotonic() + PAUSE
            raise ProviderFailed(f"it can't be reached ({type(error).__name__})") from None
        except ProviderFailed:
            self._rests_until = monotonic() + PAUSE
            raise
        return dict(told)


def _basic(client: Any, _method: str, uri: str, headers: Any, body: Any) -> tuple[Any, Any, Any]:
    """Authenticate the client. RFC 6749 requires both parts to be form-encoded; letters and digits
    are unchanged by that."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return uri, headers, body


def _verified_email(about: Mapping[str, Any]) -> str | None:
    verified = about.get("email_verified")
    if not (verified is True or verified == "true"):  # some providers send it as a string
        return None
    try:
        return checked_email(_text(about, "email"))
    except Invalid:
        return None


def _text(about: Mapping[str, Any], name: str) -> str:
    value = about.get(name)
    return value if isinstance(value, str) else ""


def _checked(address: object) -> str:
    if not isinstance(address, str) or not is_safe_to_ask(address) or urlsplit(address).fragment:
        raise ProviderFailed("it names an address that isn't https")
    return address
