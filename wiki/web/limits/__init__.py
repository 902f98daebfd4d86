"""Limits on requests: their size, their rate, and concurrent slow work."""
