"""Application factory: ``create_app`` assembles the wiki as a Flask app."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from wiki.api.views import make_blueprint
from wiki.config import Settings, load
from wiki.db import Database
from wiki.kind import register
from wiki.kinds import KINDS
from wiki.pages.access import access_log
from wiki.pages.rendering import stored as rendering
from wiki.people.oidc import views as oidc_views
from wiki.people.signin import mfa_enforcement, sign_in
from wiki.resources import TEMPLATES
from wiki.reviews import views as reviews
from wiki.rooms import ROOMS
from wiki.subscribers import names_by_event
from wiki.text.markdown.destinations import set_own_address
from wiki.web import (
    compress,
    errors,
    filters,
    lane,
    public,
    rate_limit,
    redirects,
    request,
    request_limits,
    response_cache,
    security,
    slots,
    static,
    urls,
)


def open_database(settings: Settings) -> Database:
    """Open the database from the settings, with its subscribers and the kinds of pages registered.
    Absolute links to the wiki's base URL are treated as internal from then on."""
    register(*KINDS)
    set_own_address(settings.base_url)
    return Database(settings.url, names_by_event(), settings.key, ROOMS)


def create_app(settings: Settings | None = None, database: Database | None = None) -> Flask:
    """Create the wiki as a WSGI app.

    :param settings: read from the environment by default.
    :param database: opened from the settings by default.
    :raises ConfigError: when the environment's settings are wrong.
    """
    settings = settings or load()
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=None)
    app.config.update(_configuration(settings))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    set_own_address(settings.base_url)
    rendering.limit_rendering(settings.render_seconds, settings.render_retry_seconds)
    parts = request.Parts(settings, database or open_database(settings), ROOMS)
    request.init_app(app, parts)
    _install_plumbing(app, parts)
    api = make_blueprint(ROOMS)
    CSRFProtect(app).exempt(api)  # the API accepts no cookies
    app.register_blueprint(api)
    app.context_processor(lambda: {"actor": request.actor(), "site_name": settings.site_name})
    for room in ROOMS:
        for blueprint in room.blueprints:
            app.register_blueprint(blueprint)
    if settings.trusted_proxies:
        # Only the client address is taken from proxies; the host comes from the settings.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0
        )
    return app


def _configuration(settings: Settings) -> dict[str, object]:
    """Return the settings of Flask and its extensions."""
    return {
        "SECRET_KEY": settings.key(),
        "SESSION_COOKIE_NAME": "__Host-wiki" if settings.secure else "wiki",
        "SESSION_COOKIE_SECURE": settings.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": timedelta(days=settings.session_days),
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        # A form with a file is larger than the file itself.
        "MAX_CONTENT_LENGTH": max(settings.max_file_mb + 1, settings.max_page_kb // 1024 * 4) << 20,
        "MAX_FORM_MEMORY_SIZE": 8 << 20,
        "TEMPLATES_AUTO_RELOAD": False,
    }


def _install_plumbing(app: Flask, parts: request.Parts) -> None:
    """Install what acts on every request. The order is that in which requests are handled;
    responses pass in the opposite order."""
    request_limits.init_app(app)
    response_cache.init_app(app, parts.database, limit=64 << 20)
    urls.init_app(app)
    compress.init_app(app)  # first, so that it handles each response last
    static.init_app(app)
    redirects.init_app(app)
    errors.init_app(app)
    reviews.init_app(app)
    security.init_app(app, secure=parts.settings.secure)
    filters.register(app)
    slots.init_app(app)
    sign_in.init_app(app)
    oidc_views.init_app(app, parts.settings)
    public.init_app(app)
    rate_limit.init_app(app, parts.rooms)
    lane.init_app(app)
    mfa_enforcement.init_app(app)
    access_log.init_app(app, parts.database)
