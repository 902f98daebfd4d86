"""The wiki for any WSGI server: ``wsgi:app``."""

from wiki.app import create_app

app = create_app()
