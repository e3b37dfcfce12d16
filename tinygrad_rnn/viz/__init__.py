"""Pictures of the graph: `draw(tensor)` for one; `tinygrad_rnn.record()` keeps what the graph alone does not.

drawing.py      `draw`, and the Drawing that it returns; `WRITERS` has the file formats
asking.py       what `draw` was given, and options
model/          what is in the picture: operations, names, time steps, boxes
place/          where it goes: folding, columns and rows, the layout of a step
write/          how it is written: SVG, DOT, Mermaid, text
page/           the interactive page; its JavaScript is in page/assets/
style.py        colours (the page has its own, page/assets/page.css); plots.py: curves and heat maps; errors.py
"""

from . import plots
from .drawing import Drawing, draw
from .errors import DrawError
from .model.items import Item, Link, Model

__all__ = ["DrawError", "Drawing", "Item", "Link", "Model", "draw", "plots"]
