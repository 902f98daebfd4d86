"""Passages of texts: followed through edits, and found in what readers see."""
