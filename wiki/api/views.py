"""All operations of the API; importing this module registers them."""

from wiki.api import (
    changes,
    files,
    groups,
    history,
    lists,
    openapi,
    pages,
    search,
    spaces,
    uploads,
)
from wiki.api.operations import OPERATIONS, blueprint

__all__ = [
    "OPERATIONS",
    "blueprint",
    "changes",
    "files",
    "groups",
    "history",
    "lists",
    "openapi",
    "pages",
    "search",
    "spaces",
    "uploads",
]
