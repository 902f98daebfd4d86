"""Parsing of front matter, and edits that keep all other bytes."""
