"""Authors known from imported histories, and claims of their work."""
