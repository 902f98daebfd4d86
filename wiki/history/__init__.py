"""History: revisions, comparisons, blame, the calendar and recent changes."""
