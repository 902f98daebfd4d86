"""Invisible characters: those that could deceive, and how all of them are shown."""

from html import escape

import pytest

from wiki.text.scan.unseen import deceptive, deceptive_in, marked, notice

RLO, LRI, PDI, PDF = "\u202e", "\u2066", "\u2069", "\u202c"
ZWSP, ZWNJ, ZWJ, RLM, TAG_A = "\u200b", "\u200c", "\u200d", "\u200f", "\U000e0061"
FAMILY = f"👨{ZWJ}👩{ZWJ}👧"
SCOTLAND = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (f"one\nif {RLO}x", [2]),
        (f"if access != 'user{RLO} {LRI}// admin{PDI} {LRI}':", [1] * 4),
        (f"{LRI}a{PDI}", [1, 1]),
        (f"a{PDF}b", [1]),
        (f"ad{ZWSP}min", [1]),
        (f"ad{ZWJ}min ad{ZWNJ}min", [1, 1]),
        ("pass\u2060word\npass\ufeffword\npay\u00adpal", [1, 2]),
        (f"a{TAG_A}b", [1]),
        (f"a {RLM}b", [1]),
        ("x\u3164y", [1]),
        ("a\x1b[31mb\x08", [1, 1]),
        ("a\ufe0f\ufe0fb", [1, 1]),
        (f"שלום {LRI}abc", [1]),
    ],
)
def test_what_could_deceive_is_found_in_its_line(text, lines):
    assert [one.line for one in deceptive(text)] == lines


@pytest.mark.parametrize(
    "text",
    [
        "plain text, café, 中文\n\ttab\n",
        FAMILY,
        f"🏳️{ZWJ}🌈 ❤️ ☎︎ 1️⃣ {SCOTLAND}",
        f"می{ZWNJ}خواهم",
        f"क्{ZWJ}ष क्{ZWNJ}ष",
        f"שלום{RLM} (abc){RLM}",
        f"مرحبا {LRI}abc{PDI} \u202bא\u202c",
        f"ภาษา{ZWSP}ไทย",
        f"a/{ZWSP}b",
        "葛\U000e0100",
        "soft\u00adhyphen and page\x0cbreak",
    ],
)
def test_what_a_script_or_an_emoji_needs_is_left_alone(text):
    assert deceptive(text) == []


def test_what_was_in_the_text_before_is_not_named_again():
    text = f"old {RLO}\nnew {RLO}"
    assert [one.line for one in deceptive(text, known={f"old {RLO}"})] == [2]


def test_the_notice_names_character_and_line():
    said = notice(deceptive(f"a{RLO}\n\nb{RLO}\nad{ZWSP}min"))
    assert "RIGHT-TO-LEFT OVERRIDE (U+202E) in lines 1, 3" in said
    assert "ZERO WIDTH SPACE (U+200B) in line 4" in said
    beside = deceptive_in("title", f"a{RLO}", known="a")
    said = notice([*deceptive(f"a{RLO}"), *beside], "a.txt")
    assert said.startswith("The name of “a.txt” contains invisible characters")
    assert said.endswith("RIGHT-TO-LEFT OVERRIDE (U+202E) in line 1 and the title.")
    assert deceptive_in("title", f"a{RLO}", known=f"a{RLO}") == []
    assert notice([]) == ""


def test_each_is_shown_by_its_number_and_an_emoji_as_it_is():
    shown = marked(f"<a>{RLO}b{ZWSP}{FAMILY}", escape)
    assert shown == (
        '&lt;a&gt;<span class="unseen" title="RIGHT-TO-LEFT OVERRIDE (U+202E)">U+202E</span>b'
        f'<span class="unseen" title="ZERO WIDTH SPACE (U+200B)">U+200B</span>{FAMILY}'
    )
    assert marked("a & b", escape) == "a &amp; b"
    assert marked("\x1b", escape) == '<span class="unseen" title="ESCAPE (U+001B)">U+001B</span>'
