"""Sign-in: sessions, attempts, known browsers, password resets."""
