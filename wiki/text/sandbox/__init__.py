"""Rendering in a child process with limits."""
