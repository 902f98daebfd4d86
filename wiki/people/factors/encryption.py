"""Encryption of secrets that must be readable again, with a key derived from the wiki's own."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class Unreadable(Exception):
    """The data was encrypted with another key or for another place, or is damaged."""


def seal(key: str, plain: bytes, place: str) -> bytes:
    """Encrypt. The result decrypts only with the same key and the same ``place``, so that a row
    copied to another person is worthless."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(key).encrypt(nonce, plain, place.encode())


def unseal(key: str, sealed: bytes, place: str) -> bytes:
    """Decrypt the result of :func:`seal`.

    :raises Unreadable: if the key or the place differs, or the data is damaged.
    """
    try:
        return _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except (InvalidTag, ValueError):
        raise Unreadable from None


def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"wiki sealing 1").derive(key.encode()))
