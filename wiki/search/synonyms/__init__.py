"""The synonyms of this site: the built-in groups, and groups that admins edit."""
