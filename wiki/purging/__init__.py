"""Removing for good what must not be kept: a page, or what one revision said, from everywhere."""
