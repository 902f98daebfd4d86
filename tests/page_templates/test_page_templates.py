"""Pages start from templates, built in or kept in the space, with fields that are asked for."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tests.cast import Scene
from wiki.i18n import LANGUAGES, SOURCE, speaking
from wiki.page_templates.fields import Field, fields_in, fill
from wiki.page_templates.queries import BUILT_IN, BuiltIn
from wiki.people.models import Person


def body_of(html: str) -> str:
    """The text in the editor."""
    found = re.search(r'<textarea[^>]* name="body"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def title_of(html: str) -> str:
    """The title in the editor."""
    found = re.search(r'<input[^>]* name="title"[^>]* value="([^"]*)"', html)
    assert found is not None
    return unescape(found[1])


def test_the_form_for_a_new_page_offers_templates(wiki: Scene) -> None:
    wiki.write("templates/weekly", "x", title="Weekly report")
    form = wiki.get("ben", "/eng/-/new?under=teams").text
    assert "/eng/-/templates/meeting-notes?under=teams" in form
    assert "Weekly report" in form
    gallery = wiki.get("ben", "/eng/-/templates?under=teams").text
    assert "Post-mortem" in gallery
    assert "Weekly report" in gallery
    assert wiki.get("cai", "/eng/-/templates").status_code == 403
    assert wiki.get("gus", "/eng/-/templates").status_code == 404


@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_every_built_in_template_asks_for_its_fields_and_fills_them_in(
    wiki: Scene, template: object
) -> None:
    name = getattr(template, "name", "")
    asked = wiki.get("ben", f"/eng/-/templates/{name}").text
    inputs = re.findall(r'name="(field-\d+)"', asked)
    assert len(inputs) >= 3
    choices = dict(re.findall(r'<select[^>]* name="(field-\d+)".*?<option value="([^"]*)"', asked))
    values = {one: choices.get(one, f"Value of {one}") for one in inputs}
    editor = wiki.post("ben", f"/eng/-/templates/{name}", under="teams", **values)
    assert editor.status_code == 200
    text = title_of(editor.text) + body_of(editor.text)
    assert "{{" not in text
    for value in values.values():
        assert value in text
    assert 'name="under" value="teams"' in editor.text


def test_a_built_in_template_is_in_the_language_of_the_person_who_picks_it(wiki: Scene) -> None:
    asked = wiki.get("ben", "/eng/-/templates/meeting-notes").text
    assert "Participants" in asked
    with wiki.database.write() as session:
        session.execute(update(Person).where(Person.handle == "ben").values(language="de"))
    asked = wiki.get("ben", "/eng/-/templates/meeting-notes").text
    assert "Teilnehmende" in asked
    assert "Participants" not in asked
    sent = {"field-1": "Planung", "field-2": "2026-02-09", "field-3": "Ada und Eve"}
    editor = wiki.post("ben", "/eng/-/templates/meeting-notes", **sent).text
    assert title_of(editor) == "Planung, 2026-02-09"
    assert "**Teilnehmende:** Ada und Eve" in body_of(editor)
    assert "## Beschlüsse" in body_of(editor)


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {SOURCE}))
@pytest.mark.parametrize("template", BUILT_IN, ids=lambda template: template.name)
def test_a_built_in_template_has_the_same_shape_in_every_language(
    template: BuiltIn, language: str
) -> None:
    def shape() -> tuple[list[tuple[str, int]], list[str]]:
        fields = fields_in([template.title, template.body])
        marks = re.findall(r"^(?:#+|-(?: \[ \])?|\|(?: --- \|)+|\d\.)", template.body, re.MULTILINE)
        return [(field.kind, len(field.choices)) for field in fields], marks

    english, text = shape(), template.body
    with speaking(language):
        assert template.body != text
        assert shape() == english


def test_a_page_of_the_space_is_a_template_with_its_tags_and_links(wiki: Scene) -> None:
    wiki.write("rota", "x", title="Rota")
    page = wiki.write(
        "templates/weekly",
        "Week of {{ Monday | date }}, see [rota](../rota).\n\n{{ News | text }}\n",
        title="Week {{ Number }}",
        tags=("report",),
    )
    asked = wiki.get("ben", f"/eng/-/templates/{page.id}?under=teams/a")
    assert 'type="date"' in asked.text
    sent = {"field-1": "7", "field-2": "2026-02-09", "field-3": "All *well*\r\nand {{ Number }}"}
    editor = wiki.post("ben", f"/eng/-/templates/{page.id}", under="teams/a", **sent).text
    assert title_of(editor) == "Week 7"
    assert body_of(editor) == (
        "Week of 2026-02-09, see [rota](../../rota).\n\nAll *well*\nand {{ Number }}\n"
    )
    assert 'value="report"' in editor
    made = wiki.post("ben", "/eng/-/new", under="teams/a", title="Week 7", body=body_of(editor))
    assert made.location == "/eng/teams/a/week-7"


def test_a_template_without_fields_opens_the_editor_at_once(wiki: Scene) -> None:
    page = wiki.write("templates/plain", "Just text {{ 1 }} {{}} {{ a | b | c }}.", title="Plain")
    editor = wiki.get("ben", f"/eng/-/templates/{page.id}").text
    assert body_of(editor) == "Just text {{ 1 }} {{}} {{ a | b | c }}."


def test_a_page_is_saved_as_a_template(wiki: Scene) -> None:
    wiki.write("teams/rota", "See [setup](setup).", title="Rota")
    editor = wiki.get("ben", "/eng/teams/rota/-/as-template").text
    assert 'name="under" value="templates"' in editor
    assert body_of(editor) == "See [setup](../teams/setup)."
    assert wiki.get("cai", "/eng/teams/rota/-/as-template").status_code == 403


def test_what_is_no_template_or_hidden_is_not_found(wiki: Scene) -> None:
    hidden = wiki.write("templates/x", "secret", space="lab", by="eve")
    asked = [f"/eng/-/templates/{hidden.id}", "/eng/-/templates/999999", "/eng/-/templates/none"]
    for url in (*asked, f"/eng/-/templates/{'9' * 30}"):
        assert wiki.get("ben", url).status_code == 404


def test_a_value_that_is_too_long_is_refused_and_nothing_is_lost(wiki: Scene) -> None:
    sent = {"field-1": "y" * 5001, "field-3": "Ada and Eve"}
    refused = wiki.post("ben", "/eng/-/templates/meeting-notes", **sent)
    assert refused.status_code == 422
    assert "can have up to 5000 characters" in refused.text
    assert "Ada and Eve" in refused.text
    assert "y" * 5001 in refused.text


@given(st.text(), st.dictionaries(st.sampled_from(["One", "Two"]), st.text()))
def test_only_fields_are_replaced(text: str, values: dict[str, str]) -> None:
    template = f"{text}|{{{{ One }}}}|{{{{Two|date}}}}|"
    fields = fields_in([template])
    assert {"One", "Two"} <= {field.name for field in fields} or "{" in text
    filled = fill(template, [Field("One"), Field("Two")], values)
    if "{" not in text:
        assert filled == f"{text}|{values.get('One', '')}|{values.get('Two', '')}|"
