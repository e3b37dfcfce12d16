"""To and from the world outside: safe files."""

from .files import load as load, save as save
