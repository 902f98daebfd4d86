"""`wiki serve`: web processes and the worker under a supervisor that restarts those that die."""
