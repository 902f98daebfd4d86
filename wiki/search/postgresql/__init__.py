"""The search engine in the wiki's own PostgreSQL database."""
