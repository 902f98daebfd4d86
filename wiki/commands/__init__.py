"""The commands, by what they are about; ``wiki.cli`` puts them together."""
