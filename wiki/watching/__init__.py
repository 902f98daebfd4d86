"""Watching: who is told of changes to spaces, pages, discussions and tags, and of which."""
