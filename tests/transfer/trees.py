"""Small trees of Markdown files for the tests of import and export."""

import io
import zipfile
from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"

TREE: dict[str, str | bytes] = {
    "index.md": "# The guide\n\nStart with [setup](setup/index.md) or [the team](team.md).\n",
    "team.md": (
        "---\ntitle: Our team\ndescription: Who we are\ntags: [people, org]\nowner: eve\n---\n\n"
        "We are few. ![Us](images/us.png) and [the plan](files/plan.pdf).\n"
    ),
    "setup/index.md": "# Setting up\n\n[Home](../index.md), [tools](tools.md#editors)\n",
    "setup/tools.md": "Tools\n=====\n\n## Editors\n\nAny. [Nothing](nowhere.md) here.\n",
    "notes/README.md": "Only notes. [Gone](gone.png)\n",
    "notes/On Call.md": "no heading, [up](.)\n",
    "日本/ページ.md": "# 見出し\n\n本文\n",
    "images/us.png": PNG,
    "files/plan.pdf": b"%PDF-1.7 plan",
    "files/unused.bin": b"nobody links this",
    ".git/config": "[core]",
    "empty.md": "",
}


def write_tree(folder: Path, tree: dict[str, str | bytes]) -> Path:
    """The tree as files below `folder`."""
    for name, content in tree.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def zipped(tree: dict[str, str | bytes]) -> io.BytesIO:
    """The tree as a zip."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree.items():
            archive.writestr(name, content)
    file.seek(0)
    return file
