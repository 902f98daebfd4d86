"""The renderer of this process, and its limits."""

from __future__ import annotations

import os

from wiki.pages.rendering.renderer import Renderer

renderer = Renderer(2.0, 20.0)
os.register_at_fork(after_in_child=renderer.forget)


def forget_rendered() -> None:
    """Clear the cache of renderings of this process, because a text in it is being deleted."""
    renderer.forget_recent()


def limit_rendering(seconds: float, most: float) -> None:
    """Set the CPU time that a page may take before its plain source is shown, and the maximum that
    the worker gives it after that."""
    renderer.seconds = seconds
    renderer.most = max(seconds, most)


def most_seconds() -> float:
    """Return the maximum CPU time of a page, in seconds."""
    return renderer.most


def first_seconds() -> float:
    """Return the CPU time that a page gets at first, in seconds."""
    return renderer.seconds
