"""What is said in trailers is found again, and the message with it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from wiki.transfer.git.trailers import split_trailers, with_trailers

LINES = st.sampled_from(
    [
        "",
        "Wiki-Page: 1",
        "Wiki-Action: edit",
        "Wiki-Trailers: none",
        "Wiki-Page:",
        "Signed-off-by: A <a@example.org>",
        " Wiki-Page: 1",
        "words",
        "Grüße: 日本語",
        "\r",
    ]
)
MESSAGES = st.one_of(st.text(), st.lists(LINES, max_size=8).map("\n".join))
NAMES = st.from_regex(r"Wiki-[A-Za-z][A-Za-z-]{0,8}", fullmatch=True).filter(
    lambda name: name != "Wiki-Trailers"
)
VALUES = st.text(st.characters(exclude_characters="\n"))


@given(MESSAGES, st.dictionaries(NAMES, VALUES, max_size=4))
@example("", {})
@example("", {"Wiki-Page": ""})
@example("Wiki-Page: 1", {})
@example("Wiki-Page: 1\n", {"Wiki-Page": "2"})
@example("\n\nWiki-Page: 1", {})
@example("words\n\n", {"Wiki-Page": "2"})
def test_message_and_trailers_are_found_again(message: str, trailers: dict[str, str]) -> None:
    assert split_trailers(with_trailers(message, trailers)) == (message, trailers)


@given(MESSAGES)
def test_what_is_split_can_be_put_together_again(message: str) -> None:
    text, trailers = split_trailers(message)
    assert split_trailers(with_trailers(text, trailers)) == (text, trailers)


def test_they_are_the_trailers_that_git_knows() -> None:
    message = with_trailers("Say who is on call\n\nBecause we forgot.", {"Wiki-Page": "4711"})
    assert message == "Say who is on call\n\nBecause we forgot.\n\nWiki-Page: 4711\n"


def test_trailers_of_others_are_left_in_the_message() -> None:
    theirs = "Fix it\n\nSigned-off-by: A <a@example.org>"
    assert split_trailers(theirs) == (theirs, {})
    assert split_trailers(f"{theirs}\n") == (f"{theirs}\n", {})
    mixed = "Fix it\n\nSigned-off-by: A <a@example.org>\nWiki-Page: 1"
    assert split_trailers(mixed) == (mixed, {})


@pytest.mark.parametrize("trailers", [{"Page": "1"}, {"Wiki-Page": "a\nb"}, {"Wiki-Trailers": "x"}])
def test_what_could_not_be_found_again_is_refused(trailers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is no trailer"):
        with_trailers("words", trailers)
