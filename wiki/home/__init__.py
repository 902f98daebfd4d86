"""The site's own screens: home, health, and files with well-known names."""
