"""Insights into a wiki: housekeeping lists, the self-check and the settings."""
