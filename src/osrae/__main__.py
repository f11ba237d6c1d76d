"""``python -m osrae`` is the command line."""

from osrae.cli import main

main()
