"""Sources of trees of files: folders, zips and Git histories, all untrusted."""
