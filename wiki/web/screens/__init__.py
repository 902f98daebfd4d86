"""Values and filters for templates: language, time zone, theme, formats, links of rooms."""
