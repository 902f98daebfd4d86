"""Canaries: unique words in a scratch wiki, each with the accounts that may see it.

The leak drill (``wiki/drill/``) makes the scratch wiki; rooms add what they store about its pages.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import Flask
from flask.testing import FlaskClient

from wiki.config import Settings
from wiki.db import Database
from wiki.rules.access import Actor


@dataclass(frozen=True)
class Canary:
    """A word that only accounts in ``allowed`` may see."""

    word: str
    what: str
    allowed: frozenset[str]


@dataclass(frozen=True)
class Target:
    """Something hidden: the arguments of addresses that lead to it, and ``absent``, those of
    something that does not exist. For accounts in ``hidden_from`` both must give the same answers.

    ``beside_links``: request it only as insiders and by share links, because to other accounts it
    is like other targets.
    """

    what: str
    values: dict[str, str | int]
    absent: dict[str, str | int]
    hidden_from: frozenset[str]
    beside_links: bool = False


@dataclass
class World:
    """The scratch wiki with its canaries."""

    app: Flask
    database: Database
    settings: Settings
    people: dict[str, Actor] = field(default_factory=dict)
    canaries: list[Canary] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    common: dict[str, str | int] = field(default_factory=dict)
    """Arguments that addresses may need besides those of a target."""
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """The tokens of share links, by visitor."""
    tokens: dict[str, str] = field(default_factory=dict)
    """The API tokens, by account."""

    def target(self, what: str) -> Target:
        """Return the target of this description."""
        return next(target for target in self.targets if target.what == what)

    def word(self, what: str, allowed: Iterable[str]) -> str:
        """Create a canary and return its word."""
        word = f"kx{secrets.token_hex(6)}"
        self.canaries.append(Canary(word, what, frozenset(allowed)))
        return word


def absent_like(word: str) -> str:
    """Return a word of the same form that occurs nowhere."""
    return f"kx{secrets.token_hex((len(word) - 2) // 2)}"
