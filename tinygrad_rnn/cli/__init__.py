"""The command line: one file per command, what they share in arguments.py, and the ways out in commands.py."""

from .commands import main as main
