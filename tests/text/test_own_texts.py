"""Texts of the wiki within renderings are stored as codes and written in the reader's language."""

from __future__ import annotations

import pytest

from wiki.i18n import speaking
from wiki.text.markdown.context import RenderContext
from wiki.text.markdown.fragments import as_part, with_section_links
from wiki.text.markdown.markup import render
from wiki.text.own_texts import _NAMES, in_words, only_values, own_text, sentence_of
from wiki.text.paths import PathError, normalise_path

HERE = RenderContext("eng", "guide", title="Guide")
SOURCE = """\
## A & “B” <kbd>"c"</kbd>

- [x] done
- [ ] open [^1]

[^1]: Note.

| a |
|---|
| b |

[x](../../out.md) [y](gopher://host/) ![](a.pdf) ![p "q"](https://host.example/p.png) ![[#a]]

> [!NOTE]
> one

!!! warning
    two

<iframe src="https://video.example/1"></iframe><video src="a.mp4"></video>
"""


def test_a_rendering_is_stored_without_words_of_a_language() -> None:
    with speaking("de"):
        german = render(SOURCE, HERE)
    made = render(SOURCE, HERE)
    assert (german.html, german.text, german.excerpt) == (made.html, made.text, made.excerpt)
    for word in ("Link to", "leads nowhere", "Image", "Note<", "Warning", "Embedded", "Recording"):
        assert word not in made.html
    assert "\x02" not in made.text + made.excerpt


def test_a_rendering_is_shown_in_the_language_of_its_reader() -> None:
    html = with_section_links(render(SOURCE, HERE).html, "/eng/guide/-/edit", "")
    with speaking("de"):
        german = in_words(html)
    for text in (
        'aria-label="Link zum Abschnitt: A &amp; “B” &quot;c&quot;"',
        'aria-label="Abschnitt „A &amp; “B” &quot;c&quot;“ bearbeiten"',
        'title="Dieser Link führt nirgendwohin: Er führt aus dem Bereich hinaus"',
        'title="Dieser Link führt nirgendwohin: Links mit gopher: sind nicht erlaubt"',
        'Bild auf host.example: p "q"<',
        ">Hinweis</p>",
        ">Warnung</p>",
        'aria-label="Tabelle 1"',
        'aria-label="Fußnoten"',
        'aria-label="Erledigt"',
        ">Eingebettet von video.example<",
    ):
        assert text in german
    assert "\x02" not in german + in_words(html)
    assert "This link leads nowhere: it leads out of the space" in in_words(html)


def test_an_included_part_names_its_page_in_the_language_of_the_reader() -> None:
    html = as_part(render(SOURCE, HERE).html, "in1-", "/eng/guide", "Guide")
    with speaking("fr"):
        french = in_words(html)
    assert 'aria-label="Tableau 1 de Guide"' in french
    assert 'aria-label="Notes de bas de page de Guide"' in french


def test_a_path_is_refused_in_the_language_of_the_reader() -> None:
    with speaking("de"), pytest.raises(PathError, match="mit einem Punkt beginnt"):
        normalise_path("a/.<b>")
    with pytest.raises(PathError, match=r"“\.<b>” can’t be a part of a path"):
        normalise_path("a/.<b>")


@pytest.mark.parametrize(
    "forged",
    ["\x02nothing\x03", "\x02done\x1fx\x03", "\x02section\x03", "\x02section\x1f<b>\x03", "\x02"],
)
def test_what_is_no_mark_stays_as_it_is(forged: str) -> None:
    assert in_words(f"<p>{forged}</p>") == f"<p>{forged}</p>"


def test_a_value_cannot_end_its_mark() -> None:
    assert sentence_of(own_text("section", "a\x03\x02b\x1fc")) == "Link to the section: abc"
    assert only_values(own_text("nowhere-why", own_text("scheme", "ftp"))) == "ftp"


def test_every_text_says_the_same_values_in_every_language() -> None:
    for code, names in _NAMES.items():
        values = [f"<{name}>" for name in names]
        for language in ("en", "de", "fr"):
            with speaking(language):
                said = sentence_of(own_text(code, *values))
            assert all(said.count(value) == 1 for value in values), (code, language)
