"""Routes: addresses in the texts of a tree whose target in the wiki differs from their wording."""
