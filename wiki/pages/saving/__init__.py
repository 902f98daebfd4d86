"""The pipeline of every save: edits, guards, merges, revisions."""
