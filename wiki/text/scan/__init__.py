"""Searches for secrets and for invisible characters in texts."""
