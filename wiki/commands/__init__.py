"""The commands that concern all rooms: checks and the leak drill."""
