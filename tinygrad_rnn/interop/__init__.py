"""To and from the world outside: safe files."""

from .files import load, save
