"""Links by which a page is read by people who have no account."""
