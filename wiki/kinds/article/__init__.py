"""Articles: the default kind of page, with nothing but a text."""
