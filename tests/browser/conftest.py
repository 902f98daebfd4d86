"""A real browser on a real server: one of each for the whole run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.named import name_things
from tests.browser.visit import Visit
from tests.browser.world import fill
from tests.cast import Scene, move_in
from tests.serving.inside import serving
from tests.ways_in import stand_at_the_door
from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.migrate import migrate

Opening = Callable[..., BrowserContext]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, password_hash: str) -> Iterator[Scene]:
    """The app with the cast, and pages to look at."""
    data = tmp_path_factory.mktemp("world")
    settings = Settings(
        data_dir=data,
        secret_key="a key that is only good for testing",
        oidc_issuer="https://id.example.org",  # shown, never asked
        oidc_client_id="wiki",
        oidc_client_secret="secret",
        oidc_name="Example ID",
        registration="domains",
        registration_domains="example.org, a-long-name.of-a-subsidiary.example.org",
    )
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    scene = Scene(app, settings, database, move_in(database, password_hash))
    fill(scene)
    app.config["WTF_CSRF_ENABLED"] = False
    scene.names = name_things(scene)
    stand_at_the_door(scene, "eve")
    app.config["WTF_CSRF_ENABLED"] = True
    yield scene
    database.dispose()


@pytest.fixture(scope="session")
def site(world: Scene) -> Iterator[str]:
    """Where the app is served, as `wiki serve` would: ``http://127.0.0.1:…``."""
    with serving(world.app, threads=4) as address:
        yield address


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, without a profile."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def signed_in(world: Scene) -> dict[str, str]:
    """The cookie of a sign-in, by handle."""
    cookies = {}
    for handle in ("ada", "ben", "cai", "dot", "eve", "half", "newcomer", "unsure"):
        cookie = world.client(handle).get_cookie("wiki")
        assert cookie is not None
        cookies[handle] = cookie.value
    return cookies


@pytest.fixture(scope="session")
def open_context(browser: Browser, site: str, signed_in: dict[str, str]) -> Opening:
    """Opens a browser of somebody's, with nothing in it but their cookie."""

    def opened(handle: str, **options: Any) -> BrowserContext:
        context = browser.new_context(base_url=site, reduced_motion="reduce", **options)
        if handle != "nobody":
            context.add_cookies([{"name": "wiki", "value": signed_in[handle], "url": site}])
        return context

    return opened


@pytest.fixture
def visit(open_context: Opening, site: str, world: Scene) -> Iterator[Visit]:
    """Opens pages as somebody; at the end nothing may have gone wrong in the browser."""
    visiting = Visit(open_context, site, world)
    yield visiting
    visiting.close()
    assert visiting.problems == []


@pytest.fixture(scope="session")
def open_visit(open_context: Opening, site: str, world: Scene) -> Iterator[Visit]:
    visiting = Visit(open_context, site, world)
    yield visiting
    visiting.close()


@pytest.fixture
def looking(open_visit: Visit) -> Iterator[Visit]:
    """The same, with browsers that stay open from screen to screen: for who only looks."""
    open_visit.problems.clear()
    open_visit.expected = ()
    yield open_visit
    assert open_visit.problems == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core."""
    root = Path(__file__).parents[2]
    return (root / "node_modules/axe-core/axe.min.js").read_text()
