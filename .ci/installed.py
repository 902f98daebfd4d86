"""Tries an installed `wiki` command away from its sources: python installed.py COMMAND FOLDER."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path


def main(command: str, folder: Path) -> None:
    """Run its help and its server, and fetch a page with its style sheet.

    :raises AssertionError: when something is not as it should be.
    """
    environ = {**os.environ, "WIKI_DATA_DIR": str(folder / "data")}
    said = subprocess.check_output([command, "--help"], cwd=folder, env=environ, text=True)
    assert "serve" in said, said
    server = subprocess.Popen(
        [command, "serve", "--port", "0"],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout
        first = server.stdout.readline()
        found = re.search(r"http://\S+", first)
        assert found, f"no address in {first!r}"
        address = found[0].rstrip("/")
        health = fetch(f"{address}/-/health")
        assert b'"ok"' in health, health
        page = fetch(f"{address}/").decode()
        for asset in re.findall(r'(?:href|src)="(/-/static/[^"]+)"', page):
            assert fetch(address + asset), asset
        assert ".css" in page
    finally:
        server.terminate()
        server.wait(60)
    assert server.returncode == 0, server.returncode
    print(f"The installed command serves {address} and stops when told.")


def fetch(url: str) -> bytes:
    """The body at ``url``."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        body: bytes = answer.read()
    return body


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
