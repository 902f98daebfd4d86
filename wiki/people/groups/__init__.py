"""Groups: named sets of people, which may contain other groups."""
