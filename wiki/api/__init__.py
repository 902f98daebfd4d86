"""REST over the same actions as the screens: JSON in and out, bearer tokens, OpenAPI."""
