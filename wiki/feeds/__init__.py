"""Atom feeds of what people may read, and their personal addresses."""
