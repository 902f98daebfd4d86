"""Entry point for ``python -m wiki``, which is the same as ``wiki``."""

from wiki.cli import main

main(prog_name="wiki")
