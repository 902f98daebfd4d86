"""Taking a text, a revision, a file or a title out of everything at once; a tombstone stays."""
