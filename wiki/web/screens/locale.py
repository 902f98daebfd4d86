"""Language and time zone of each request, and the template functions that translate."""

from __future__ import annotations

from datetime import tzinfo

from flask import Flask, Response, request
from flask_babel import Babel
from flask_login import current_user
from jinja2 import Environment

from wiki import i18n
from wiki.web.request import is_api, settings


def init_app(app: Flask) -> None:
    """Choose the language and the zone of each request before it is handled. Add ``_``,
    ``ngettext`` and ``{% trans %}`` to the templates, and Babel's filters for numbers."""
    Babel(
        app,
        default_locale=i18n.LANGUAGES[i18n.SOURCE].formats,
        locale_selector=lambda: i18n.reader().language.formats,
        timezone_selector=lambda: i18n.reader().zone,
    )
    translate(app.jinja_env)

    @app.before_request
    def choose() -> None:
        if request.endpoint == "static" or is_api():  # the API is in English
            i18n.speak()
        else:
            zone = settings().time_zone
            i18n.speak(_language(), _zone(), i18n.zone_named(zone) if zone != "UTC" else None)

    @app.after_request
    def vary(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.vary.add("Accept-Language")
        return response

    @app.teardown_request
    def forget(_error: BaseException | None) -> None:
        i18n.speak()


def translate(environment: Environment) -> None:
    """Let templates translate their texts into the language of :func:`wiki.i18n.reader`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    # The texts of i18n, as in code without a request. Jinja itself fills in the values.
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: i18n.reader().texts.gettext(text),
        lambda one, many, number: i18n.reader().texts.ngettext(one, many, number),
        newstyle=True,
        pgettext=lambda context, text: i18n.reader().texts.pgettext(context, text),
    )
    environment.globals["reader"] = i18n.reader


def _language() -> str | None:
    """Return the code of the language: the account's, else the browser's, else the site's."""
    own: str | None = getattr(current_user, "language", None)
    asked = i18n.best_language(request.headers.get("Accept-Language", ""))
    return own or asked or settings().language


def _zone() -> tzinfo | None:
    """Return the zone that the account chose; None if it is left to the browser."""
    zone: tzinfo | None = getattr(current_user, "zone", None)
    return zone
