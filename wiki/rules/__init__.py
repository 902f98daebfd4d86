"""Permission and limit rules as pure functions on facts, without Flask, SQLAlchemy or a search
engine."""
