"""Stars: the pages that people mark to find them again."""
