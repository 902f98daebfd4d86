"""Tags: what pages are grouped by; and lists of pages by tag, author and date."""
