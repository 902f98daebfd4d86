"""Permanent removal of a page, or of the content of one revision, from everywhere."""
