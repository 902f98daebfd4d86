"""Files attached to pages."""
