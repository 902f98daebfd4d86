"""Import and export of Git repositories."""
