"""People: accounts, sign-in, API tokens."""
