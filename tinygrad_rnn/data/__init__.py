"""Data for sequence tasks that fit on a laptop: text.py, a text as characters. Toy tasks are in ../tasks/, DataLoader
in ../utils/data/.
"""

from .text import (
    CharText as CharText,
    TextError as TextError,
    read_text as read_text,
    standard_library_text as standard_library_text,
)
