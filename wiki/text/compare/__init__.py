"""Diff, merge and blame of texts."""
