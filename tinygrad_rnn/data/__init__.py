"""Data for sequence tasks that fit on a laptop."""

from .text import CharText, TextError, read_text, standard_library_text
