"""Fragments of templates are rendered once for the same values, and can use nothing else."""

from __future__ import annotations

from functools import partial

import pytest
from jinja2 import DictLoader, Environment, TemplateSyntaxError
from markupsafe import Markup

from wiki import i18n
from wiki.web.screens.fragments import Fragments, FragmentTag


def environment(**templates: str) -> Environment:
    """Templates by name, with a function that counts its calls."""
    loader = DictLoader(templates)
    made = Environment(loader=loader, extensions=[FragmentTag], autoescape=True)
    calls: list[str] = []

    def icon(name: str) -> str:
        calls.append(name)
        return name

    made.globals["icon"] = icon
    made.globals["calls"] = calls
    return made


def test_a_fragment_is_rendered_once_for_the_same_values() -> None:
    made = environment(page="{% fragment name=who.name %}{{ icon(name) }}{% endfragment %}!")
    page = made.get_template("page")
    shown = [page.render(who={"name": name}) for name in ("Ada", "Ben", "Ada", "<Cai>", "<Cai>")]
    assert shown == ["Ada!", "Ben!", "Ada!", "&lt;Cai&gt;!", "&lt;Cai&gt;!"]
    assert made.globals["calls"] == ["Ada", "Ben", "<Cai>"]


def test_lists_of_pairs_are_values() -> None:
    made = environment(
        page="{% fragment ways=ways %}{% for a, b in ways %}{{ icon(a) }}{{ b }}{% endfor %}"
        "{% endfragment %}"
    )
    for ways in ([("a", "1"), ("b", "2")], [("a", "1"), ("b", "3")], [("a", "1"), ("b", "2")]):
        made.get_template("page").render(ways=ways)
    assert made.globals["calls"] == ["a", "b", "a", "b"]


def test_text_is_never_shown_as_the_html_that_it_looks_like() -> None:
    made = environment(
        page="{% fragment names=names %}{% for name in names %}{{ name }}{% endfor %}"
        "{% endfragment %}"
    )
    page = made.get_template("page")
    assert page.render(names=[Markup("<b>a</b>")]) == "<b>a</b>"
    assert page.render(names=["<b>a</b>"]) == "&lt;b&gt;a&lt;/b&gt;"


@pytest.mark.parametrize(
    "body",
    ["{{ secret }}", "{{ name ~ secret.title }}", "{% include 'other' %}", "{{ csrf_token() }}",
     "{% if secret %}x{% endif %}", "{% block inner %}{% endblock %}"],
)  # fmt: skip
def test_a_fragment_cannot_use_what_is_not_among_its_values(body: str) -> None:
    made = environment(page=f"{{% fragment name=name %}}{body}{{% endfragment %}}", other="")
    with pytest.raises(TemplateSyntaxError):
        made.get_template("page")


def test_fragments_of_different_languages_are_different() -> None:
    made = environment(page="{% fragment %}{{ icon(reader().language.code) }}{% endfragment %}")
    made.globals["reader"] = i18n.reader
    shown = []
    for code in ("en", "de", "en"):
        i18n.speak(code)
        shown.append(made.get_template("page").render())
    i18n.speak()
    assert shown == ["en", "de", "en"] and made.globals["calls"] == ["en", "de"]


def test_the_oldest_fragments_are_dropped() -> None:
    kept, made = Fragments(limit=10), list[str]()

    def render(key: str) -> str:
        made.append(key)
        return key * 4

    for key in ("a", "b", "a", "c", "a", "b"):
        kept.get(key, partial(render, key))
    assert made == ["a", "b", "c", "b"]
