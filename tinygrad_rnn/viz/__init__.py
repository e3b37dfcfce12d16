"""Pictures of the graph: `draw(tensor)` for one; `tinygrad_rnn.record()` keeps what the graph alone does not."""

from . import plots
from .drawing import Drawing, draw
from .errors import DrawError
from .model.items import Item, Link, Model

__all__ = ["DrawError", "Drawing", "Item", "Link", "Model", "draw", "plots"]
