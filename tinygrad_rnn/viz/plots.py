"""Plots of training and of what goes on inside recurrent nets, in one style. Each function returns a matplotlib Figure.

    figure = loss_curves({"LSTM": losses})          # losses (seeds, steps), or (steps,)
    save_figure(figure, "loss.png")

Matplotlib is imported when a plot is made, and no window or backend is touched. Arguments are arrays, Tensors or
lists of numbers; shapes are T time steps, H features, N heads.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, new_figure, numbers
from ..atomic import write_atomically


def save_figure(figure: Any, path: str | Path, *, dpi: float = 150, **options: Any) -> Path:
    """Write a matplotlib Figure as its `savefig` does, but completely or not at all; the suffix says how.

    Raises OSError, naming the file, where it cannot be written.
    """
    path, picture = Path(path), io.BytesIO()
    figure.savefig(picture, format=path.suffix[1:] or "png", dpi=dpi, **options)
    write_atomically(path, picture.getvalue())
    return path


def loss_curves(
    runs: Mapping[str, Any], *, smooth: int = 1, log: bool = False, levels: Mapping[str, float] | None = None,
    xlabel: str = "training step", ylabel: str = "loss", title: str = "",
) -> Any:  # fmt: skip
    """Loss by training step: the mean over seeds as a line, from the smallest to the largest seed as a band.

    runs    name -> losses (steps,) or (seeds, steps)
    smooth  width of the running mean; the unsmoothed mean stays visible, pale
    levels  name -> a height to compare with, drawn as a dashed line
    """
    figure, [[ax]] = new_figure()
    for k, (name, losses) in enumerate(runs.items()):
        colour = COLOURS[k % len(COLOURS)]
        losses = np.atleast_2d(numbers(losses))
        mean, steps = losses.mean(0), np.arange(1, losses.shape[1] + 1)
        width = max(1, min(smooth, len(mean)))
        if len(losses) > 1:
            ax.fill_between(steps, losses.min(0), losses.max(0), color=colour, alpha=0.2, linewidth=0)
            name = f"{name} (mean and range of {len(losses)} seeds)"
        elif width > 1:
            ax.plot(steps, mean, color=colour, alpha=0.35, linewidth=0.7)
        running = np.convolve(mean, np.ones(width) / width, mode="valid")
        ax.plot(
            steps[width - 1 :],
            running,
            color=colour,
            label=name if width == 1 else f"{name}, smoothed over {width} steps",
        )
    for k, (name, level) in enumerate((levels or {}).items()):
        ax.axhline(level, color=COLOURS[(k + len(runs)) % len(COLOURS)], linestyle=("--", ":", "-.")[k % 3], label=name)
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title, yscale="log" if log else "linear")
    ax.legend(frameon=False)
    return figure


def gradient_norms(norms: Mapping[str, Any], *, clip: float | None = None, title: str = "Gradient through time") -> Any:
    """How large the gradient of the loss is at the state of each time step, on a log scale.

    norms  name -> (T,) norms, oldest step first. Zeros, where nothing arrives, are left out
    clip   the threshold of gradient clipping, as a line
    """
    figure, [[ax]] = new_figure()
    for k, (name, line) in enumerate(norms.items()):
        line = numbers(line)
        shown = np.where(line > 0, line, np.nan)
        ax.plot(np.arange(len(line)), shown, color=COLOURS[k % len(COLOURS)], marker=".", label=name)
    if clip is not None:
        ax.axhline(clip, color=SOFT, linestyle="--", label=f"clipped at {clip:g}")
    ax.set(xlabel="time step t", ylabel="|dL/dh| at t", yscale="log", title=title)
    ax.legend(frameon=False)
    return figure


def activity_maps(activities: Mapping[str, Any], *, labels: Sequence[str] | None = None, title: str = "") -> Any:
    """Gates or states over time, one heat map each: time to the right, features down.

    activities  name -> (T, H). Values that are all in 0..1 (gates) get one scale, others one with 0 in the middle
    labels      what was read at each step, such as the characters of a text
    """
    figure, axes = new_figure(len(activities), 1, (8.0, 0.6 + 1.5 * len(activities)), sharex=True)
    for ax, (name, values) in zip(axes[:, 0], activities.items(), strict=True):
        values = numbers(values)
        gate = values.size > 0 and values.min() >= 0 and values.max() <= 1
        most = 1.0 if gate else max(np.abs(values).max(initial=0.0), 1e-12)
        scale = {"cmap": "cividis", "vmin": 0.0} if gate else {"cmap": "PuOr_r", "vmin": -most}
        image = ax.imshow(values.T, aspect="auto", interpolation="nearest", vmax=most, **scale)
        ax.set(ylabel=name)
        figure.colorbar(image, ax=ax)
    last = axes[-1, 0]
    last.set(xlabel="time step t")
    if labels is not None:
        last.set_xticks(range(len(labels)), [repr(label)[1:-1] if label.isspace() else label for label in labels])
    figure.suptitle(title)
    return figure


def attention_maps(
    weights: Any, *, queries: Sequence[str] | None = None, keys: Sequence[str] | None = None, title: str = ""
) -> Any:
    """Attention weights per head: rows are queries, columns keys, all heads on the scale 0 to 1.

    weights  (N, T, S), or (T, S) for one head
    """
    weights = numbers(weights)
    if weights.ndim == 2:
        weights = weights[None]
    if weights.ndim != 3:
        raise ValueError(
            f"attention_maps: weights have shape {weights.shape}, expected (heads, queries, keys): pick one of the batch"
        )
    columns = min(4, len(weights))
    rows = -(-len(weights) // columns)
    figure, axes = new_figure(rows, columns, (2.6 * columns + 0.8, 2.6 * rows + 0.4), sharex=True, sharey=True)
    image = None
    for k, ax in enumerate(axes.flat):
        if k >= len(weights):
            ax.set_visible(False)
            continue
        image = ax.imshow(weights[k], cmap="cividis", vmin=0.0, vmax=1.0, interpolation="nearest")
        ax.set(title=f"head {k}")
        ax.set(xlabel="key" if k // columns == rows - 1 else "", ylabel="query" if k % columns == 0 else "")
        if keys is not None:
            ax.set_xticks(range(len(keys)), keys)
        if queries is not None:
            ax.set_yticks(range(len(queries)), queries)
    figure.colorbar(image, ax=axes, label="weight", shrink=0.8)
    figure.suptitle(title)
    return figure


def phase_portrait(
    step: Callable[[np.ndarray], Any], *, start: Any = (), steps: int = 60, reach: float = 1.2, grid: int = 21,
    title: str = "Phase portrait",
) -> Any:  # fmt: skip
    """Where each state of a network with two hidden units goes: an arrow from h to h' = step(h).

    step   (n, 2) states -> (n, 2) states after one time step, with the input fixed
    start  (m, 2) states whose paths over `steps` steps are drawn; a dot marks where each ends
    reach  the plane is shown from -reach to reach
    """
    figure, [[ax]] = new_figure(size=(5.5, 5.0))
    line = np.linspace(-reach, reach, grid)
    states = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
    moves = numbers(step(states)) - states
    speed = np.hypot(*moves.T)
    arrows = ax.quiver(
        *states.T, *moves.T, speed, cmap="cividis", angles="xy", scale_units="xy", scale=2.5, width=0.004
    )
    figure.colorbar(arrows, ax=ax, label="|h' - h|")
    path = np.asarray(start, dtype=np.float64).reshape(-1, 2)
    points = [path]
    for _ in range(steps if len(path) else 0):
        points.append(numbers(step(points[-1])))
    for k, trace in enumerate(np.stack(points, 1) if len(path) else ()):
        colour = COLOURS[k % len(COLOURS)]
        ax.plot(*trace.T, color=colour, linewidth=1.2)
        ax.plot(*trace[-1], color=colour, marker="o")
    ax.set(xlabel="h₀", ylabel="h₁", xlim=(-reach, reach), ylim=(-reach, reach), title=title, aspect="equal")
    return figure


def singular_values(jacobians: Any, *, most: int = 8, title: str = "Step Jacobians") -> Any:
    """Singular values of the Jacobians dh[t]/dh[t-1], one line for each, largest first, on a log scale.

    Above 1 (the dashed line) a direction of the gradient grows on its way back through the step, below it shrinks.

    jacobians  (T, H, H)
    most       how many of the H lines are drawn; always the smallest, too
    """
    values = np.linalg.svd(numbers(jacobians), compute_uv=False)  # (T, H), largest first
    figure, [[ax]] = new_figure()
    chosen = list(range(min(most, values.shape[1])))
    if values.shape[1] - 1 not in chosen:
        chosen[-1] = values.shape[1] - 1
    for k in chosen:
        name = {0: "largest", values.shape[1] - 1: "smallest"}.get(k)
        shade = 1 - 0.75 * k / max(1, values.shape[1] - 1)
        shown = np.where(values[:, k] > 0, values[:, k], np.nan)
        ax.plot(np.arange(1, len(values) + 1), shown, color=COLOURS[0], alpha=shade, label=name)
    ax.axhline(1.0, color=SOFT, linestyle="--")
    ax.set(xlabel="time step t", ylabel="singular values of dh[t]/dh[t-1]", yscale="log", title=title)
    ax.legend(frameon=False)
    return figure
