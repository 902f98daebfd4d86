"""Ground floor: text in, text out. No Flask, no SQLAlchemy, no search engine."""
