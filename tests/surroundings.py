"""What the machine offers to the tests: databases, a browser, the corpus; and what was left out.

A test says what it needs by a marker or a fixture; what is not here is left out, and said at the
end. On a build server (`CI=true`) a missing database, browser or Git, and any skip, is a failure.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import psycopg
import pytest
from _pytest.mark import ParameterSet
from hypothesis import settings as property_tests
from sqlalchemy import make_url

ROOT = Path(__file__).resolve().parents[1]
CI = os.environ.get("CI", "").lower() in ("true", "1", "yes")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BUNDLE = ROOT.parent / "shared/corpus/handbook.bundle"

POSTGRES = "PostgreSQL (set WIKI_TEST_POSTGRES_URL, or run one on port 5432 that lets you in)"
CHROMIUM = "Chromium (install it, or set WIKI_TEST_CHROMIUM to its path)"
GIT = "Git (install it)"
CORPUS = "the handbook (set WIKI_CORPUS to its bundle or its folder)"


# A busy machine is no reason to fail.
property_tests.register_profile("quick", deadline=None, max_examples=30)
property_tests.register_profile("full", deadline=None)


def pytest_configure(config: pytest.Config) -> None:
    full = CI and config.getoption("--scope") != "quick"
    property_tests.load_profile("full" if full else "quick")


def examples(full: int) -> int:
    """The number of examples of a property test: all of them on a build server, but not in
    `make test`, and a quarter elsewhere."""
    all_of_them = property_tests.get_current_profile_name() == "full"
    return full if all_of_them else max(full // 4, 3)


def thorough(*values: object) -> list[ParameterSet]:
    """Parameters of a test, one for each run of it, that only `--scope=rest` runs."""
    return [
        pytest.param(*(one if isinstance(one, tuple) else (one,)), marks=pytest.mark.thorough)
        for one in values
    ]


def postgres_url() -> str:
    """The server on which tests may make databases."""
    own = f"postgresql+psycopg://{getpass.getuser()}@127.0.0.1:5432/postgres"
    return os.environ.get("WIKI_TEST_POSTGRES_URL") or own


@cache
def has_postgres() -> bool:
    """Whether that server lets us in and may be asked for databases."""
    url = make_url(postgres_url()).set(drivername="postgresql")
    try:
        with psycopg.connect(url.render_as_string(False), connect_timeout=5) as connection:
            may = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
            row = connection.execute(may).fetchone()
    except psycopg.Error:
        return False
    return bool(row and row[0])


@cache
def chromium_path() -> str | None:
    """The browser to test with."""
    asked = os.environ.get("WIKI_TEST_CHROMIUM")
    return shutil.which(asked) if asked else next(filter(None, map(shutil.which, BROWSERS)), None)


@cache
def corpus_source() -> Path | None:
    """The handbook, as a bundle or as a folder."""
    source = Path(os.environ.get("WIKI_CORPUS") or BUNDLE)
    return source if source.exists() else None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--databases",
        default="sqlite",
        help="the databases to run on: sqlite, postgres, both separated by a comma, "
        "or all that are here",
    )
    parser.addoption(
        "--scope",
        default="all",
        choices=("all", "quick", "rest"),
        help="quick: without tests marked `thorough`, and on PostgreSQL only those marked "
        "`every_database`; rest: what quick leaves out, and on a build server property tests "
        "once more, with all their examples",
    )


def databases(config: pytest.Config) -> list[str]:
    """The databases of this run."""
    asked: str = config.getoption("--databases")
    if asked == "all":
        return ["sqlite", "postgres"] if has_postgres() else ["sqlite"]
    return asked.split(",")


def missing(config: pytest.Config) -> dict[str, str]:
    """What this run leaves out: the need's name and its sentence."""
    absent = {}
    if config.getoption("--databases") == "all" and not has_postgres():
        absent["postgres"] = POSTGRES
    if chromium_path() is None:
        absent["browser"] = CHROMIUM
    if shutil.which("git") is None:
        absent["git"] = GIT
    if corpus_source() is None:
        absent["corpus"] = CORPUS
    return absent


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", databases(metafunc.config), scope="session")


def is_on_postgres(item: pytest.Item) -> bool:
    """Whether the database of the test is PostgreSQL."""
    return isinstance(item, pytest.Function) and (
        getattr(item, "callspec", None) is not None
        and item.callspec.params.get("backend") == "postgres"
    )


def is_quick(item: pytest.Item) -> bool:
    """Whether `--scope=quick` runs the test."""
    if item.get_closest_marker("thorough"):
        return False
    return not is_on_postgres(item) or item.get_closest_marker("every_database") is not None


def is_property_test(item: pytest.Item) -> bool:
    """Whether the test has more examples on a build server."""
    of_hypothesis = getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return of_hypothesis or item.get_closest_marker("property_test") is not None


def is_in_scope(item: pytest.Item, scope: str) -> bool:
    """Whether `--scope` runs the test."""
    if scope == "rest":
        return not is_quick(item) or (CI and is_property_test(item))
    return scope == "all" or is_quick(item)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    absent = missing(config)
    scope = config.getoption("--scope")
    left_out = [
        item
        for item in items
        if any(item.get_closest_marker(need) for need in absent)
        or not is_in_scope(item, scope)
        or (item.get_closest_marker("only_postgres") and not is_on_postgres(item))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    if CI:
        # A busy build server can make a browser miss a step; a screen that is broken fails twice.
        for item in items:
            if item.get_closest_marker("browser"):
                item.add_marker(pytest.mark.flaky(reruns=1))


def failures_on_a_build_server(
    config: pytest.Config, reporter: pytest.TerminalReporter
) -> list[str]:
    """Why a run that left something out does not count there; sentences."""
    absent = missing(config)
    found = [
        f"{absent[need]} is missing." for need in ("postgres", "browser", "git") if need in absent
    ]
    skipped = len(reporter.stats.get("skipped", []))
    if skipped:
        found.append(f"{skipped} tests were skipped.")
    return found if CI and config.getoption("--databases") == "all" else []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    alone = not hasattr(session.config, "workerinput")
    if alone and reporter and failures_on_a_build_server(session.config, reporter):
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    repeated = terminalreporter.stats.get("rerun", [])
    if repeated:
        terminalreporter.section("repeated after a failure")
        for report in repeated:
            terminalreporter.line(report.nodeid)
    absent = missing(config)
    if absent:
        terminalreporter.section("left out")
        for sentence in absent.values():
            terminalreporter.line(f"Tests that need {sentence}.")
    for sentence in failures_on_a_build_server(config, terminalreporter):
        terminalreporter.line(f"On a build server this is a failure: {sentence}", red=True)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; for tests marked `browser`."""
    path = chromium_path()
    assert path, "mark this test with pytest.mark.browser"
    return path


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The handbook's newest tree, to be read only; for tests marked `corpus`."""
    source = corpus_source()
    assert source, "mark this test with pytest.mark.corpus"
    if source.is_dir():
        yield source
        return
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # cloned once for all of them
        shared = shared.parent
    target = shared / "handbook"
    with (shared / "handbook.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / ".git/HEAD").exists():
            subprocess.run(["git", "clone", "--quiet", "--branch=main", source, target], check=True)
    yield target
