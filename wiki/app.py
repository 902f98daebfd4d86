"""Application factory: ``create_app`` assembles the wiki as a Flask app."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from wiki import home
from wiki.access import views as access_views
from wiki.api import views as api
from wiki.attachments import upload_views, version_views
from wiki.attachments import views as attachments
from wiki.audit import views as audit
from wiki.config import Settings, load
from wiki.db import Database
from wiki.groups import views as group_views
from wiki.history import blame_views
from wiki.history import views as history_views
from wiki.insights import selfcheck_views
from wiki.insights import views as insights
from wiki.pages import access_log
from wiki.pages import views as pages
from wiki.pages.conflicts import views as conflict_views
from wiki.pages.links import views as moving_views
from wiki.pages.rendering import stored as rendering
from wiki.people import admin as admin_people
from wiki.people import admin_security, me
from wiki.people import views as people
from wiki.people.factors import views as factor_views
from wiki.people.oidc import views as oidc_views
from wiki.people.signin import mfa_enforcement, reauthentication, sign_in
from wiki.profiles import claim_views
from wiki.profiles import views as profiles
from wiki.purging import views as purging
from wiki.redaction import views as redaction
from wiki.resources import TEMPLATES
from wiki.reviews import views as reviews
from wiki.scanning import views as finding_views
from wiki.search import views as search
from wiki.sharing import views as sharing
from wiki.sharing import visit_views as shared
from wiki.spaces import admin as admin_spaces
from wiki.spaces import invite_views as invitations
from wiki.spaces import token_views as tokens
from wiki.spaces import views as spaces
from wiki.subscribers import names_by_event
from wiki.tags import views as tags
from wiki.text.markdown.destinations import set_own_address
from wiki.transfer import views as transfer
from wiki.web import (
    assets,
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
    same_site,
    security,
    static,
    urls,
)


def open_database(settings: Settings) -> Database:
    """Open the database from the settings, with its subscribers registered. Absolute links to the
    wiki's base URL are treated as internal from then on."""
    set_own_address(settings.base_url)
    return Database(settings.url, names_by_event(), settings.key)


def create_app(settings: Settings | None = None, database: Database | None = None) -> Flask:
    """Create the wiki as a WSGI app.

    :param settings: read from the environment by default.
    :param database: opened from the settings by default.
    :raises ConfigError: when the environment's settings are wrong.
    """
    settings = settings or load()
    app = Flask(
        __name__,
        template_folder=str(TEMPLATES),
        static_folder=None,
    )
    app.config.update(
        SECRET_KEY=settings.key(),
        SESSION_COOKIE_NAME="__Host-wiki" if settings.secure else "wiki",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=settings.session_days),
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        # A form with a file is larger than the file itself.
        MAX_CONTENT_LENGTH=max(settings.max_file_mb + 1, settings.max_page_kb // 1024 * 4) << 20,
        MAX_FORM_MEMORY_SIZE=8 << 20,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    set_own_address(settings.base_url)
    rendering.limit_rendering(settings.render_seconds, settings.render_retry_seconds)
    parts = request.Parts(settings, database or open_database(settings))
    request.init_app(app, parts)
    request_limits.init_app(app)
    response_cache.init_app(app, parts.database, limit=64 << 20)
    urls.init_app(app)
    compress.init_app(app)  # first, so that it handles each response last
    static.init_app(app)
    redirects.init_app(app)
    errors.init_app(app)
    reviews.init_app(app)
    security.init_app(app, secure=settings.secure)
    assets.init_app(app)
    filters.register(app)
    same_site.init_app(app)
    sign_in.init_app(app)
    oidc_views.init_app(app, settings)
    public.init_app(app)
    rate_limit.init_app(app)
    lane.init_app(app)
    mfa_enforcement.init_app(app)
    access_log.init_app(app, parts.database)
    CSRFProtect(app).exempt(api.blueprint)  # the API accepts no cookies
    app.context_processor(lambda: {"actor": request.actor(), "site_name": settings.site_name})
    for room in (
        home,
        people,
        me,
        oidc_views,
        factor_views,
        reauthentication,
        admin_people,
        admin_security,
        spaces,
        invitations,
        tokens,
        admin_spaces,
        pages,
        conflict_views,
        history_views,
        finding_views,
        blame_views,
        moving_views,
        access_views,
        profiles,
        group_views,
        claim_views,
        purging,
        redaction,
        reviews,
        sharing,
        shared,
        search,
        tags,
        transfer,
        attachments,
        insights,
        selfcheck_views,
        audit,
        version_views,
        upload_views,
        api,
    ):
        app.register_blueprint(room.blueprint)
    if settings.trusted_proxies:
        # Only the client address is taken from proxies; the host comes from the settings.
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=0
        )
    return app
