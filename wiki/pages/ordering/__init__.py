"""The order of pages with the same parent: kept, changed, undone."""
