"""Texts of the scripts in the reader's language: one small file per language, which only screens in
that language load."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

from babel import Locale
from flask import Flask, Response, url_for
from werkzeug.exceptions import NotFound

from wiki import i18n
from wiki.resources import STATIC
from wiki.web.public import public

_NUMBERS = (*range(201), 1_000_000)
"""Numbers among which every plural form of every language is used."""


def init_app(app: Flask, folder: Path = STATIC) -> None:
    """Serve the texts below ``/-/words/``, and add the template function ``words_url``, which
    returns the address of those in the reader's language; empty for English, which the scripts
    contain.

    :param folder: the built front end, whose ``messages.json`` lists the texts.
    """

    @lru_cache(maxsize=len(i18n.LANGUAGES) + 8)
    def script_in(code: str) -> tuple[str, bytes]:
        content = _script(i18n.LANGUAGES[code], json.loads((folder / "messages.json").read_text()))
        return hashlib.sha256(content).hexdigest()[:12], content

    @app.get("/-/words/<code>-<digest>.js", endpoint="words")
    @public
    def words(code: str, digest: str) -> Response:
        if code not in i18n.LANGUAGES or script_in(code)[0] != digest:
            raise NotFound
        response = Response(script_in(code)[1], content_type="text/javascript; charset=utf-8")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    def words_url() -> str:
        code = i18n.reader().language.code
        if code == i18n.SOURCE:
            return ""
        return url_for("words", code=code, digest=script_in(code)[0])

    app.jinja_env.globals["words_url"] = words_url


def _script(language: i18n.Language, messages: list[list[str]]) -> bytes:
    """Return the script that hands the texts to ``static/src/js/words.js``: a text for each
    message, or its forms by their plural categories, as ``Intl.PluralRules`` names them."""
    texts, locale = language.catalogue, Locale.parse(language.formats)
    words: dict[str, str | dict[str, str]] = {}
    for one, *many in messages:
        if many:
            # The smallest number of each category comes last.
            words[one] = {
                locale.plural_form(n): texts.ngettext(one, many[0], n) for n in _NUMBERS[::-1]
            }
        else:
            words[one] = texts.gettext(one)
    written = json.dumps(words, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"globalThis.trellisWords={written};".encode()
