"""REST over the same actions that the screens use."""
