"""Import and export: trees of Markdown files in and out of a space."""
