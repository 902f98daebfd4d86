"""The leak drill from the administration: asked for, run beside the worker, and what came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from tests.cast import Scene
from wiki.audit import drilling
from wiki.audit.drilling import DrillKeeper
from wiki.audit.models import DrillRun
from wiki.db import now

pytestmark = pytest.mark.every_database

DRILL = "/-/admin/security/drill"
REPORT = {
    "requests": 12_345,
    "routes": 180,
    "canaries": 90,
    "leaks": [],
    "differences": [],
    "unasked": {},
    "excused": {"/-/static/<path:filename>": "the same for everybody"},
    "unseen": [],
    "changed": [],
    "clean": True,
}


def keeper(script: str) -> DrillKeeper:
    return DrillKeeper((sys.executable, "-c", script))


def saying(report: dict[str, object]) -> DrillKeeper:
    return keeper(f"print({json.dumps(json.dumps(report))})")


def run(wiki: Scene, keeper: DrillKeeper) -> None:
    """Ask for a drill, and let the worker see to it until the process has ended."""
    wiki.post("ada", DRILL)
    keeper(wiki.database, wiki.settings)
    assert keeper._at_work is not None
    keeper._at_work.process.wait(timeout=60)
    keeper(wiki.database, wiki.settings)


def test_a_drill_runs_when_an_admin_asks_and_its_report_stays(wiki: Scene) -> None:
    assert "Run drill" in wiki.get("ada", DRILL).text
    run(wiki, saying(REPORT))
    html = wiki.get("ada", DRILL).text
    assert "Nothing leaks." in html and "12,345 requests" in html
    assert "Ada" in html and "the same for everybody" in html
    audit = wiki.get("ada", "/-/admin/audit").text
    assert "started the leak drill" in audit
    assert "finished the leak drill and found no leak" in audit


def test_what_leaks_is_shown(wiki: Scene) -> None:
    leak = {"who": "guest", "request": "GET /eng/x", "what": "the title of a page"}
    run(wiki, saying(REPORT | {"leaks": [leak], "clean": False}))
    html = wiki.get("ada", DRILL).text
    assert "The drill found leaks." in html
    assert "the title of a page" in html and "as guest" in html and "GET /eng/x" in html
    assert "finished the leak drill and found 1 leak" in wiki.get("ada", "/-/admin/audit").text


def test_a_drill_that_fails_says_why(wiki: Scene) -> None:
    run(wiki, keeper("raise SystemExit('There is no room left.')"))
    html = wiki.get("ada", DRILL).text
    assert "The drill couldn’t finish." in html and "There is no room left." in html
    assert "Run again" in html
    wiki.post("ada", DRILL)
    DrillKeeper(("/nowhere/at-all",))(wiki.database, wiki.settings)
    assert "The drill couldn’t be started" in wiki.get("ada", DRILL).text


def test_one_drill_at_a_time_which_says_how_far_it_is(
    wiki: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drilling, "BEAT", timedelta(0))
    wiki.post("ada", DRILL)
    wiki.post("ada", DRILL)
    with wiki.database.read() as session:
        assert len(session.scalars(select(DrillRun)).all()) == 1
    script = "import sys; print('12/180', file=sys.stderr, flush=True); print('x', flush=True); "
    one = keeper(script + "sys.stdin.read()")
    one(wiki.database, wiki.settings)
    assert one._at_work is not None
    while "\n" not in drilling._read(one._at_work.steps):
        assert one._at_work.process.poll() is None
    one(wiki.database, wiki.settings)
    assert "12 of 180 routes tested" in wiki.get("ada", DRILL).text
    one._at_work.process.communicate()  # its worker is gone, and so it ends


def test_a_run_that_a_worker_has_left_was_interrupted(wiki: Scene) -> None:
    wiki.post("ada", DRILL)
    long_ago = now() - timedelta(hours=1)
    with wiki.database.write() as session:
        session.execute(update(DrillRun).values(began_at=long_ago, seen_at=long_ago))
    saying(REPORT)(wiki.database, wiki.settings)
    html = wiki.get("ada", DRILL).text
    assert "The drill was interrupted." in html and "Run again" in html


@pytest.mark.thorough
def test_a_drill_whose_worker_is_gone_ends_by_itself() -> None:
    # As a script starts programs in the background: they ignore interrupts.
    command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
    command += [sys.executable, "-m", "wiki", "drill", "--json", "--attended"]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=120)
    assert ended.returncode != 0 and ended.stdout == b""


def test_the_drill_is_for_admins(wiki: Scene) -> None:
    assert wiki.get("eve", DRILL).status_code == wiki.post("eve", DRILL).status_code == 403
