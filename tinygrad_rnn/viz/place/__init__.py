"""Where it goes: which steps are shown, in which column and row, and where each box lies."""
