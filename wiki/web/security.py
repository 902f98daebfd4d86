"""Security headers for every response, and refusal of requests that pages of other sites send: the
first CSRF check, beside the form's token."""

from __future__ import annotations

from flask import Flask, Response, request

from wiki.errors import Forbidden
from wiki.i18n import gettext as _
from wiki.web.request import is_api, is_foreign

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)


FOR_DATA = "default-src 'none'; frame-ancestors 'none'"
"""The policy of answers that are not HTML: shown as a document, they load nothing."""

# The wiki uses none of these browser features.
NOT_ASKED_FOR = (
    "accelerometer",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "hid",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
PERMISSIONS = ", ".join(f"{name}=()" for name in NOT_ASKED_FOR)

# Built style sheets and scripts never become documents, so the headers about documents would only
# make every first view heavier.
_PARTS_OF_PAGES = frozenset({"text/css", "text/javascript"})


def init_app(app: Flask, *, secure: bool) -> None:
    """Set the security headers that a view has not set itself. Refuse requests from other sites
    before anything of them is shown or kept.

    The refusal comes before the sign-in check. On such requests browsers send no cookie, and a
    response that sets one would replace the user's session cookie.

    :param secure: whether the wiki is reached only over HTTPS; then HSTS is set.
    """

    @app.after_request
    def headers(response: Response) -> Response:
        set_default = response.headers.setdefault
        set_default("X-Content-Type-Options", "nosniff")
        set_default("Cross-Origin-Resource-Policy", "same-origin")
        if not _is_part_of_pages(response):
            is_page = response.mimetype == "text/html"
            set_default("Content-Security-Policy", CSP if is_page else FOR_DATA)
            set_default("Referrer-Policy", "same-origin")
            set_default("X-Frame-Options", "DENY")
            set_default("X-Permitted-Cross-Domain-Policies", "none")
            if is_page:
                set_default("Cross-Origin-Opener-Policy", "same-origin")
                set_default("Permissions-Policy", PERMISSIONS)
        if secure:
            set_default("Strict-Transport-Security", "max-age=31536000")
        set_default("Cache-Control", "private, no-cache")
        return response

    @app.before_request
    def come_from_here() -> None:
        if request.method in SAFE_METHODS or is_api():  # the API accepts no cookies
            return
        if is_foreign():
            raise Forbidden(_("This form was sent from another site, so nothing was done."))


def _is_part_of_pages(response: Response) -> bool:
    return request.endpoint in ("static", "words") and response.mimetype in _PARTS_OF_PAGES
