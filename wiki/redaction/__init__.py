"""Redaction of a text, a revision, a file or a title everywhere at once; a tombstone stays."""
