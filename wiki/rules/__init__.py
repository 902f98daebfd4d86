"""Ground floor: facts in, decision out. No Flask, no SQLAlchemy, no search engine."""
