"""The graph of links, links by name, moves and repairs."""
