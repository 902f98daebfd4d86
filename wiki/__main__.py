"""``python -m wiki`` is the same as ``wiki``."""

from wiki.cli import main

main(prog_name="wiki")
