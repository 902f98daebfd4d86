"""Comments on pages: threads of messages, their resolution, and reactions."""
