"""Headers that every response carries."""

from __future__ import annotations

from flask import Flask, Response

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


def init_app(app: Flask) -> None:
    """Set the security headers that a view has not set more strictly itself."""

    @app.after_request
    def headers(response: Response) -> Response:
        set_default = response.headers.setdefault
        set_default("Content-Security-Policy", CSP)
        set_default("X-Content-Type-Options", "nosniff")
        set_default("Referrer-Policy", "same-origin")
        set_default("Cross-Origin-Opener-Policy", "same-origin")
        set_default("Cross-Origin-Resource-Policy", "same-origin")
        set_default("X-Frame-Options", "DENY")
        set_default("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        set_default("Cache-Control", "private, no-cache")
        return response
