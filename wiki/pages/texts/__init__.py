"""Texts of revisions: content-addressed, stored once, compressed, verified when read."""
