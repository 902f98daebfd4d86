"""All operations together: importing this puts every one of them into the table."""

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
