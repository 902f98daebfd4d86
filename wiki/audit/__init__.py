"""The audit log: the log of events as administrators read it."""
