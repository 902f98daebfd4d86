"""The commands by subject; ``wiki.cli`` combines them."""
