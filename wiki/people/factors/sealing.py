"""Secrets that must be read again: encrypted with a key made from the wiki's own."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12


class Unreadable(Exception):
    """What was sealed with another key, for another place, or was damaged."""


def seal(key: str, plain: bytes, place: str) -> bytes:
    """Encrypt; what comes out opens with the same key and for the same ``place`` only, so that a
    row copied to somebody else's is worth nothing there."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + _cipher(key).encrypt(nonce, plain, place.encode())


def unseal(key: str, sealed: bytes, place: str) -> bytes:
    """What was sealed. :raises Unreadable:"""
    try:
        return _cipher(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except (InvalidTag, ValueError):
        raise Unreadable from None


def _cipher(key: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"wiki sealing 1").derive(key.encode()))
