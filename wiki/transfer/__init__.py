"""Import and export of spaces as trees of Markdown files."""
