"""The REST API, based on the same actions as the browser: JSON, bearer tokens, OpenAPI."""
