"""Front matter: reading, and edits that keep other bytes."""
