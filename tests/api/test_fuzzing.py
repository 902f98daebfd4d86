"""Every operation called with generated input: answers are as described, valid input is accepted,
invalid input refused, and nothing fails."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cast import Scene
from tests.serving.inside import serving

from .conftest import V1, Api

CONFIGURATION = Path(__file__).with_name("fuzzing.toml")


@pytest.fixture
def served(wiki: Scene) -> Iterator[str]:
    """The address of a wiki that is served."""
    with serving(wiki.app, threads=2) as address:
        yield address


@pytest.mark.thorough
def test_every_answer_to_generated_input_is_as_described(
    wiki: Scene, api: Api, served: str, tmp_path: Path
) -> None:
    wiki.write("rota", "old")
    wiki.deliver()
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            f"--config-file={CONFIGURATION}",
            "run",
            f"{served}{V1}/openapi.json",
            f"--header=Authorization: Bearer {api.token('ada')}",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
