"""Pictures of the graph: `draw(tensor)` for one, `record()` for what the graph alone does not keep."""

from .drawing import DrawError, Drawing, draw
from .model import Item, Link, Model
from .record import record

__all__ = ["DrawError", "Drawing", "Item", "Link", "Model", "draw", "record"]
