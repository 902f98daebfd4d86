"""The matching and ranking of pages, the same for every engine."""
