"""Data for sequence tasks that fit on a laptop."""

from .text import (
    CharText as CharText,
    TextError as TextError,
    read_text as read_text,
    standard_library_text as standard_library_text,
)
