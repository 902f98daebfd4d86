"""Fragments of templates, which are rendered once for the same values.

    {% fragment title=space.title, links=room_links("site") %}…{% endfragment %}

A fragment can use only the values that it names and what is the same for everybody who reads in one
language. Anything else is an error when the template is compiled. So nobody is shown a fragment
that was made for somebody who sees something else in it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any

from flask import Flask
from jinja2 import Environment, Template, TemplateSyntaxError, nodes
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.runtime import Context
from markupsafe import Markup

from wiki.i18n import reader

LIMIT = 4 << 20
"""Maximum size of all fragments of an app together, in characters."""
LARGEST = 1 << 17

FOR_EVERYBODY = frozenset({
    "_", "gettext", "ngettext", "pgettext", "loop", "reader", "asset", "room_shortcuts",
    "icon", "look_icon", "crumb_list", "menu", "tree_items", "tree_rest", "draw", "change_row",
})  # fmt: skip
"""Functions and imported macros that fragments may use. What they return depends on nothing but
their arguments and the reader's language and zone."""


class Fragments:
    """Rendered fragments by what they were rendered from. Drops the least recently used ones."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._size = 0
        self._kept: OrderedDict[Hashable, Markup] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, render: Callable[[], str]) -> Markup:
        """Return the fragment of ``key``, rendered now unless it is kept."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = Markup(render())  # noqa: S704, the output of a template
        if len(made) <= min(LARGEST, self._limit):
            with self._lock:
                old = self._kept.pop(key, None)
                self._size += len(made) - (len(old) if old is not None else 0)
                self._kept[key] = made
                while self._size > self._limit:
                    self._size -= len(self._kept.popitem(last=False)[1])
        return made


class FragmentTag(Extension):
    """The tag ``fragment``."""

    tags = {"fragment"}  # noqa: RUF012

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        environment.extend(fragments=Fragments())

    def parse(self, parser: Parser) -> nodes.Node:
        """Return the call that renders or returns a fragment."""
        line = next(parser.stream).lineno
        names: list[str] = []
        values: list[nodes.Expr] = []
        while parser.stream.current.type != "block_end":
            if names:
                parser.stream.expect("comma")
            names.append(parser.stream.expect("name").value)
            parser.stream.expect("assign")
            values.append(parser.parse_expression())
        body = parser.parse_statements(("name:endfragment",), drop_needle=True)
        self._check(parser, body, names, line)
        place = nodes.Const(f"{parser.name}:{line}")
        call = self.call_method("_render", [place, nodes.Tuple(values, "load")])
        parameters = [nodes.Name(name, "param") for name in names]
        return nodes.CallBlock(call, parameters, [], body).set_lineno(line)

    def _check(self, parser: Parser, body: list[nodes.Node], names: list[str], line: int) -> None:
        whole = nodes.Scope(body)
        used = list(whole.find_all(nodes.Name))
        known = {*names, *FOR_EVERYBODY, *(name.name for name in used if name.ctx != "load")}
        for name in used:
            if name.name not in known:
                raise TemplateSyntaxError(
                    f"A fragment uses {name.name}, which is not one of its values.",
                    line,
                    parser.name,
                    parser.filename,
                )
        if whole.find(nodes.Include) or whole.find(nodes.Block):
            raise TemplateSyntaxError(
                "A fragment contains no other templates and no blocks.",
                line,
                parser.name,
                parser.filename,
            )

    def _render(self, place: str, values: tuple[Any, ...], caller: Callable[..., str]) -> Markup:
        by = reader()
        key = (place, by.language.code, str(by.zone), str(by.site_zone), _frozen(values))
        fragments: Fragments = self.environment.fragments  # type: ignore[attr-defined]
        return fragments.get(key, lambda: caller(*values))


def _frozen(value: Any) -> Hashable:
    """Return a value as a key: with lists as tuples, and with HTML apart from the same text, which
    a template escapes."""
    if isinstance(value, Markup):
        return Markup, value
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


class OwnTemplate(Template):
    """A template without globals of its own, so that what is imported from it is made once. Jinja
    compares all globals at each import."""

    def _get_default_module(self, _ctx: Context | None = None) -> TemplateModule:
        return super()._get_default_module()


def init_app(app: Flask) -> None:
    """Add the tag ``fragment`` to the templates, and the function ``cached_icons`` for
    ``ui/icons.html``."""
    app.jinja_env.template_class = OwnTemplate
    app.jinja_env.add_extension(FragmentTag)
    app.jinja_env.globals["cached_icons"] = cached_icons


def cached_icons(shapes: Mapping[str, str]) -> Callable[..., Markup]:
    """Return the function that writes an icon as SVG. Its parameters are the name of a shape, a
    label for screen readers and, as ``class``, a CSS class."""

    @lru_cache(maxsize=512)
    def icon(name: str, label: str = "", **more: str) -> Markup:
        words = Markup('role="img" aria-label="{}"').format(label) if label else _HIDDEN
        classes = " ".join(["icon", *filter(None, more.values())])
        return _ICON.format(classes, words, Markup(shapes.get(name, "")))  # noqa: S704, our own

    return icon


_HIDDEN = Markup('aria-hidden="true"')
_ICON = Markup('<svg class="{}" viewBox="0 0 24 24" {}>{}</svg>')
