"""The catalogues: complete, and true to the texts."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from docs.translations import catalogue_of, extract, updated
from wiki.i18n import LANGUAGES, SOURCE

CODES = sorted(set(LANGUAGES) - {SOURCE})
KEPT = re.compile(r"%\(\w+\)s|\{\w+\}|<[^<>]*>|`[^`]*`")
"""Placeholders, markup and code, which a translation has in common with its text."""


@pytest.fixture(scope="module")
def texts() -> Catalog:
    return extract()


def entries(code: str) -> list[Message]:
    with catalogue_of(code).open("rb") as file:
        return [entry for entry in read_po(file, locale=code) if entry.id]


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_has_an_entry_for_every_marked_text_and_no_other(
    code: str, texts: Catalog
) -> None:
    assert catalogue_of(code).read_text() == updated(code, texts), "run `make translations`"


@pytest.mark.parametrize("code", CODES)
def test_every_text_is_translated_in_all_its_forms(code: str) -> None:
    lacking = [
        entry.id
        for entry in entries(code)
        if entry.fuzzy or not all(entry.string if entry.pluralizable else [entry.string])
    ]
    assert lacking == []


@pytest.mark.parametrize("code", CODES)
def test_translations_keep_placeholders_and_markup(code: str) -> None:
    wrong = []
    for entry in entries(code):
        if entry.pluralizable:
            # The form for one may leave out the number, as the English one may.
            known = set(KEPT.findall(entry.id[1])) | set(KEPT.findall(entry.id[0]))
            *some, last = entry.string
            fits = set(KEPT.findall(last)) == set(KEPT.findall(entry.id[1]))
            fits &= all(set(KEPT.findall(form)) <= known for form in some)
        else:
            fits = Counter(KEPT.findall(entry.id)) == Counter(KEPT.findall(entry.string))
        if not fits:
            wrong.append((entry.id, entry.string))
    assert wrong == []
