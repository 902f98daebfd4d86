"""Benchmarks of the project's performance targets, as ratios measured in one run: `make bench`."""
