"""Resumable uploads: files that arrive in pieces."""
