"""What goes wrong when a picture cannot be drawn."""


class DrawError(RuntimeError):
    """A picture could not be drawn; the message says what was tried and what to do."""
