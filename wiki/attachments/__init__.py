"""Files of pages: bytes under their hash, rows that say whose they are, and serving them safely."""
