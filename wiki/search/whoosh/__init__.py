"""The search engine that is built with Whoosh."""
