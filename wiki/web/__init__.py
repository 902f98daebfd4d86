"""Flask plumbing without domain."""
