"""Second factors in a real browser: passkeys of its own, an app's codes, the screens between."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.browser.test_every_screen import STICKING_OUT, objections
from tests.browser.test_ways_in import sign_in
from tests.browser.visit import NARROWEST, PHONE, WIDE, Visit
from tests.cast import PASSWORD, Scene, move_in
from wiki.app import create_app, open_database
from wiki.config import Settings
from wiki.db import now
from wiki.migrate import migrate
from wiki.serve.web import listen
from wiki.web.server.connection import Connection
from wiki.web.server.wsgi_bridge import Gateway

pytestmark = [pytest.mark.browser, pytest.mark.thorough]


@pytest.fixture
def visit(browser: Browser, tmp_path: Path, password_hash: str) -> Iterator[Visit]:
    """A wiki at an address with a name, at which browsers allow passkeys."""
    listener = listen("127.0.0.1", 0)
    site = f"http://localhost:{listener.getsockname()[1]}"
    key = "a key that is only good for testing"
    settings = Settings(data_dir=tmp_path, secret_key=key, base_url=site)
    database = open_database(settings)
    migrate(database)
    app = create_app(settings, database)
    world = Scene(app, settings, database, move_in(database, password_hash))
    gateway = Gateway(app, threads=4, body_limit=1 << 20)
    server = uvicorn.Server(
        uvicorn.Config(gateway, http=Connection, ws="none", lifespan="off", log_config=None)
    )
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()

    def open_context(_handle: str, **options: Any) -> BrowserContext:
        return browser.new_context(base_url=site, reduced_motion="reduce", **options)

    visiting = Visit(open_context, site, world)
    yield visiting
    visiting.close()
    server.should_exit = True
    thread.join()
    database.dispose()
    assert visiting.problems == []


def plug_in(page: Page, **options: object) -> tuple[CDPSession, str]:
    """Give the browser an authenticator that says yes by itself."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    made = devtools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
            | options
        },
    )
    return devtools, made["authenticatorId"]


def open_signed_in(visit: Visit, login: str = "ben", **options: object) -> Page:
    page = visit.open("nobody", "/-/login", **options)
    sign_in(page, login)
    expect(page.get_by_text(f"Signed in as {login.capitalize()}")).to_be_attached()
    return page


def sign_out(page: Page) -> None:
    page.evaluate("document.querySelector('form[action=\"/-/logout\"]').submit()")
    expect(page.get_by_role("link", name="Sign in", exact=True)).to_be_visible()


def everyones(page: Page, axe: str) -> None:
    """The screen that is shown is for everyone, on a desk and on a phone."""
    for scheme, size in (("light", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.set_viewport_size(size)  # type: ignore[arg-type]
        assert objections(page, axe) == [], f"{scheme}, {size['width']} wide"
    page.set_viewport_size(NARROWEST)  # type: ignore[arg-type]
    assert page.evaluate(STICKING_OUT) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]


def test_a_passkey_is_made_and_signs_in_by_itself_and_as_a_second_step(
    visit: Visit, axe: str
) -> None:
    visit.expect("the server responded with a status of 403")
    page = open_signed_in(visit)
    devtools, authenticator = plug_in(page)
    page.goto("/-/me/security")
    page.get_by_role("link", name="Add passkey").click()
    everyones(page, axe)
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Create passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    everyones(page, axe)
    made = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
    (credential,) = made["credentials"]
    assert (credential["rpId"], credential["isResidentCredential"]) == ("localhost", True)
    page.get_by_role("link", name="I’ve saved them").click()
    expect(page.get_by_role("link", name="My laptop")).to_be_visible()
    everyones(page, axe)

    sign_out(page)
    page.goto("/-/login?next=/-/spaces")
    everyones(page, axe)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("Signed in as Ben")).to_be_attached()
    expect(page).to_have_url(f"{visit.site}/-/spaces")

    sign_out(page)
    page.goto("/-/login?next=/-/spaces")
    sign_in_by_enter(page)
    expect(page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()
    everyones(page, axe)
    page.get_by_role("button", name="Use passkey").click()
    expect(page.get_by_text("Signed in as Ben")).to_be_attached()
    expect(page).to_have_url(f"{visit.site}/-/spaces")

    visit.world.unconfirm("ben")
    page.goto("/-/me/security")
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("heading", name="Confirm it’s you")).to_be_visible()
    everyones(page, axe)
    page.get_by_role("button", name="Use passkey").click()
    expect(page.get_by_text("was removed from your second factors")).to_be_visible()


def sign_in_by_enter(page: Page) -> None:
    page.get_by_label("User name or email").fill("ben")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password", exact=True).press("Enter")


def test_a_security_key_without_a_finger_is_a_second_step_only(visit: Visit) -> None:
    visit.expect("the server responded with a status of 422")
    page = open_signed_in(visit)
    plug_in(
        page,
        transport="usb",
        hasResidentKey=False,
        hasUserVerification=False,
        isUserVerified=False,
    )
    page.goto("/-/me/security/passkeys/new")
    page.get_by_role("button", name="Create passkey").click()
    page.get_by_role("link", name="I’ve saved them").click()
    expect(page.locator(".badge", has_text="security key")).to_be_visible()
    sign_out(page)
    page.goto("/-/login")
    sign_in_by_enter(page)
    page.get_by_role("button", name="Use passkey").click()
    expect(page.get_by_text("Signed in as Ben")).to_be_attached()


def test_a_browser_that_has_no_passkey_for_here_says_so_and_the_form_stays(visit: Visit) -> None:
    page = visit.open("nobody", "/-/login")
    plug_in(page, automaticPresenceSimulation=False)
    page.evaluate(
        "() => { navigator.credentials.get = async () => "
        "{ throw new DOMException('', 'NotAllowedError'); }; }"
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("No passkey was used")).to_be_visible()
    sign_in(page, "ben")
    expect(page.get_by_text("Signed in as Ben")).to_be_attached()


def test_a_key_is_not_added_twice(visit: Visit) -> None:
    page = open_signed_in(visit)
    plug_in(page)
    page.goto("/-/me/security/passkeys/new")
    page.get_by_role("button", name="Create passkey").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    page.goto("/-/me/security/passkeys/new")
    page.get_by_role("button", name="Create passkey").click()
    expect(page.get_by_text("This device or key has already been added.")).to_be_visible()


def code_of(page: Page) -> str:
    secret = page.locator(".secret").inner_text().replace(" ", "")
    return pyotp.TOTP(secret).at(now())


def test_without_scripts_an_app_is_set_up_and_signs_in(visit: Visit) -> None:
    page = visit.open("nobody", "/-/login", scripts=False)
    sign_in(page, "ben")
    page.goto("/-/me/security")
    page.get_by_label("Name").fill("Phone")
    page.get_by_role("button", name="Set up app").click()
    picture = page.get_by_alt_text("QR code")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    page.get_by_label("Code from the app").fill(code_of(page))
    page.get_by_role("button", name="Finish").click()
    codes = page.locator(".codes li").all_inner_texts()
    assert len(codes) == 10
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    file = Path(started.value.path()).read_text()
    assert re.findall(r"^[0-9a-z-]{19}$", file, re.MULTILINE) == codes
    expect(page.get_by_role("button", name="Copy")).to_be_hidden()
    page.context.clear_cookies()
    page.goto("/-/login?next=/-/spaces")
    sign_in(page, "ben")
    page.get_by_label("Code from your app").fill(codes[0])
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{visit.site}/-/spaces")


def test_codes_are_copied_and_printed(visit: Visit, axe: str) -> None:
    page = open_signed_in(visit)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/-/me/security")
    page.get_by_role("button", name="Set up app").click()
    everyones(page, axe)
    page.get_by_label("Code from the app").fill(code_of(page))
    page.get_by_role("button", name="Finish").click()
    codes = page.locator(".codes li").all_inner_texts()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()").split() == codes
    page.evaluate("window.print = () => { window.printed = true; }")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed")


def test_whoever_must_have_one_is_led_there_and_on(visit: Visit, axe: str) -> None:
    page = open_signed_in(visit, "ada")
    plug_in(page)
    page.goto("/-/admin/factors")
    page.get_by_label("Everyone", exact=False).last.check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Two-factor authentication")).to_be_visible()
    expect(page.get_by_text("Your account needs a second factor.")).to_be_visible()
    everyones(page, axe)
    page.goto("/-/spaces")
    page.get_by_role("link", name="Add passkey").click()
    page.get_by_role("button", name="Create passkey").click()
    page.get_by_role("link", name="I’ve saved them").click()
    page.wait_for_url("**/-/spaces")
