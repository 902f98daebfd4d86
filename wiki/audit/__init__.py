"""Who did what, when and from where: the log of events as admins read it."""
