"""A walk through the screens in languages that nobody speaks: what stays readable is not marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from zoneinfo import available_timezones

import pytest

from tests.cast import SITE_ROLES, SPACES, Scene
from tests.pseudo import CODES, pseudo_languages
from tests.translations.furniture import KEY, furnish
from tests.translations.screens import SCREENS

SKIPPED = {"script", "style", "kbd", "code", "pre", "time", "textarea"}
"""Elements without texts of the wiki. Babel writes moments, and knows only real languages."""

READ_ALOUD = {"alt", "aria-label", "aria-description", "placeholder", "title"}
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
WORDS = ("plan", "rota", "trellis", "templates", "redacted", "example.org", KEY, "AKIA…7Q")
NAMES = (
    *(
        "pdf",
        "png",
        "zip",
        "md",
        "application",
        "CSV",
        "JSON lines",
        "JSON",
        "UTC",
        "UTF-8",
        "YAML",
    ),
    *("Slack", "Teams", "Mattermost"),
)
ZONES = available_timezones()
KEYS = ("Ctrl-[A-Z]", "Alt", "[rv][0-9]+", "[a-z]+[.][a-z_]+")
CONTENT = re.compile(
    rf"\b({'|'.join([*SITE_ROLES, *SPACES, *WORDS, *NAMES, *KEYS])}|none)\b"
    r"|\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(uary|ruary|ch|il|e|y|ust|ember|ober)?\b"
    r"|https?://[a-z0-9.:]+|English|Deutsch|Français|Accented|Mirrored|IBAN|TLS|#1c6a4c",
    re.IGNORECASE,
)
"""Words that people wrote, names of formats, keys and languages, an example of a color, and
months, which Babel writes only in real languages."""


class Texts(HTMLParser):
    """Collects the texts that a screen shows or reads aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            is_face = (dict(attrs).get("class") or "").startswith("avatar")
            # Initials, and content in a language of its own.
            is_content = is_face or (tag != "html" and "lang" in dict(attrs))
            self.open.append("code" if is_content else tag)
        if tag != "time":
            self.found += [value or "" for name, value in attrs if name in READ_ALOUD]

    def handle_endtag(self, tag: str) -> None:
        while tag in self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not SKIPPED.intersection(self.open):
            self.found.append(data)


def readable(html: str) -> list[str]:
    """The texts in which a word is left that neither a person wrote nor the catalogue changed."""
    texts = Texts()
    texts.feed(html)
    return [
        text
        for text in texts.found
        if re.search("[A-Za-z]", CONTENT.sub("", text)) and text.replace(" ", "_") not in ZONES
    ]


@pytest.fixture(autouse=True)
def speaking_so() -> Iterator[None]:
    with pseudo_languages():
        yield


@pytest.mark.parametrize("code", CODES)
def test_every_text_of_a_marked_screen_is_translated(wiki: Scene, code: str) -> None:
    names = furnish(wiki)
    left = {}
    for handle, screen in SCREENS:
        url = screen.format(**names)
        answer = wiki.get(handle, url, headers={"Accept-Language": code})
        assert f'lang="{code}"' in answer.text, (url, answer.status_code)
        if found := readable(answer.text):
            left[f"{url} as {handle}"] = found
    assert left == {}


def test_a_text_that_is_not_marked_is_found() -> None:
    assert readable('<p title="Ben">⟦Šţàŕŕéđ⟧ <time>3 Nov</time> in Eng</p>') == [" in Eng"]
    assert readable('<a aria-label="Close">×</a><code>git</code>') == ["Close"]
