"""The command line: one file per command, what they share in arguments.py, and the ways out in main.py."""

from .main import main as main
