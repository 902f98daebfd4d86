"""Pure text functions, without Flask, SQLAlchemy or a search engine."""
