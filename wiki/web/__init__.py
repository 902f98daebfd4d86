"""Flask plumbing that does not depend on the wiki's domain."""
