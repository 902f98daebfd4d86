"""Changes of addresses and passages in a text that keep every other byte."""
