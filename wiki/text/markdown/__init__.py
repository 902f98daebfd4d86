"""Conversion of Markdown to HTML as a pure function of a text and its location."""
