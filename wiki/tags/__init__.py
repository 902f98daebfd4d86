"""Tags of pages, and lists of pages by tag, author and date."""
