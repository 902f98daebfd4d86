"""Admins see the settings of their wiki, and nobody sees what is secret in them."""

from __future__ import annotations

import re
from dataclasses import fields, replace

from tests.cast import Scene
from wiki.app import create_app
from wiki.config import Settings


def test_admins_see_each_setting_with_its_default_and_nothing_secret(wiki: Scene) -> None:
    settings = replace(
        wiki.settings,
        smtp_url="smtp://post:p@ss/word@mail.example.org:587?key=hush",
        oidc_client_secret="hush hush hush",
        session_days=7,
    )
    wiki.app = create_app(settings, wiki.database)
    wiki._clients.clear()
    page = wiki.get("ada", "/-/admin/settings").text
    for setting in fields(Settings):
        assert f"WIKI_{setting.name.upper()}</code>" in page
    for secret in ("hush", "p@ss", "word@mail", "post:", settings.secret_key):
        assert secret not in page
    assert "smtp://…@mail.example.org:587?…" in page
    days = re.search(r"WIKI_SESSION_DAYS.*?</dd>", page, re.DOTALL)
    assert days and ">7<" in days[0] and "default:" in days[0] and ">30<" in days[0]
    assert "set here" not in page.partition("WIKI_MAIL_FROM")[2].partition("</dd>")[0]
    assert wiki.get("eve", "/-/admin/settings").status_code == 403
