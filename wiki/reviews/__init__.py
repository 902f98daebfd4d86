"""Reviews of changes that open something to more people."""
