"""URLs of built style sheets and scripts, whose file names contain a hash."""

from __future__ import annotations

import json

from flask import Flask, url_for

from wiki.resources import STATIC


class NotBuilt(Exception):
    """The front end has not been built; the message says how to build it."""


def init_app(app: Flask) -> None:
    """Add the template function ``asset("app.css")``, which returns the URL of a built file."""
    manifest: dict[str, str] = {}
    path = STATIC / "manifest.json"

    def asset(name: str) -> str:
        if name not in manifest:
            try:
                manifest.update(json.loads(path.read_text()))
            except FileNotFoundError:
                raise NotBuilt("The front end is not built: run `make setup` first.") from None
        return url_for("static", filename=manifest[name])

    app.add_template_global(asset)
