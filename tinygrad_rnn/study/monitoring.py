"""Watch a training loop: gradients through time, saturated and dead units, updates by weights; stop where the loss is NaN.

One training step of 200 is looked at, and only as long as all looks together take at most a twentieth of the loop.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, folded, new_figure
from .._tensor import Tensor
from ..graph import Node
from ..nn.module import Module
from ..ops.inplace import edge_of
from .explaining.diagnosis import explain
from .explaining.tracing import place
from .history import History
from .looking import Look
from .results import Result, Table, norm, shown

MOST = 6  # curves in a panel
DOMAINS: dict[str, tuple[Callable[[Any], Any], str]] = {  # operation: where it is a finite number, what else there is
    "Log": (lambda x: x > 0, "the logarithm of a number that is not above 0"),
    "Log1p": (lambda x: x > -1, "log(1 + x) of an x that is not above -1"),
    "Sqrt": (lambda x: x >= 0, "the square root of a negative number"),
}


class Monitor(Result):
    """Watch the training of `model`:

        with study.Monitor(model) as monitor:
            for x, y in batches:
                optimizer.zero_grad()
                loss = loss_of(model(x), y)
                monitor.step(loss)                           # before backward()
                loss.backward()
                optimizer.step()
        print(monitor)
        monitor.plot()

    every  look at each training step whose number is a multiple of this
    limit  look only while all looks took at most this share of the loop's other time; the first look is always taken

    looks   what was seen, in order: see Look
    losses  of all training steps

    A look runs backward once more: fused layers by their own kernels (see `in_kernels.py`), with a state's gradient at 32
    steps at most; nothing is recorded, and no `.grad` is touched. Between looks a step costs reading the loss.

    Raises TypeError unless model is a module, ValueError for every < 1; `step` RuntimeError when the loss is not finite.
    """

    def __init__(
        self, model: Module, every: int = 200, limit: float = 0.05, clock: Callable[[], float] = time.perf_counter
    ):
        if not isinstance(model, Module):
            raise TypeError(f"Monitor: expected a module, got {type(model).__name__}")
        if every < 1:
            raise ValueError(f"Monitor: every must be at least 1 training step, got {every}")
        self.model: Module = model
        self.every: int = every
        self.limit: float = limit
        self.looks: list[Look] = []
        self.losses: list[float] = []
        self.spent: float = 0.0  # seconds in this object
        self.elapsed: float = 0.0  # seconds of the whole loop, these among them
        self._clock = clock
        self._began = clock()
        self._before: dict[str, tuple[Tensor, np.ndarray]] = {}  # at the last look, until they were updated

    def __enter__(self) -> Monitor:
        self._began = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._see_update()
        self.elapsed = self._clock() - self._began

    def step(self, loss: Tensor) -> None:
        """See one training step; call it once in each, after the loss is there and before `loss.backward()`.

        Raises RuntimeError if the loss is NaN or infinite, and says where that began.
        """
        start = self._clock()
        if self._before:
            self._see_update()
        value = loss.item()
        self.losses.append(value)
        number = len(self.losses) - 1
        if not math.isfinite(value):
            raise RuntimeError(self._why(loss, value, number))
        if number % self.every == 0 and self._affordable(start):
            parameters: dict[str, Tensor] = dict(self.model.named_parameters())
            self.looks.append(Look(number, loss, parameters))
            self._before = {name: (p, p.array.copy()) for name, p in parameters.items()}
        now = self._clock()
        self.spent += now - start
        self.elapsed = now - self._began

    @property
    def cost(self) -> float:
        """The time of the loop by what it would have been without the monitor: at most 1.05 where there were 200 steps."""
        return self.elapsed / max(self.elapsed - self.spent, 1e-9)

    def _affordable(self, now: float) -> bool:
        """Would one more look like those before still be within the limit?"""
        if not self.looks:
            return True
        mean = self.spent / len(self.looks)
        return self.spent + mean <= self.limit * (now - self._began - self.spent)

    def _see_update(self) -> None:
        for name, (p, before) in self._before.items():
            size = norm(before)
            if size > 0:
                self.looks[-1].updates[name] = norm(p.array - before) / size
        self._before = {}

    # --- where it went wrong ---------------------------------------------------------------------------------

    def _why(self, loss: Tensor, value: float, number: int) -> str:
        words = [f"Monitor: the loss is {value} at training step {number}."]
        finite = [loss for loss in self.losses if math.isfinite(loss)]
        if finite:
            words.append(f"The last finite one was {finite[-1]:.4g}, the smallest {min(finite):.4g}.")
        parameters: dict[str, Tensor] = dict(self.model.named_parameters())
        broken = [name for name, p in parameters.items() if not np.isfinite(p.array).all()]
        if broken:
            others = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
            words.append(
                f"The weight {broken[0]}{others} is no longer finite: an update before this step made it so. "
                f"Clip gradients (nn.utils.clip_grad_norm_) or take a smaller learning rate."
            )
        else:
            words.append(f"All weights are finite: it began in this forward pass. {_born(loss, parameters)}")
        if self.looks:
            last = self.looks[-1]
            words.append(f"At step {last.step} the norm of the gradient was {last.norm:.4g}, the loss {last.loss:.4g}.")
        return " ".join(words)

    # --- as a result -----------------------------------------------------------------------------------------

    def finding(self) -> str:
        """The loss, how gradients through time changed, what is saturated or dead, and what the monitor cost."""
        if not self.losses:
            return "no training step was seen: call monitor.step(loss) before loss.backward()"
        words = [f"loss {self.losses[0]:.4g} to {self.losses[-1]:.4g} in {len(self.losses)} steps"]
        first, last = self.looks[0], self.looks[-1]
        for label, at in list(last.in_time.items())[:1]:
            before, now = _kept(first.in_time.get(label, {})), _kept(at)
            words.append(
                f"at t={min(at)} of {len(at)} steps ∂L/∂{label} is {before:.2g} of its largest at first, {now:.2g} at last"
            )
        worst = max(last.saturated, key=lambda name: last.saturated[name], default=None)
        if worst is not None and last.saturated[worst] > 0.2:
            words.append(f"{last.saturated[worst]:.0%} of {worst} is saturated or off")
        dead = {name: count for name, count in last.dead.items() if count[0]}
        words += [f"{count[0]} of {count[1]} units of {name} are dead" for name, count in list(dead.items())[:2]]
        updates = [value for look in self.looks for value in look.updates.values()]
        if updates:
            words.append(f"updates are {np.median(updates):.2g} of the weights")
        return (
            "; ".join(words) + f" (watching took {self.cost - 1:.1%} of the time of the loop, {len(self.looks)} looks)"
        )

    def table(self) -> Table:
        """A row for each look: loss, norm of the gradient, largest ratio of an update, saturated at most, dead units; and
        for each state its gradient at the last step and at the first."""
        states = list(dict.fromkeys(label for look in self.looks for label in look.in_time))
        rows = []
        for look in self.looks:
            numbers: list[Any] = [look.loss, look.norm, max(look.updates.values(), default=None)]
            numbers += [max(look.saturated.values(), default=None), sum(count for count, _ in look.dead.values())]
            for label in states:
                at = look.in_time.get(label, {})
                numbers += [at[max(at)], at[min(at)]] if at else [None, None]
            rows.append((look.step, *numbers))
        ends = [f"∂L/∂{label}, {end} t" for label in states for end in ("last", "first")]
        return Table(("step", "loss", "‖gradient‖", "update/weight", "saturated", "dead units", *ends), rows)

    def plot(self) -> Any:
        """The dashboard: loss, gradients of weights, gradient through time, saturation, dead units, updates by weights."""
        figure, axes = new_figure(2, 3, (13.0, 7.0))
        (loss, gradients, in_time), (saturated, dead, updates) = axes
        loss.plot(self.losses, color=COLOURS[0], linewidth=0.8)
        if self.losses and max(self.losses) > 4 * min(self.losses) > 0:
            loss.set_yscale("log")
        self._curves(gradients, [{**look.gradients, "all together": look.norm} for look in self.looks], log=True)
        self._through_time(in_time)
        self._curves(saturated, [look.saturated for look in self.looks])
        self._curves(dead, [{name: n / of for name, (n, of) in look.dead.items()} for look in self.looks])
        self._curves(updates, [look.updates for look in self.looks if look.updates], log=True)
        updates.axhline(1e-3, color=SOFT, linestyle="--", linewidth=0.8)
        for ax, title, label in (
            (loss, "loss", "loss"),
            (gradients, "gradients of weights", "norm"),
            (saturated, "saturated (|tanh| > 0.999, σ outside 0.01…0.99) or off", "share of the numbers"),
            (dead, "dead: closed in all samples at all steps", "share of the units"),
            (updates, "‖update‖ / ‖weight‖ (dashed: 0.001)", "ratio"),
        ):
            ax.set(xlabel="training step", ylabel=label)
            ax.xaxis.get_major_locator().set_params(integer=True)
            ax.set_title(title, fontsize="small")
        for ax in (saturated, dead):
            ax.set_ylim(-0.02, 1.02)
        figure.suptitle(folded(self.finding(), 150), fontsize="medium")
        return figure

    def _curves(self, ax: Any, seen: list[dict[str, float]], log: bool = False) -> None:
        """A curve for each name, the largest ones, over the looks."""
        names = {name: max(look.get(name, 0.0) for look in seen) for look in seen for name in look}
        for k, name in enumerate(sorted(names, key=lambda name: -names[name])[:MOST]):
            steps = [self.looks[i].step for i, look in enumerate(seen) if name in look]
            style = {"color": COLOURS[k], "linestyle": ("-", "--", ":", "-.")[k % 4], "marker": "os^vDx"[k]}
            ax.plot(steps, [look[name] for look in seen if name in look], markersize=3, label=name, **style)
        if log and any(value > 0 for value in names.values()):
            ax.set_yscale("log")
        if names:
            ax.legend(framealpha=0.7, edgecolor="none", fontsize=7)

    def _through_time(self, ax: Any) -> None:
        """‖∂L/∂h_t‖ against t, dark for the first looks and light for the last."""
        from matplotlib import colormaps

        label = next((label for look in self.looks for label in look.in_time), None)
        chosen = self.looks[:: max(1, -(-len(self.looks) // MOST))]
        for k, look in enumerate(chosen if label is not None else ()):
            at = dict(sorted(look.in_time.get(label or "", {}).items()))
            values = np.array([value or np.nan for value in at.values()])
            colour = colormaps["cividis"](k / max(1, len(chosen)))
            ax.plot(list(at), values, color=colour, label=f"at step {look.step}")
        ax.set(xlabel="time step t", ylabel="norm at t")
        ax.set_title(f"gradient of {label} through time" if label else "no state in time was seen", fontsize="small")
        if label is not None:
            ax.set_yscale("log")
            low, high = ax.get_ylim()
            ax.set_ylim(low, high * (high / low) ** 0.2)  # room for the legend
            ax.legend(frameon=False, fontsize=7, ncols=3, loc="upper center")


def _kept(at: dict[int, float]) -> float:
    """The gradient at the first step by the largest one."""
    return at[min(at)] / max(at.values()) if at and max(at.values()) else 0.0


def _born(loss: Tensor, parameters: dict[str, Tensor]) -> str:
    """Where a number that is not finite began: the oldest operation that kept one or has an input outside its domain; or
    what `explain` says of the gradients."""
    if edge_of(loss) is None:
        return "Nothing that this loss was computed from requires grad."
    with contextlib.suppress(RuntimeError), History.of(loss) as past:
        for node in past.nodes:
            words = _outside_domain(past, node)
            if words:
                return f"{place(past, node)}: {words}."
    for p in parameters.values():
        with contextlib.suppress(RuntimeError, TypeError, ValueError):
            found = explain(loss, p)
            if found.verdict in ("nan", "inf"):
                return found.finding()
    return "Compute this step's loss inside `with tinygrad_rnn.record():`, and ask study.explain where it began."


def _outside_domain(past: History, node: Node) -> str:
    """What is wrong with the numbers of a node, as far as they are known; "" if nothing is."""
    values = [past.value(edge) for edge in node.edges if edge is not None]
    known = [value for value in values if value is not None]
    op = type(node).__name__
    if any(not np.isfinite(value).all() for value in known):
        return "an input is already not finite"
    if op in DOMAINS and known and not DOMAINS[op][0](known[0]).all():
        return f"{DOMAINS[op][1]}; the smallest input is {shown(float(known[0].min()))}"
    if op == "Div" and len(values) == 2 and values[1] is not None and (values[1] == 0).any():
        return f"{int((values[1] == 0).sum())} of {values[1].size} divisors are 0"
    own = past.value((node, 0)) if node.n_outputs == 1 else None
    return "" if own is None or np.isfinite(own).all() else "its result is not finite, its inputs are"
