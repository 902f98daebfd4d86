"""The log of searches: what was searched for, how much was found, and whether it helped."""
