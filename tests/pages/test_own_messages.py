"""Messages that the wiki writes for revisions itself are shown in the reader's language."""

from __future__ import annotations

import pytest

from tests.cast import Scene
from wiki.i18n import speaking
from wiki.pages.saving.own_messages import _ENGLISH, message_in_words, own_message


@pytest.mark.parametrize("code", _ENGLISH)
def test_every_message_is_recognised(code: str) -> None:
    values = {name: f"<{name}>" for name in ("old", "new", "changes", "number", "item", "file")}
    message = own_message(code, **values)
    assert message_in_words(message) == message
    for language in ("de", "fr"):
        with speaking(language):
            shown = message_in_words(message)
        assert shown != message
        assert {value for value in values.values() if value in message} == {
            value for value in values.values() if value in shown
        }


def test_a_message_of_an_author_is_shown_as_it_is() -> None:
    with speaking("de"):
        assert message_in_words("Moved the table") == "Moved the table"
        assert message_in_words(own_message("moved", links=2, old="a", new="b to c")) == (
            "Von a nach b to c verschoben; 2 Links darin aktualisiert"
        )


def test_a_message_is_stored_in_english_whatever_its_author_speaks(wiki: Scene) -> None:
    wiki.write("rota", "words")
    with speaking("de"):
        wiki.write("rota", "more words", message=own_message("undone", number=1))
    assert "Undo revision 1" in wiki.get("cai", "/eng/rota/-/history").text
