"""Access: who can read or edit a page or a space, and the screens that change it."""
