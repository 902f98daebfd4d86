"""The hash chain of events: links, verification, signing, expiry."""
