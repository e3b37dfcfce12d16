"""An answer to why a gradient is as it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._figure import COLOURS, SOFT, folded, new_figure
from ...graph import Node
from ..results import Result, Table
from .operands import Why
from .tracing import operation


class Explanation(Result):
    """What is wrong with a gradient, and which operation is at fault.

    verdict  "none", "zero", "nan", "inf", "tiny", "huge" or "healthy". A gradient that exists but was not put into `.grad`
             yet, for want of a backward(), is judged as it will be
    cause    its kind in a word or two: "detached", "ReLU off", "zero mask", "log(0)", "vanishing", "not retained", …;
             "" if nothing is wrong
    node     the name of the operation at fault, "" if none is
    step     its time step, None outside time
    source   "file.py:12", where it was made, if that is known: record() notes it
    values   the numbers that the sentences give, by name
    advice   what to do, "" if there is nothing
    way      rows (operation, step, arrives, sends, line): a way from the loss to the tensor through that operation; norms
    """

    def __init__(self, name: str, verdict: str, why: Why, sentences: list[str]):
        self.name: str = name
        self.verdict: str = verdict
        self.cause: str = why.cause
        self.node: str = ""
        self.step: int | None = None
        self.source: str | None = None
        self.values: dict[str, Any] = dict(why.values)
        self.way: list[tuple[Any, ...]] = []
        self.sentences: list[str] = sentences
        self.advice: str = why.advice

    def at(self, node: Node | None, step: int | None, source: str | None = None) -> Explanation:
        """Note the operation at fault."""
        if node is not None:
            self.node, self.step, self.source = operation(node), step, source or node.source
        elif source is not None:
            self.source = source
        return self

    def finding(self) -> str:
        """Two or three sentences."""
        said = [text for text in self.sentences if text]
        if self.advice and len(said) < 3:
            said.append(self.advice)
        return " ".join(self._sentence(text) for text in said)

    def _sentence(self, text: str) -> str:
        begins_with_name = text.startswith((f"{self.name} ", f"{self.name}."))  # which is spelt as the user spells it
        return (text if begins_with_name else text[0].upper() + text[1:]).rstrip(".") + "."

    def table(self) -> Table:
        """operation, step, arrives, sends, line: a way from the loss to the tensor. Empty if there is none."""
        return Table(("operation", "step", "arrives", "sends", "line"), self.way)

    def __repr__(self) -> str:
        return super().__repr__() if self.way else self.finding()

    def plot(self) -> Any:
        """The norm of the gradient on its way from the loss to the tensor; the operation at fault is marked."""
        figure, [[ax]] = new_figure()
        norms = np.array([row[3] for row in self.way], dtype=float)
        ax.plot(np.where(norms > 0, norms, np.nan), color=COLOURS[0], marker="." if len(norms) < 100 else None)
        gone = np.flatnonzero(~(norms > 0) | ~np.isfinite(norms))
        if len(gone):
            ax.plot(
                gone, [0.02] * len(gone), "x", color=SOFT, transform=ax.get_xaxis_transform(), label="zero, nan or inf"
            )
        k = next((k for k, row in enumerate(self.way) if row[:2] == (self.node, self.step)), None)
        if k is not None:
            ax.axvline(k, color=COLOURS[1], linestyle="--", label=f"{self.node}: {self.cause}")
        ax.set(xlabel=f"operations from the loss (left) to {self.name} (right)", ylabel="norm of what is sent on")
        ax.set_yscale("log" if (np.isfinite(norms) & (norms > 0)).any() else "linear")
        ax.set_title(folded(self.finding()), fontsize="small")
        if ax.get_legend_handles_labels()[0]:
            ax.legend(frameon=False)
        return figure
