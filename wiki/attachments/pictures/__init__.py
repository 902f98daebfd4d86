"""Sizes and thumbnails of pictures."""
