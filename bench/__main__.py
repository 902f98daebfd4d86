"""python -m bench: measure on the handbook, print the table, fail where a target is missed."""

from __future__ import annotations

import argparse
import os
import secrets
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench import busy, judging, measure
from bench.browser import Browser
from bench.editing import editing
from bench.editor import first_key
from bench.history import histories
from bench.measure import Result
from bench.memory import servers
from bench.servers import ROOT, THREADS, WORKERS, running
from bench.starting import restarts

SPACE = "handbook"
PASSWORD = secrets.token_urlsafe(12)


def corpus_source() -> Path:
    """Return the path of the handbook, a bundle or a folder.

    :raises SystemExit: when it does not exist.
    """
    source = Path(os.environ.get("WIKI_CORPUS") or ROOT.parent / "shared/corpus/handbook.bundle")
    if not source.exists():
        raise SystemExit("The handbook is not here: set WIKI_CORPUS to its bundle or its folder.")
    return source


def corpus(folder: Path) -> Path:
    """Return the handbook's newest tree, cloned if it is a bundle."""
    source = corpus_source()
    if source.is_dir():
        return source
    target = folder / "corpus"
    subprocess.run(["git", "clone", "-q", "--branch=main", source, target], check=True)
    return target


def wiki(*arguments: str, **options: str) -> None:
    """Run a command of the wiki without output."""
    subprocess.run(
        [sys.executable, "-m", "wiki", *arguments],
        check=True,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        text=True,
        input=options.get("input"),
    )


def prepare() -> None:
    """Create an account and a public space."""
    wiki("user", "add", "ada", "--admin", "--password-stdin", input=PASSWORD)
    wiki("space", "add", SPACE, "--title", "Handbook", "--public", "--lead", "ada")


def signed_in(port: int) -> Browser:
    """Return a browser of the account that can edit."""
    browser = Browser(port)
    browser.sign_in("ada", PASSWORD)
    return browser


def imported(tree: Path, data: Path) -> Result:
    """Import the tree, and measure the time until its last page can be found."""
    begun = time.perf_counter()
    wiki("import", str(tree), "--space", SPACE, "--newest")
    stored = time.perf_counter() - begun
    while undelivered(data):
        time.sleep(0.02)
    seconds = time.perf_counter() - begun
    count = len(paths(data))
    return Result(
        "import until searchable",
        f"{count / seconds:.0f} pages/s",
        "≥ 25 pages/s",
        count / seconds >= 25,
        f"{count} pages in {seconds:.1f} s, the last {seconds - stored:.1f} s of it indexing",
    )


def rested(data: Path) -> None:
    """Wait until the worker has no deliveries left."""
    time.sleep(0.03)  # let the deliveries of the last action begin
    while undelivered(data):
        time.sleep(0.01)


def undelivered(data: Path) -> int:
    """Count the deliveries that the worker has left."""
    with closing(sqlite3.connect(data / "wiki.db", timeout=30)) as database:
        return int(database.execute("SELECT count(*) FROM deliveries").fetchone()[0])


def paths(data: Path) -> list[str]:
    """Return the addresses of all pages."""
    with closing(sqlite3.connect(data / "wiki.db", timeout=30)) as database:
        rows = database.execute(
            "SELECT s.slug || '/' || p.path FROM pages p JOIN spaces s ON s.id = p.space_id "
            "WHERE p.deleted_at IS NULL AND s.slug = ?",
            (SPACE,),
        )
        return ["/" + path for (path,) in rows]


def middle(pages: dict[str, int]) -> str:
    """Return the path of the page of median size."""
    return sorted(pages, key=lambda path: pages[path])[len(pages) // 2]


def main() -> int:
    """Measure and print; return 1 when a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", help="measure only what has this word in its name")
    only = parser.parse_args().only
    results: list[Result] = []

    def wanted(word: str) -> bool:
        return not only or only in word

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if wanted("history"):
            results += histories(corpus_source(), folder)
        if only == "history":
            show(results)
            return int(any(result.good is False for result in results))
        data = folder / "data"
        os.environ["WIKI_DATA_DIR"] = str(data)
        tree = corpus(folder)
        prepare()
        command = ("wiki", "serve", "--port=0", f"--workers={WORKERS}", f"--threads={THREADS}")
        with running(*command) as port, running("bench.servers") as bare:
            results.append(imported(tree, data))
            browser = Browser(port)
            pages = {path: len(Browser(port).ask(path)[2]) for path in paths(data)}
            browser.cookies |= signed_in(port).cookies
            if wanted("wire"):
                results.append(measure.wire(port, middle(pages)))
            if wanted("editor"):
                results.append(first_key(port, middle(pages), browser.cookies))
            if wanted("search"):
                results.append(measure.searches(Browser(port), pages))
                wiki("space", "add", "world", "--title", "World", "--public", "--lead", "ada")
                wiki("import", str(judging.WORLD), "--space", "world")
                rested(data)
                results += judging.results()
            if wanted("page view"):
                results += measure.page_views(port, bare, pages, browser.cookie())
                results.append(measure.first_times(port, bare, pages, browser))
            if wanted("busy"):
                results += busy.busy_views(port, bare, pages, browser)
                results += busy.made_anew(port, bare, pages, browser, lambda: rested(data))
            if wanted("save"):
                results.append(measure.saves(browser, pages, folder, lambda: rested(data)))
            if wanted("editing"):
                results += editing(port, data, lambda: signed_in(port), lambda: rested(data))
        if wanted("memory"):
            results += servers(command, list(pages), signed_in)
        if wanted("restart"):
            results.append(restarts(next(iter(pages))))
    show(results)
    return int(any(result.good is False for result in results))


def show(results: list[Result]) -> None:
    """Print the table."""
    columns = ("what", "figure", "reach", "detail")
    rows = [[getattr(result, column) for column in columns] for result in results]
    widths = [max(len(row[i]) for row in [*rows, list(columns)]) for i in range(4)]
    print(" ", *(name.ljust(width) for name, width in zip(columns, widths, strict=True)), sep="  ")
    for result, row in zip(results, rows, strict=True):
        sign = {True: "✓", False: "✗", None: " "}[result.good]
        print(f" {sign}", *(c.ljust(w) for c, w in zip(row, widths, strict=True)), sep="  ")


sys.exit(main())
