"""Profiles: people as others see them, and taking over imported work."""
