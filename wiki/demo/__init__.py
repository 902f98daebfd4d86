"""A fictional organisation to try the wiki with: its people, pages and history."""
