"""Pages: revisions, paths, redirects, links and the tree."""
