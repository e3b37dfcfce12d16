"""A graph as something to draw: items, links between them, and which time step each belongs to.

Every drawing starts here: `Model(outputs)` walks the graph once and adds nothing about looks. An Item
is an operation, a leaf or a constant; a Link leads from an item's output to an input of another. Views,
plots and pages read `model.items`, `model.links`, `model.tiles`; none of them walks the graph again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..._mode import Scope
from ..._quiet import quiet
from ...graph import FREED, Edge, Leaf, Node, ancestors
from ...notes import Constant, norm
from ...study.steps import Steps
from .opened import Opened
from .time_steps import Place, place_items

SYMBOLS = {
    "Add": "+", "Sub": "−", "Mul": "⊙", "Div": "÷", "Pow": "xʸ", "Neg": "−", "MatMul": "@", "Linear": "linear",
    "Sigmoid": "σ", "Tanh": "tanh", "ReLU": "relu", "LogSoftmax": "log softmax", "Sum": "Σ", "SumTo": "Σ",
    "Sqrt": "√", "Transpose": "transpose", "Extreme": "max", "Maximum": "max", "Minimum": "min", "Index": "[ ]",
    "BasicIndex": "[ ]", "Clone": "copy", "Embedding": "embed", "SetItem": "[ ]=", "Overwrite": "=", "AddAt": "[ ]+=",
    "FloorDivide": "⌊÷⌋", "LeakyReLU": "leaky relu", "TanhGELU": "gelu", "Attention": "attention", "LayerNorm": "layer norm",
    "CrossEntropy": "cross entropy", "BinaryCrossEntropy": "binary cross entropy", "CTC": "ctc", "Variance": "var",
    "Cast": "cast", "OnDiagonal": "diagonal", "Triangle": "triangle", "ProductBefore": "Π before", "Eigh": "eigh", "Pinv": "A⁺",
    "FusedRNN": "rnn", "FusedLSTM": "lstm", "FusedGRU": "gru", "Checkpoint": "checkpoint", "BackwardHook": "hook", "LogAbsDet": "ln |det|",
    # what rules send back, drawn where gradients were recorded
    "CrossEntropyGradient": "∇ cross entropy", "SoftmaxGradient": "∇ softmax", "Convolution": "conv", "ConvInput": "∇ conv input",
    "ConvWeight": "∇ conv weight", "Pick": "pick", "Place": "place", "AddRows": "add rows", "Tie": "tied to", "LogOfThree": "ln Σ exp",
    "TanhGradient": "∇ tanh", "SigmoidGradient": "∇ σ", "Polygamma": "ψ", "Solve": "solve", "Cholesky": "cholesky",
}  # by class; else its name in lower case, for operations that users call by that name and for their own  # fmt: skip


OPTIONAL = {("Linear", 2)}  # inputs that may simply not be there


@dataclass(eq=False, slots=True)
class Item:
    """One thing to draw. `kind` is "op", "leaf", "parameter" or "constant"."""

    id: str  # "n12": our own, in order of birth, so the same program gives the same picture
    kind: str
    op: str  # class of the op, "" for leaves and constants
    symbol: str
    scope: Scope
    shapes: tuple[tuple[int, ...], ...]
    node: Node | None = None
    constant: Constant | None = None
    name: str = ""
    names: dict[int, str] = field(default_factory=dict)  # by output number, where there are several
    place: Place | None = None  # None: outside every time step
    index: int = 0  # which operation of its step it is
    value: Any = None  # the array of a result that was drawn; see value_of for the others
    inputs: list[Link] = field(default_factory=list, repr=False)  # else to print one item would print the graph
    uses: list[Link] = field(default_factory=list, repr=False)

    @property
    def is_unknown(self) -> bool:
        """Is this a constant of which neither value nor name is known?"""
        return self.constant is not None and self.constant.array is None and not self.name

    def label_of(self, number: int) -> str:
        """The name of one output."""
        return self.names.get(number) or self.name


@dataclass(eq=False, slots=True)
class Link:
    """A value on its way: output `number` of `source` is input `position` of `target`."""

    source: Item
    number: int
    target: Item
    position: int
    cut: str = ""  # "detach" or "no_grad" where the value passes but no gradient does
    norm: float | None = None  # norm of the gradient that went back along it
    gradient: Any = field(default=None, repr=False)  # that gradient itself, where the value has other uses


class Model:
    """The items and links of the graph behind `outputs`, a list of edges.

    items       oldest first
    links       value flow; `link.norm` if a backward was watched
    tiles       {Place: [items of that time step]}, rows and steps in the order they ran
    runs        the places of each row; rows[k] is the scope of row k
    rest        items outside every step
    parameters  items of kind "parameter"
    time        its states through time (`time.tracks`), named by cells or by `variables`
    """

    def __init__(self, outputs: Iterable[Edge], opened: Opened | None = None, variables: dict[str, Any] | None = None):
        self.opened: Any = opened or Opened()
        self.sources: list[Any] = list(outputs)  # as they are in the graph, where opened nodes are not replaced
        self.outputs: Any = [self.opened.edges.get(edge, edge) for edge in self.sources]
        self.items: list[Item] = []
        self.links: list[Link] = []
        self.item_of: dict[Node, Item] = {}
        self._constants: dict[object, Item] = {}
        for node in _with_what_was_cut([node for node, _ in self.outputs], self.opened):
            self._add(node)
        self.tiles: dict[Place, list[Item]] = {}
        nodes = [item.node for item in self.items if item.node is not None]
        self.time: Steps = Steps(nodes, variables or {})  # states through time, and calls that are steps
        self.rows: Any = place_items(self.items, self.time)  # scope of the first item of each row
        self.runs: list[list[Place]] = [[] for _ in self.rows]  # the places of each row, in the order they ran
        self._fill_tiles()
        self.rest: Any = [item for item in self.items if item.place is None and item.kind == "op"]
        self.parameters: Any = self._mark_parameters()
        self.title_of_output: dict[tuple[Item, int], str] = {}  # where graphs are compared
        self.title_of_row: dict[int, str] = {}

    def compare(self, titles: Sequence[str]) -> None:
        """Take the outputs as graphs to be compared; each row of time steps gets the title of its graph."""
        if len(titles) != len(self.outputs):
            raise ValueError(f"draw: {len(titles)} titles for {len(self.outputs)} outputs with a graph")
        for title, (node, number) in zip(titles, self.outputs, strict=True):
            output = self.item_of[node]
            self.title_of_output[output, number] = title
            found = {output}
            waiting = [output]
            for item in waiting:  # grows while it is read
                sources = [link.source for link in item.inputs if link.source not in found]
                found.update(sources)
                waiting.extend(dict.fromkeys(sources))
            for item in found:
                if item.place is not None:
                    self.title_of_row.setdefault(item.place.row, title)

    def _add(self, node: Node) -> None:
        op = type(node).__name__
        leaf = isinstance(node, Leaf)
        item = self._new("leaf" if leaf else "op", "" if leaf else op, node.scope, node.shapes, node=node)
        self.item_of[node] = item
        sent = node.notes.sent if node.notes is not None else ()
        for position, edge in enumerate(node.edges):
            if edge is not None:
                edge = self.opened.edges.get(edge, edge)
                size = sent[position] if position < len(sent) else None
                part = node.notes.shared.get(position) if node.notes is not None else None
                self._link(self.item_of[edge[0]], edge[1], item, position, norm=size, gradient=part)
                continue
            constant = constant_input(node, position)
            if constant is not None and constant.cut is not None:
                source, number = self.opened.edges.get(constant.cut, constant.cut)
                self._link(self.item_of[source], number, item, position, cut=constant.how)
            elif constant is not None and number_of(constant) is None:
                self._link(self._constant(constant, node.scope), 0, item, position)

    def _constant(self, constant: Constant, scope: Scope) -> Item:
        """The item of a constant: one for each array in each step."""
        array = constant.array
        shape = np.shape(array) if array is not None else ()
        if not isinstance(array, np.ndarray):
            return self._new("constant", "", scope, (shape,), constant=constant)
        memory = array.__array_interface__
        key = (memory["data"][0], memory["strides"], shape, scope.layer, scope.direction, scope.step)
        item = self._constants.get(key)
        if item is None:
            item = self._constants[key] = self._new("constant", "", scope, (shape,), constant=constant)
        return item

    def _new(self, kind: str, op: str, scope: Scope, shapes: Any, **fields: Any) -> Item:
        symbol = SYMBOLS.get(op) or op.lower()
        item = Item(f"n{len(self.items)}", kind, op, symbol, scope, shapes, **fields)
        self.items.append(item)
        return item

    def _link(self, source: Item, number: int, target: Item, position: int, **fields: Any) -> None:
        link = Link(source, number, target, position, **fields)
        self.links.append(link)
        target.inputs.append(link)
        source.uses.append(link)

    def _fill_tiles(self) -> None:
        for item in self.items:
            if item.place is not None:
                tile = self.tiles.get(item.place)
                if tile is None:
                    tile = self.tiles[item.place] = []
                    self.runs[item.place.row].append(item.place)
                item.index = len(tile)
                tile.append(item)

    def _mark_parameters(self) -> list[Item]:
        """A leaf is a parameter if its class says so, or if several time steps share it."""
        found = []
        for item in self.items:
            if item.kind == "leaf":
                tensor = item.node.variable if isinstance(item.node, Leaf) else None
                uses = [
                    use for link in item.uses for use in (link, *(link.target.uses if _turned(link.target) else ()))
                ]
                shared = len({link.target.place for link in uses if link.target.place is not None}) > 1
                if shared or type(tensor).__name__ == "Parameter":
                    item.kind = "parameter"
                    found.append(item)
        return found

    @property
    def steps(self) -> int:
        """How many time steps the longest loop or layer has; a loop may take several rows."""
        lengths: dict[object, int] = {}
        for row, (scope, run) in enumerate(zip(self.rows, self.runs, strict=True)):
            loop = scope._replace(step=None, call=0), self.title_of_row.get(row)
            timed = any(item.node is not None and self.time.time(item.node) is not None for item in self.tiles[run[0]])
            lengths[loop] = lengths.get(loop, 0) + (len(run) if timed else 0)
        return max(lengths.values(), default=0)

    @property
    def has_gradients(self) -> bool:
        """Was a backward watched?"""
        return any(link.norm is not None for link in self.links)

    @property
    def was_recorded(self) -> bool:
        """Was the graph made inside `tg.record()`?"""
        return any(item.node is not None and item.node.notes is not None for item in self.items)


def norm_of(links: Iterable[Link]) -> float | None:
    """The norm of the gradient that went back along several links together; None if nothing did, or it is not known.

    What went to one value adds up to one gradient. What went to several values stands side by side.
    """
    by_value: dict[tuple[Item, int], list[Link]] = {}
    for link in links:
        if link.norm is not None:
            by_value.setdefault((link.source, link.number), []).append(link)
    norms = [_norm_of_sum(together) for together in by_value.values()]
    known = [size for size in norms if size is not None]
    return math.hypot(*known) if known and len(known) == len(norms) else None


def _norm_of_sum(links: list[Link]) -> float | None:
    if len(links) == 1:
        return links[0].norm
    if any(link.gradient is None for link in links):
        return None
    return norm(sum(np.asarray(getattr(link.gradient, "array", link.gradient)) for link in links))


def _turned(item: Item) -> bool:
    """Is this the transpose of a leaf?"""
    return item.op == "Transpose" and item.inputs[0].source.kind in ("leaf", "parameter")


def transposed_parameter(item: Item) -> Item | None:
    """The parameter of which `item` is the transpose: pictures show Wᵀ as one chip."""
    return item.inputs[0].source if _turned(item) and item.inputs[0].source.kind == "parameter" else None


def _with_what_was_cut(outputs: list[Node], opened: Opened) -> list[Node]:
    """The ancestors of `outputs`, oldest first, also of values that came in through a cut.

    Opened nodes are left out, and what they stand for is in their place.
    """
    found: dict[Node, None] = {}
    heads = outputs
    while heads:
        fresh = [node for node in ancestors(heads) if node not in found]
        found.update(dict.fromkeys(fresh))
        heads = [
            constant.cut[0]
            for node in fresh
            if node.notes is not None
            for constant in node.notes.constants.values()
            if constant.cut is not None and constant.cut[0] not in found
        ]
        edges = (opened.edges.get(edge) for node in fresh for edge in node.edges if edge is not None)
        heads += [edge[0] for edge in edges if edge and edge[0] not in found]
    hidden = {node for node, _ in opened.edges}
    order = opened.order
    return sorted((n for n in found if n not in hidden), key=lambda n: order.get(n) or (n.birth, 0))


def constant_input(node: Node, position: int) -> Constant | None:
    """What came in at an input without an edge: as recorded, else from the saved values, else unknown.

    None for an input that is not there at all, such as the bias of a layer without one.
    """
    if node.notes is not None and node.notes.output is not None:
        return node.notes.constants.get(position)
    value = saved(node, position)
    if value is not None:
        return Constant(value)
    return None if (type(node).__name__, position) in OPTIONAL else Constant(None)


def saved(node: Node, position: int) -> Any:
    """What an op kept for backward of the input at `position` (-1: of its output), or None."""
    plan: tuple[Any, ...] = getattr(node, "_saved_plan", ())  # functions that users write keep what they like
    if node.saved_tensors is FREED or len(plan) != len(node.saved_tensors):
        return None
    return next((value for value, (p, _) in zip(node.saved_tensors, plan, strict=True) if p == position), None)


def number_of(constant: Constant) -> float | None:
    """The value of a constant that is a plain number."""
    array = constant.array
    if isinstance(array, (int, float, np.number)) or (isinstance(array, np.ndarray) and array.ndim == 0):
        return float(array)
    return None


def value_of(item: Item) -> np.ndarray | None:
    """The array of an item, if somebody still has it: a leaf's tensor, a recording, or what backward saved."""
    if item.value is not None:
        return item.value
    if item.constant is not None:
        return None if item.constant.array is None else np.asarray(item.constant.array)
    node = item.node
    if isinstance(node, Leaf):
        tensor = node.variable
        return None if tensor is None else tensor.array
    assert node is not None
    if node.notes is not None and node.notes.output is not None:
        output = node.notes.output
        return output if isinstance(output, np.ndarray) else None
    if node.n_outputs > 1:
        return None
    for saver, position in [(node, -1), *((link.target.node, link.position) for link in item.uses)]:
        value = saved(saver, position) if saver is not None else None
        if isinstance(value, np.ndarray):
            return value
    return None


@quiet
def fill_in_values(model: Model) -> None:
    """Compute what nothing kept, as far as the values it comes from are known: for small graphs of plain numbers."""
    for item in model.items:
        node = item.node
        if item.kind != "op" or node is None or node.n_outputs > 1 or value_of(item) is not None:
            continue
        values = {link.position: value_of(link.source) for link in item.inputs}
        for position, edge in enumerate(node.edges):
            constant = constant_input(node, position) if edge is None else None
            if constant is not None:
                values[position] = constant.array
        forward = getattr(type(node), "forward", None)
        if isinstance(forward, np.ufunc) and len(values) == forward.nin and all(v is not None for v in values.values()):
            item.value = np.asarray(forward(*(values[k] for k in range(forward.nin))))
