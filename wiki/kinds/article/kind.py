"""The declaration of articles."""

from wiki.kind import DEFAULT, Kind

ARTICLE = Kind(name=DEFAULT, title="Article", icon="file-text")
