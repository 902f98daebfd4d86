"""Webhooks of spaces: calls to other services about what happens in a space."""
