"""Built files: found by name, compressed as the client takes it, kept for ever when hashed."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cast import Scene
from wiki.web import static


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    folder = tmp_path / "dist"
    folder.mkdir()
    (tmp_path / "secret.css").write_text("secret")
    (folder / "app-ABCD1234.css").write_text("plain")
    (folder / "app-ABCD1234.css.br").write_text("br")
    (folder / "app-ABCD1234.css.gz").write_text("gz")
    (folder / "LICENSES.txt").write_text("licences")
    app = Flask("test", static_folder=None)
    static.init_app(app, folder)
    return app.test_client()


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("", None, b"plain"),
        ("gzip, deflate, br, zstd", "br", b"br"),
        ("gzip, deflate", "gzip", b"gz"),
        ("br;q=0, gzip", "gzip", b"gz"),
        ("identity", None, b"plain"),
    ],
)
def test_a_file_comes_as_the_client_takes_it(
    client: FlaskClient, accepted: str, encoding: str | None, body: bytes
) -> None:
    answer = client.get("/-/static/app-ABCD1234.css", headers={"Accept-Encoding": accepted})
    assert (answer.status_code, answer.data) == (200, body)
    assert answer.headers.get("Content-Encoding") == encoding
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert answer.content_type == "text/css; charset=utf-8"


def test_only_a_name_with_a_hash_is_kept_for_ever(client: FlaskClient) -> None:
    hashed = client.get("/-/static/app-ABCD1234.css").headers["Cache-Control"]
    plain = client.get("/-/static/LICENSES.txt").headers["Cache-Control"]
    assert "immutable" in hashed
    assert plain == "no-cache"


@pytest.mark.parametrize(
    "name",
    ["absent.css", "app-ABCD1234.css.br", "../secret.css", "..%2fsecret.css", "", ".", "%00.css"],
)
def test_what_is_no_built_file_is_absent(client: FlaskClient, name: str) -> None:
    assert client.get(f"/-/static/{name}").status_code == 404


def test_a_file_is_the_same_for_everybody(wiki: Scene) -> None:
    for handle in ("nobody", "ben"):
        answer = wiki.get(handle, "/-/static/LICENSES.txt")
        assert answer.status_code == 200
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert "Set-Cookie" not in answer.headers
