"""Statements that the wiki builds once."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import _lru_cache_wrapper

import pytest

from wiki.spaces import gate


def forget_statements() -> None:
    """Statements are built once for each asker; after a gate is changed they are built anew."""
    for one in gc.get_objects():
        if isinstance(one, _lru_cache_wrapper) and (one.__module__ or "").startswith("wiki."):
            one.cache_clear()
    gate._of_thread.__dict__.clear()


@contextmanager
def opened(where: object, name: str, instead: object) -> Iterator[pytest.MonkeyPatch]:
    """Take a gate out inside the block."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, name, instead)
        forget_statements()
        yield patch
    forget_statements()
