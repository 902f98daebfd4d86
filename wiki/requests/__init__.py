"""Requests for access: members ask, leads grant or decline."""
