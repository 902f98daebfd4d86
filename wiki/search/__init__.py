"""Full-text search over the pages that the actor may read."""
