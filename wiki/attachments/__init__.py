"""Attached files: contents stored by hash, rows that record their owners, and safe delivery."""
