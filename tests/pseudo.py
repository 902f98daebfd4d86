"""Languages that nobody speaks, in which a text that is not translated stands out.

``en-XA`` is English with accents, longer and in brackets; ``ar-XB`` is the same from right to left.
In both, no ASCII letter is left: one on a screen comes from a text that is not marked.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from wiki import i18n

_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ACCENTED = "àƀçđéƒĝĥîĵķļɱñöþɋŕšţûṽŵẋýžÀƁÇĐÉƑĜĤÎĴĶĻṀÑÖÞɊŔŠŢÛṼŴẊÝŽ"
_LETTERS = str.maketrans(_PLAIN, _ACCENTED)
_KEPT = re.compile(r"(%\(\w+\)s|\{\w+\}|<[^<>]*>|&\w+;)")
"""Placeholders and markup."""

CODES = ("en-XA", "ar-XB")


def pseudo(text: str) -> str:
    """A text in the form of these languages."""
    parts = _KEPT.split(text)
    told = "".join(
        part if place % 2 else part.translate(_LETTERS) for place, part in enumerate(parts)
    )
    return f"⟦{told}{'~' * (len(text) // 3)}⟧"


class PseudoTexts(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return pseudo(message)


@contextmanager
def pseudo_languages() -> Iterator[None]:
    """Let the wiki have these languages."""
    real = i18n._catalogue
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            i18n, "_catalogue", lambda code: PseudoTexts() if code in CODES else real(code)
        )
        patch.setitem(i18n.LANGUAGES, "en-XA", i18n.Language("en-XA", "Accented", "en_GB"))
        patch.setitem(i18n.LANGUAGES, "ar-XB", i18n.Language("ar-XB", "Mirrored", "en_GB", True))
        i18n.best_language.cache_clear()
        yield
    i18n.best_language.cache_clear()
