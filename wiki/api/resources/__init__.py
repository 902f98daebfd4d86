"""Resources of the API: one dataclass for each object that is sent or received."""
