"""Mail: messages that are queued as events, and their delivery over SMTP."""
