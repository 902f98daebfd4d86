"""Conflicting edits of one page: the form that resolves them."""
