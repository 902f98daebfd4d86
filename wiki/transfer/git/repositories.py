"""Repositories of spaces: opened or created, and the position that their newest commit stores."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from wiki.errors import Invalid
from wiki.spaces.models import Space
from wiki.transfer.git import trailers
from wiki.transfer.git.command import GitError
from wiki.transfer.git.fast_import import Repository

log = logging.getLogger(__name__)


_SPACE = "wiki.space"
"""The setting of a repository that identifies its space."""


@dataclass
class Committed:
    """The result of a run: number of commits made, the event up to which the repository is
    complete, its newest commit, whether everything is committed, and what had to be left out."""

    commits: int
    event_id: int
    tip: str
    finished: bool = True
    problems: list[str] = field(default_factory=list)


def open_repository(folder: Path, space: Space, *, new: bool = False) -> Repository:
    """Return the repository of a space in a folder.

    :param new: create it if the folder is missing or empty.
    :raises Invalid: when the folder holds anything but the repository of this space. :raises
        GitError:
    """
    folder = folder.absolute()
    mark = f"{space.id} {space.slug} {space.created_at:%Y-%m-%dT%H:%M:%SZ}"
    try:
        empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    except OSError as error:
        raise GitError(f"{folder} can’t be read: {error.strerror}.") from None
    if empty and new:
        return Repository.make(folder, {_SPACE: mark})
    if empty:
        raise GitError(f"The repository {folder} doesn’t exist (any more).")
    repository = Repository(folder)
    found = repository.setting(_SPACE)
    if found == mark:
        return repository
    if found:
        raise Invalid(f"{folder} contains the history of another space.")
    raise Invalid(f"{folder} wasn’t created by this command. Choose a new or empty folder.")


def newest_position(repository: Repository) -> tuple[str, dict[str, str]]:
    """Return the newest commit and its trailers; empty before the first.

    :raises GitError: when it was not made by this wiki; then nothing may be committed on top of it.
    """
    tip, message = repository.tip()
    if not tip:
        return "", {}
    said = trailers.split_trailers(message)[1]
    if not said.get(trailers.EVENT, "").isdecimal():
        who = repository.run("log", "-1", "--format=%an", tip).decode("utf-8", "replace").strip()
        raise GitError(
            f"Someone else committed to the branch main of {repository.folder}: its latest "
            f"commit is {tip[:10]} by {who or 'someone'}. Move their commits to another branch; "
            "then mirroring continues."
        )
    return tip, said
