"""Answers are compressed when it is worth it and the client takes it."""

from __future__ import annotations

import gzip

import pytest
import zstandard
from flask import Flask, Response
from flask.testing import FlaskClient

from wiki.web import compress

TEXT = "A line that comes again and again.\n" * 200


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("test")
    compress.init_app(app)

    @app.get("/page")
    def page() -> Response:
        response = Response(TEXT)
        response.set_etag("tag")
        return response

    app.add_url_rule("/short", "short", lambda: "short")
    app.add_url_rule("/image", "image", lambda: Response(TEXT, content_type="image/png"))
    app.add_url_rule(
        "/stream",
        "stream",
        lambda: Response(iter([TEXT]), mimetype="text/csv"),
    )
    return app.test_client()


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "gzip"),
        ("zstd;q=0, gzip;q=0.5", "gzip"),
        ("br", None),
        ("gzip;q=0", None),
        ("", None),
    ],
)
def test_text_is_compressed_as_the_client_takes_it(
    client: FlaskClient, accepted: str, encoding: str | None
) -> None:
    answer = client.get("/page", headers={"Accept-Encoding": accepted})
    unpack = {"zstd": zstandard.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert answer.headers.get("Content-Encoding") == encoding
    assert unpack(answer.data).decode() == TEXT
    assert int(answer.headers["Content-Length"]) == len(answer.data)
    assert "Accept-Encoding" in answer.headers["Vary"]


def test_an_etag_of_compressed_bytes_is_weak(client: FlaskClient) -> None:
    assert client.get("/page").headers["ETag"] == '"tag"'
    packed = client.get("/page", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["ETag"] == 'W/"tag"'


@pytest.mark.parametrize("url", ["/short", "/image", "/stream"])
def test_what_gains_nothing_is_left_alone(client: FlaskClient, url: str) -> None:
    answer = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in answer.headers
