"""The HTTP server: connections, and the adapter that runs the application in threads."""
