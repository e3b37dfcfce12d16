"""draw(): from a tensor to a picture. A Drawing holds it and writes it in the form that is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..atomic import write_atomically
from ..study.history import callers_source, callers_variables
from ..study.results import counted
from .asking import UNKNOWN_NOTE, bounds_of, called, causes_of, check_options, run_backward, tensors_in
from .errors import DrawError
from .model.boxes import Picture
from .model.items import Model, fill_in_values
from .model.labels import Labels
from .model.names import name_items
from .model.opened import Opened, open_fused
from .page.inline import Page, inline
from .page.page import write_page
from .place.arrange import arrange
from .place.fold import LONG_GRAPH, UNFOLDED
from .place.layout import LayoutTimeout, layered_all
from .place.views import Wanted, build
from .write import dot, mermaid, text
from .write.svg import write_svg

MOST_BOXES = 40_000  # an explicitly asked-for view larger than this is refused with advice
COLUMN = 1000  # pixels: what a notebook shows without making it smaller
TOO_WIDE = 32_000  # pixels: what PNG writers can take
INSTALL = (
    "  do one of:   apt install graphviz | brew install graphviz | choco install graphviz | conda install graphviz\n"
    '               pip install "tinygrad_rnn[draw]"\n'
    '  or use SVG, which needs nothing:   drawing.save("graph.svg")\n'
    '  or keep the source:                drawing.save("graph.dot")   (paste into any Graphviz viewer)'
)


def draw(
    output: Any, path: str | Path | None = None, *, inputs: Any = None, view: str = "auto",
    names: dict[str, Any] | None = None, shapes: bool = False, values: bool | None = None, grads: bool = False,
    causes: bool = False, steps: range | None = None, scale: Any = None, wrap: float | None = None,
    compact: bool = False, titles: list[str] | None = None, expand: bool = True, engine: str = "auto",
    theme: str = "auto", timeout: float = 20.0, max_nodes: int = MOST_BOXES,
) -> Drawing:  # fmt: skip
    """Draw the graph behind `output`: a tensor, whatever a layer returns, or a module called with `inputs`.

    inputs   for a module: its arguments, a tuple (or a single tensor); the outputs of the call are drawn
    view     "op"        every operation, time steps side by side
             "folded"    the first and last two steps, the rest as '… 46 steps …'
             "rolled"    one step, with edges to the next
             "module"    one box per module and step
             "backward"  the backward functions; arrows the way gradients go
             "auto"      "op" up to 8 steps, else "folded"; for very large graphs "module"
    names    variables to take names from; by default those where `draw` is called, and the lines there; {} for none
    shapes   write shapes on the boxes (they are always in the hover text)
    values   write values; by default for small graphs of plain numbers
    grads    a dashed track beside each edge: the gradient that went back along it; at the steps' borders and in a
             strip under all steps its norm and the factor per step. Uses what `tg.record()` noted, else runs a
             backward of its own that leaves `.grad` alone
    causes   under the strip, by what each step multiplies the gradient: see `study.decay`, which needs a scalar loss
    steps    a range of time steps to show in full; the others are folded
    scale    (smallest, largest) norm for widths and shades, or a Drawing whose scale to use, to compare two
    wrap     the width in pixels at which steps go on in the next line; a step that is wider is shown smaller
    compact  one box for a linear map with its weights and the split behind it
    titles   for a list of outputs: compare them, under each other on one scale and one time axis, by these names
    expand   show the steps inside a whole-sequence layer; False leaves it one box
    engine   who lays out: "auto", "dot", "pygraphviz" or "builtin" (needs no Graphviz)
    theme    "light", "dark", or "auto": as the reader's screen

    With `path` the drawing is also saved: .svg, .html (interactive), .png, .pdf, .dot, .mmd or .txt.

    >>> a = tinygrad_rnn.tensor(2.0, requires_grad=True)
    >>> tinygrad_rnn.draw(a * a).stats["nodes"]
    1
    """
    check_options(
        view=view, engine=engine, theme=theme, steps=steps, names=names, scale=scale, wrap=wrap, titles=titles
    )
    found = tensors_in(called(output, inputs))
    tensors = list(found.values())
    opened = open_fused([t._edge[0] for t in tensors]) if expand else Opened()
    note = run_backward(tensors, opened) if grads else ""
    source: Callable[[], str] = callers_source if names is None else str
    names = callers_variables() if names is None else names
    model = Model([t._edge for t in tensors], opened, names)
    for tensor, (node, _) in zip(tensors, model.outputs, strict=True):
        if node.n_outputs == 1:
            model.item_of[node].value = tensor.array
    own = {t.name: t for t in tensors if t.name} | {name: t for name, t in found.items() if not name.isdigit()}
    if titles is not None:
        model.compare(titles)
    name_items(model, own | names, source)
    if view == "auto":
        view = _choose(model, steps)
    small_numbers = all(item.shapes == ((),) for item in model.items) and len(model.items) <= 60
    labels = Labels(shapes, small_numbers if values is None else values, view == "backward")
    if labels.values and small_numbers:
        fill_in_values(model)
    if view == "op" and steps is not None:
        view = "folded"
    bounds = None if scale is None else bounds_of(scale)
    wanted = Wanted(view, labels, grads, steps, bounds, wrap, compact, causes_of(tensors, titles) if causes else [])
    drawing = Drawing(model, wanted, engine=engine, theme=theme, timeout=timeout, max_nodes=max_nodes)
    drawing.tensors, drawing.variables = tensors, names or {}
    if opened.closed:
        note = (
            f"{', '.join(sorted(opened.closed))}: one box, because backward() freed what its steps need; run forward and "
            f"backward inside tg.record(), and draw before the weights change"
        )
    elif not note and any(item.is_unknown for item in model.items):
        note = UNKNOWN_NOTE
    if note:
        drawing.picture.remarks.append(note)
    if path is not None:
        drawing.save(path)
    return drawing


def _choose(model: Model, steps: range | None) -> str:
    """The most detailed view that can still be read."""
    if steps is not None or model.steps > UNFOLDED:
        return "folded"
    if model.tiles or len(model.rest) <= LONG_GRAPH:
        return "op"
    return "module" if len({item.scope for item in model.rest}) < LONG_GRAPH and model.rest[0].scope.path else "folded"


class Drawing:
    """A picture, ready to be saved or shown. Laid out when first needed.

    engine   what laid it out: "dot", "pygraphviz" or "builtin"
    stats    counts: nodes, edges, steps, parameters, drawn, folded_steps, cuts
    model    the graph as items and links, for tools of your own
    """

    def __init__(
        self, model: Model, wanted: Wanted, *, engine: str, theme: str, timeout: float, max_nodes: int = MOST_BOXES
    ):
        self.model: Model = model
        self.wanted: Wanted = wanted
        self.theme: str = theme
        self.timeout: float = timeout
        self.tensors: list[Any] = []  # what was drawn, for the studies of the page
        self.variables: dict[str, Any] = {}
        self.picture: Picture = build(model, wanted)
        self.picture.title = self._title()
        self.stats: Any = self.picture.stats
        self.engine: Any = self._engine(engine)
        self._arranged = False
        if self.stats["drawn"] > max_nodes:
            raise DrawError(
                f"view={wanted.view!r} would draw {self.stats['drawn']:,} boxes (limit {max_nodes:,}): "
                f"try view='folded' or 'module', or steps=range(0, 10), or max_nodes={self.stats['drawn']}"
            )

    def _title(self) -> str:
        stats = self.picture.stats
        parts = [counted(stats["steps"], "time step")] if stats["steps"] else []
        parts += [counted(stats["nodes"], "operation")]
        parts += [counted(stats["parameters"], "parameter")] if stats["parameters"] else []
        parts += [f"view: {self.picture.view}"]
        return " · ".join(parts)

    @staticmethod
    def _engine(engine: str) -> str:
        if engine == "auto":
            return dot.find_engine() or "builtin"
        return engine

    @property
    def view(self) -> str:
        """The view that was drawn, also where "auto" chose it."""
        return self.picture.view

    def _arrange(self) -> Picture:
        if not self._arranged:
            try:
                self._lay_out()
            except LayoutTimeout:
                raise DrawError(
                    f"layout stopped after {self.timeout:g} s (view={self.view!r}, {self.stats['drawn']:,} boxes, "
                    f"engine={self.engine!r}).\n  try view='folded' or view='module', or steps=range(0, 10), "
                    f"or engine='builtin', or timeout={self.timeout * 6:g}"
                ) from None
            self._arranged = True
        return self.picture

    def _lay_out(self) -> None:
        if self.engine != "builtin":
            try:
                arrange(self.picture, dot.layout_with(self.engine, self.timeout))
            except dot.GraphvizFailed:  # an old or broken Graphviz: our own layout always works
                self.engine = "builtin"
        if self.engine == "builtin":
            until = time.monotonic() + self.timeout
            arrange(self.picture, lambda tiles: layered_all(tiles, until))

    def svg(self, play: bool = False) -> str:
        """The picture as an SVG document, with `play` one that shows backward at work. Needs no other program."""
        return write_svg(self._arrange(), self.theme, self.engine, play)

    def dot(self) -> str:
        """The picture as DOT text, every box at its place."""
        return dot.write_dot(self._arrange())

    @property
    def source(self) -> str:
        """The DOT text."""
        return self.dot()

    def text(self) -> str:
        """The picture in words, for the terminal."""
        return text.write_text(self.model, self.picture)

    def mermaid(self) -> str:
        """The picture as a Mermaid flowchart."""
        return mermaid.write_mermaid(self.picture)

    def with_view(self, view: str) -> Drawing:
        """The same graph in another view."""
        return self.changed(view=view, labels=replace(self.wanted.labels, backward=view == "backward"))

    def changed(self, **options: Any) -> Drawing:
        """The same graph with other options of `Wanted`."""
        wanted = replace(self.wanted, **options)
        return Drawing(self.model, wanted, engine=self.engine, theme=self.theme, timeout=self.timeout, max_nodes=10**9)

    def html(self, **options: Any) -> str:
        """The picture as an interactive page in one file: see `page.write_page`, which takes the options."""
        return write_page(self, **options)

    def page(self, height: int = 720, **options: Any) -> Page:
        """The interactive page as what a notebook shows, `height` pixels high; options as for `write_page`."""
        return Page(write_page(self, **options), height)

    def save(self, path: str | Path, **options: Any) -> Path:
        """Write to a file, completely or not at all; its suffix says how: .svg, .html, .png, .pdf, .dot, .gv, .mmd or .txt.

        The page (.html) takes options: losses, gradient_flow, title; a picture (.svg) takes play=True, and then
        shows how backward sends the gradients, one after the other. Raises OSError, naming the file.
        """
        path = Path(path)
        write_atomically(path, writer_of(path)(self, **options))
        return path

    def render(self, to: str) -> bytes:
        """PNG or PDF, by Graphviz: the one thing that needs it."""
        engine = dot.find_engine()
        if not engine:
            raise DrawError(
                f"{to.upper()} needs Graphviz, which was not found.\n"
                f"  tried: 'dot' on PATH (not found); pygraphviz (not installed)\n{INSTALL}"
            )
        picture = self._arrange()
        if to == "png" and max(picture.w, picture.h) * 96 / 72 > TOO_WIDE:
            raise DrawError(
                f"a PNG of this picture would be {picture.w * 96 / 72:,.0f} pixels wide, and PNG writers stop at 32,767: "
                f"try view='folded' or steps=range(0, 10), or save as SVG or PDF"
            )
        try:
            return dot.run(self.dot(), to, "nop2", engine, self.timeout)
        except dot.GraphvizFailed as error:
            raise DrawError(
                f"{to.upper()}: {error}.\n  the same picture as SVG needs no Graphviz: save('graph.svg')"
            ) from None

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """For notebooks; never raises, because an error here would hide the value of the cell."""
        bundle = {"text/plain": self.text()}
        try:
            narrow = self if self.wanted.wrap or self._arrange().w <= COLUMN else self.changed(wrap=COLUMN)
            bundle["image/svg+xml"] = narrow.svg()
            bundle["text/html"] = inline(bundle["image/svg+xml"], self.picture.title)
        except DrawError as error:
            bundle["text/plain"] = f"{error}\n\n{bundle['text/plain']}"
        return bundle

    def __repr__(self) -> str:
        return f"<Drawing: {self.picture.title}>"


def writer_of(path: Path) -> Callable[..., str | bytes]:
    """What writes a drawing to such a file; raises DrawError if nothing does."""
    writer = WRITERS.get(path.suffix.lower())
    if writer is None:
        raise DrawError(f"cannot write {path.suffix or path.name!r}: use one of {', '.join(WRITERS)}")
    return writer


# How to write a drawing, by the suffix of the file.
WRITERS: dict[str, Callable[..., str | bytes]] = {
    ".svg": Drawing.svg,
    ".html": Drawing.html,
    ".png": lambda drawing: drawing.render("png"),
    ".pdf": lambda drawing: drawing.render("pdf"),
    ".dot": Drawing.dot,
    ".gv": Drawing.dot,
    ".mmd": Drawing.mermaid,
    ".txt": Drawing.text,
}
