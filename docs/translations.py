"""Extracts the marked texts and brings the catalogues up to date: `make translations`.

Texts that are new get an empty entry, those that are gone lose theirs, and entries are sorted by
their English text, without places and dates. So a catalogue depends on nothing but the texts.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from hatch_build import compile_catalogues
from wiki.i18n import LANGUAGES, SOURCE
from wiki.web.screens.fragments import FragmentTag

ROOT = Path(__file__).parents[1]
KEYWORDS: Mapping[str, Any] = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "_setting": (1,),  # of wiki/config/__init__.py
}
OF_SCRIPTS: Mapping[str, Any] = {"t": None, "tn": (1, 2)}
OF_TEMPLATES = {
    "trimmed": "true",
    "silent": "false",
    "extensions": f"{FragmentTag.__module__}.{FragmentTag.__name__}",
}
"""As the app's environment has it."""

PLURALS = {"fr": "nplurals=2; plural=(n > 1);"}
"""Plural rules without a form that no text needs, such as that for millions in French."""

NOTE = "Note for translators:"
"""A comment that begins so, above a text, is copied to its entry."""

SOURCES: tuple[tuple[str, str, str, Mapping[str, Any], Mapping[str, str]], ...] = (
    ("wiki", "*.py", "python", KEYWORDS, {}),
    ("templates", "*.html", "jinja2", KEYWORDS, OF_TEMPLATES),
    ("templates", "*.txt", "jinja2", KEYWORDS, OF_TEMPLATES),
    ("static/src", "*.js", "javascript", OF_SCRIPTS, {"parse_template_string": "true"}),
)


def extract() -> Catalog:
    """Return all marked texts."""
    found = Catalog()
    for folder, names, method, keywords, options in SOURCES:
        for path in sorted((ROOT / folder).rglob(names)):
            for _line, text, comments, context in extract_from_file(
                method, path, keywords, (NOTE,), options, strip_comment_tags=False
            ):
                found.add(text, auto_comments=comments, context=context)
    return found


def catalogue_of(code: str) -> Path:
    """Return the path of the catalogue of a language."""
    return ROOT / "wiki" / "translations" / code / "LC_MESSAGES" / "messages.po"


def updated(code: str, texts: Catalog) -> str:
    """Return what a catalogue contains once it has the entries of these texts and no others."""
    path = catalogue_of(code)
    old = _empty(code)
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, locale=code)
    new = _empty(code)
    for message in _messages(texts):
        known = old.get(message.id, message.context)
        string = known.string if known and not known.fuzzy else ""
        new.add(
            message.id,
            string if _fits(message, string) else "",
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known else (),
            context=message.context,
        )
    held = io.BytesIO()
    write_po(held, new, width=100, sort_output=True, omit_header=True)
    return _header(code, new) + held.getvalue().decode().strip("\n") + "\n"


def main() -> None:
    """Update and compile the catalogues; say how many texts each of them lacks."""
    texts = extract()
    for code in LANGUAGES:
        if code == SOURCE:
            continue
        path = catalogue_of(code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(updated(code, texts))
        with path.open("rb") as file:
            missing = [each for each in _messages(read_po(file)) if not _is_complete(each)]
        name = Locale.parse(code).english_name
        print(f"{name}: {len(texts)} texts, {len(missing)} to translate")
    compile_catalogues(ROOT)


def _empty(code: str) -> Catalog:
    catalogue = Catalog(locale=code)
    if code in PLURALS:
        catalogue.mime_headers = [("Plural-Forms", PLURALS[code])]
    return catalogue


def _messages(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _is_complete(message: Message) -> bool:
    forms = message.string if isinstance(message.string, tuple) else (message.string,)
    return all(forms)


def _fits(message: Message, string: Any) -> bool:
    """Return whether a translation has plural forms exactly if the text has."""
    return isinstance(string, tuple | list) == message.pluralizable


def _header(code: str, catalogue: Catalog) -> str:
    return (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {code}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )


if __name__ == "__main__":
    main()
