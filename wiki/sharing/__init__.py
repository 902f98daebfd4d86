"""Share links: reading pages without an account."""
