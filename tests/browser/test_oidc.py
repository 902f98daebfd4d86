"""Signing in by a real provider in a real browser: over the screen on the way, with the policy for
forms as it is, with scripts and without."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_every_screen import STICKING_OUT, objections
from tests.browser.visit import NARROWEST, PHONE, WIDE
from tests.cast import PASSWORD, Scene, move_in
from tests.people.oidc import CLIENT_ID, SECRET, real_provider
from tests.surroundings import thorough
from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.migrate import migrate
from wiki.serve.web import listen
from wiki.web.server.connection import Connection
from wiki.web.server.wsgi_bridge import Gateway

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


@dataclass
class Place:
    """A wiki that is served, and a browser to visit it with."""

    url: str
    scene: Scene
    browser: Browser

    def open(self, path: str, *, scripts: bool = True) -> Page:
        context = self.browser.new_context(base_url=self.url, java_script_enabled=scripts)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.goto(path)
        return page


@pytest.fixture
def place(tmp_path: Path, password_hash: str, browser: Browser) -> Iterator[Place]:
    listener = listen("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with real_provider(f"{url}/-/login/oidc/callback") as issuer:
        settings = Settings(
            data_dir=tmp_path,
            secret_key="a key that is only good for testing",
            base_url=url,
            oidc_issuer=issuer,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=SECRET,
            oidc_name="Example ID",
            oidc_domains="new.example.org",
        )
        database = open_database(settings)
        migrate(database)
        app = create_app(settings, database)
        scene = Scene(app, settings, database, move_in(database, password_hash))
        gateway = Gateway(app, threads=4, body_limit=64 << 20)
        server = uvicorn.Server(
            uvicorn.Config(gateway, http=Connection, ws="none", lifespan="off", log_config=None)
        )
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        yield Place(url, scene, browser)
        server.should_exit = True
        thread.join()
        database.dispose()


def sign_in_there(page: Page, login: str) -> None:
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", "any")
    page.click("button[type=submit]")
    page.click("button[type=submit]")  # may the wiki know?


@pytest.mark.parametrize("scripts", [True, *thorough(False)], ids=["with scripts", "without"])
def test_a_newcomer_comes_in_and_links_more(place: Place, axe: str, scripts: bool) -> None:
    page = place.open("/-/login?next=/open/", scripts=scripts)
    page.click("text=Continue with Example ID")
    sign_in_there(page, "id-of-new")
    page.wait_for_url("**/-/login/oidc/new?**")
    expect(page.locator("#name")).to_have_value("Nia New")
    if scripts:
        for scheme, size in (("light", WIDE), ("dark", PHONE)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(size)
            assert objections(page, axe) == []
        page.set_viewport_size(NARROWEST)
        assert page.evaluate(STICKING_OUT) == []
    page.click("text=Create account")
    page.wait_for_url(f"{place.url}/open/")
    expect(page.get_by_text("Welcome, Nia New.")).to_be_visible()


def test_somebody_links_their_account(place: Place) -> None:
    page = place.open("/-/login?next=/-/me")
    page.fill("#login", "eve")
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit] >> nth=0")
    page.click("text=Link Example ID")
    sign_in_there(page, "id-of-nobody")
    page.wait_for_url(f"{place.url}/-/me#identities")
    expect(page.get_by_text("You can now sign in with Example ID.")).to_be_visible()
    page.click("text=Unlink")
    expect(page.get_by_text("The account was unlinked")).to_be_visible()
