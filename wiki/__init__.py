"""Trellis: a wiki-style collaborative knowledge base."""
