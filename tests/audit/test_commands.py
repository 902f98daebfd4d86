"""The audit from the shell."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from tests.cast import Scene
from wiki.cli import main
from wiki.outbox.chain.verifying import verify
from wiki.outbox.models import EventRow


def run(wiki: Scene, *words: str, typed: str = "") -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wiki.audit.commands.opened", lambda: (wiki.settings, wiki.database))
        return CliRunner().invoke(main, ["audit", *words], input=typed)


def happen(wiki: Scene) -> None:
    wiki.post("eve", "/eng/-/members", person="cai", role="editor")
    wiki.post("eve", "/lab/-/members", person="dot", role="reader")


def test_events_are_exported_and_that_is_an_event(wiki: Scene) -> None:
    happen(wiki)
    done = run(wiki, "export", "--since", "2020-01-01", "--space", "eng", "--who", "eve")
    assert done.exit_code == 0
    [row] = [json.loads(line) for line in done.output.splitlines()]
    assert row["what"] == "gave Cai the role editor in Eng"
    assert len(row["link"]) == 64
    rows = list(csv.DictReader(io.StringIO(run(wiki, "export", "--format", "csv").output)))
    assert [row["event"] for row in rows] == ["AuditExported", "MemberChanged", "MemberChanged"]
    assert rows[0]["who"] == "The server’s shell"
    assert run(wiki, "export", "--until", "2020-01-01").output == ""


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--who", "zoe"), "Error: There is no user zoe."),
        (("--space", "nowhere"), "Error: There is no space nowhere."),
        (("--since", "soon"), "does not match the format"),
        (("--format", "exe"), "is not one of"),
    ],
)
def test_an_export_of_nonsense_is_refused(
    wiki: Scene, words: tuple[str, ...], sentence: str
) -> None:
    done = run(wiki, "export", *words)
    assert done.exit_code != 0
    assert sentence in done.output


def test_a_whole_chain_is_not_signed_again(wiki: Scene) -> None:
    happen(wiki)
    assert run(wiki, "seal").output == "2 events are unchanged and signed.\n"


def test_a_broken_chain_is_signed_when_somebody_says_so(wiki: Scene) -> None:
    happen(wiki)
    with wiki.database.write() as session:
        session.execute(update(EventRow).values(actor_id=None))
    refused = run(wiki, "seal", typed="n\n")
    assert refused.exit_code == 1
    assert "Error: Nothing was signed." in refused.output
    assert verify(wiki.database).fault != ""
    done = run(wiki, "seal", "--yes")
    assert "2 events are linked and signed again." in done.output
    assert verify(wiki.database).fault == ""
    with wiki.database.read() as session:
        last = session.scalars(select(EventRow).order_by(EventRow.id.desc())).first()
        assert last is not None
        assert "was changed" in last.payload["fault"]
