"""Secret scanning: what was found and saved on purpose, and the settings of each space."""
