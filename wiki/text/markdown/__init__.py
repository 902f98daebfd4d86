"""Markdown to HTML, a pure function of a text and its place."""
