"""Spaces: top-level areas, their members and invitations."""
