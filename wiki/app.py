"""Application factory: ``create_app`` assembles the wiki as a Flask app."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from wiki.api.views import make_blueprint
from wiki.config import Settings
from wiki.config.environment import load
from wiki.db import Database, Engines
from wiki.inbox import unsubscribing
from wiki.kind_registry import register
from wiki.kinds import KINDS
from wiki.pages.access import access_log
from wiki.pages.rendering import own_renderer
from wiki.people.oidc import views as oidc_views
from wiki.people.signin import mfa_enforcement, sign_in
from wiki.people.site import Current
from wiki.purging.actions import forget_memory
from wiki.resources import TEMPLATES
from wiki.reviews import views as reviews
from wiki.room import info_of
from wiki.rooms import ROOMS
from wiki.subscribers import names_by_event
from wiki.text.markdown.context import set_own_address
from wiki.web import (
    compress,
    errors,
    public,
    redirects,
    request,
    response_cache,
    security,
    static,
    urls,
)
from wiki.web.limits import lane, rate_limit, request_limits
from wiki.web.screens import filters, fragments, locale, slots, theme, words


def open_database(settings: Settings, engines: Engines | None = None) -> Database:
    """Open the database from the settings, with its subscribers and the kinds of pages registered.
    Absolute links to the wiki's base URL are treated as internal from then on.

    :param engines: engines that connect to it; new ones by default.
    """
    register(*KINDS)
    set_own_address(settings.base_url)
    database = Database(settings.url, names_by_event(), settings.key, info_of(ROOMS), engines)
    database.adjust = Current(database)
    return database


def create_app(settings: Settings | None = None, database: Database | None = None) -> Flask:
    """Create the wiki as a WSGI app.

    :param settings: read from the environment by default.
    :param database: opened from the settings by default.
    :raises ConfigError: when the environment's settings are wrong.
    """
    settings = settings or load()
    app = Flask(__name__, template_folder=str(TEMPLATES), static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    connect(app, settings, database or open_database(settings))
    _install_plumbing(app, secure=settings.secure)
    api = make_blueprint(ROOMS)
    csrf = CSRFProtect(app)
    csrf.exempt(api)  # the API accepts no cookies
    csrf.exempt(unsubscribing.blueprint)  # mail programs send no token of a form
    app.register_blueprint(api)
    app.context_processor(_common_variables)
    for room in ROOMS:
        for blueprint in room.blueprints:
            app.register_blueprint(blueprint)
    if settings.trusted_proxies:
        # Only the client address is taken from proxies; the host comes from the settings.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0
        )
    return app


def connect(app: Flask, settings: Settings, database: Database) -> None:
    """Connect the app to a database and a data folder. This is the only place where an app gets
    state: caches, rate limits and lanes begin empty.

    An app that serves no request at the moment can be connected to another wiki.

    :param settings: on a later call, the same as in :func:`create_app` except for the location of
        the data.
    """
    app.config.update(_configuration(settings))
    set_own_address(settings.base_url)
    own_renderer.limit_rendering(settings.render_seconds, settings.render_retry_seconds)
    request.connect(app, request.Parts(settings, database, ROOMS))
    response_cache.connect(app, database.changes, limit=settings.cache_mb << 20)
    rate_limit.connect(app, ROOMS)
    lane.connect(app)
    oidc_views.connect(app, settings)
    access_log.connect(app, database)
    forget_memory()  # of the texts of another wiki


def _common_variables() -> dict[str, object]:
    """Return the variables of all templates."""
    settings = request.settings()
    return {
        "actor": request.actor(),
        "site_name": settings.site_name,
        "logo": getattr(settings, "logo", ""),
        "accent": getattr(settings, "color", ""),
    }


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


def _install_plumbing(app: Flask, *, secure: bool) -> None:
    """Install what acts on every request. The order is that in which requests are handled;
    responses pass in the opposite order."""
    request.init_app(app)
    fragments.init_app(app)
    locale.init_app(app)
    request_limits.init_app(app)
    response_cache.init_app(app)
    urls.init_app(app)
    compress.init_app(app)  # first, so that it handles each response last
    static.init_app(app)
    words.init_app(app)
    theme.init_app(app)
    redirects.init_app(app)
    errors.init_app(app)
    reviews.init_app(app)
    security.init_app(app, secure=secure)
    filters.register(app)
    slots.init_app(app)
    sign_in.init_app(app)
    public.init_app(app)
    rate_limit.init_app(app)
    mfa_enforcement.init_app(app)
    access_log.init_app(app)
