"""The lists of screens, which tests open in a browser and in other languages, leave nothing out."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from flask import Flask

from tests.browser.screens import NO_SCREENS
from tests.browser.screens import SCREENS as IN_BROWSER
from tests.cast import Scene
from tests.translations.screens import SCREENS as IN_LANGUAGES


def endpoints_of(app: Flask, screens: Iterable[tuple[str, str]]) -> set[str]:
    """The endpoints that answer some addresses."""
    adapter = app.url_map.bind("localhost")
    paths = {re.sub(r"\{\w+\}", "1", path).partition("?")[0] for _, path in screens}
    return {adapter.match(path)[0] for path in paths}


def endpoints_with_get(app: Flask) -> set[str]:
    return {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.endpoint.startswith("api.")
    }


@pytest.mark.parametrize("screens", [IN_BROWSER, IN_LANGUAGES], ids=["browser", "languages"])
def test_every_screen_is_in_the_lists_or_has_a_reason(
    wiki: Scene, screens: Iterable[tuple[str, str]]
) -> None:
    listed = endpoints_of(wiki.app, screens)
    assert endpoints_with_get(wiki.app) - NO_SCREENS.keys() - listed == set()


def test_every_reason_is_needed(wiki: Scene) -> None:
    listed = endpoints_of(wiki.app, IN_BROWSER) | endpoints_of(wiki.app, IN_LANGUAGES)
    assert NO_SCREENS.keys() - endpoints_with_get(wiki.app) == set()
    assert NO_SCREENS.keys() & listed == set()
