"""Completion while a query or a link is typed: pages, the switcher, and operators."""
