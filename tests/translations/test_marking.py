"""Every text for readers is marked."""

from __future__ import annotations

import pytest

from tests.translations.marking import in_python, in_script, in_template, unmarked


def test_every_text_for_readers_is_marked() -> None:
    assert unmarked() == {}


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("<p>Hello you</p>", ["Hello you"]),
        ('<p>{{ _("Hello you") }}</p>{% trans %}more <b>of</b> it{% endtrans %}', []),
        ('<a title="Open {{ name }}" class="small quiet">{{ name }}</a>', ["Open"]),
        ('{{ button("Save now", "small danger") }}', ["Save now"]),
        ('{{ button(_("Save now"), "primary") }}<kbd>Ctrl K</kbd>', []),
        ("{# A comment of words #}{% if a == 'b' %}<i></i>{% endif %}", []),
    ],
)
def test_unmarked_texts_of_templates_are_found(source: str, texts: list[str]) -> None:
    assert in_template(source) == texts


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        (
            '"""A docstring of words."""\nraise Invalid("Enter a name.", field="name")',
            ["Enter a name."],
        ),
        ('raise Invalid(_("Enter a name."))\nlog.warning("Could not do it")', []),
        ('flash(f"{name} was saved.")\nraise ValueError("No such thing")', ["\0 was saved."]),
        ('link = Link(Place.SITE, 1, "Starred", "-/starred")', ["Starred"]),
        ('DONE = "Nothing was changed."', ["Nothing was changed."]),
    ],
)
def test_unmarked_texts_of_modules_are_found(source: str, texts: list[str]) -> None:
    assert in_python(source) == texts


def test_sentences_of_events_are_found() -> None:
    assert in_python('sentence = "created {space}"', sentences=True) == ["created {space}"]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ('button.textContent = "Copied to clipboard";', ["Copied to clipboard"]),
        ('button.textContent = t("Copied to clipboard"); // In a comment "Of words"', []),
        ('if (event.key === "Enter") panel.querySelector("[data-open] .rows")', []),
        ("status.textContent = `Saved ${count} files`;", ["Saved ${count} files"]),
    ],
)
def test_unmarked_texts_of_scripts_are_found(source: str, texts: list[str]) -> None:
    assert in_script(source) == texts
