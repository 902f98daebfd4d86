"""Labels and restrictions of pages, and what they inherit."""
