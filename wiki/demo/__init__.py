"""A small organisation that never was, to look at the wiki with: its people, pages and past."""
