"""Rendering of pages: stored results, the queue of work, and retries."""
