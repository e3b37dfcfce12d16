"""What one time step does to a small change of the state: the Jacobians J_t = ∂s_t/∂s_{t-1}, and their products.

A gradient goes back by vᵀ J_T … J_{t+1}. One run of backward inside a single step gives a row of J_t for all samples
at once; the step is taken out of the graph for that while.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from .._figure import COLOURS, SOFT, headline, new_figure
from .._quiet import quiet
from .history import History
from .results import Result, Table
from .single_step import SingleStep, users_of
from .steps import Track


class StepJacobians(Result):
    """J_t = ∂s_t/∂s_{t-1} of one cell at each time step, for the joint state, such as (h, c).

    steps      the t of each, in the order in which the run computed them; the first step has none
    jacobians  (T, B, n, n), n numbers in the state; row i is the gradient of s_t[i]. nan where a sequence has ended.
               B is 1 for a single sequence, and for a cell that mixes samples: then n counts those of all
    parts      which rows and columns belong to "h", "c"
    """

    def __init__(self, label: str, steps: list[int], jacobians: np.ndarray, parts: dict[str, slice]):
        self.label: str = label
        self.steps: list[int] = steps
        self.jacobians: np.ndarray = jacobians
        self.parts: dict[str, slice] = parts

    @cached_property
    def singular_values(self) -> np.ndarray:
        """(T, B, n), largest first: by how much J_t stretches a change of the state, in its main directions."""
        return _each(lambda J: np.linalg.svd(J, compute_uv=False), self.jacobians)

    @cached_property
    def norms(self) -> np.ndarray:
        """(T, B): ‖J_t‖, the largest singular value, the most by which a gradient can grow in the step."""
        return self.singular_values.max(-1)

    @cached_property
    def spectral_radii(self) -> np.ndarray:
        """(T, B): the largest absolute eigenvalue, what repeating this very step for ever would multiply by."""
        return _each(lambda J: np.abs(np.linalg.eigvals(J)).max(-1, keepdims=True), self.jacobians)[..., 0]

    @cached_property
    def products(self) -> np.ndarray:
        """(T, B, n, n): J_T ⋯ J_t, from the last step back to t, ∂s_T/∂s_{t-1}."""
        found = self.jacobians.copy()
        for k in range(len(found) - 2, -1, -1):
            later = np.where(np.isnan(found[k + 1]), np.eye(found.shape[-1]), found[k + 1])  # of those that have ended
            found[k] = later @ self.jacobians[k]
        return found

    @cached_property
    def product_norms(self) -> np.ndarray:
        """(T, B): ‖J_T ⋯ J_t‖, the most of a gradient that can pass all these steps."""
        return _each(lambda J: np.linalg.svd(J, compute_uv=False), self.products).max(-1)

    @cached_property
    def norm_products(self) -> np.ndarray:
        """(T, B): ‖J_T‖ ⋯ ‖J_t‖, the bound of the textbooks; never less than `product_norms`."""
        norms = np.where(np.isnan(self.norms), 1.0, self.norms)
        return np.where(np.isnan(self.norms), np.nan, np.cumprod(norms[::-1], 0)[::-1])

    @cached_property
    def lyapunov(self) -> np.ndarray:
        """(B, n): the mean growth of n directions, in nats per step, by repeated QR decomposition, largest first.

        Below 0 all changes of the state die out, and gradients vanish; above 0 they grow (Benettin et al. 1980).
        The exponents are those of limited time: of the steps that are here.
        """
        samples = [self.jacobians[:, b] for b in range(self.jacobians.shape[1])]
        return np.array([_exponents(J[~np.isnan(J[:, 0, 0])]) for J in samples])

    def finding(self) -> str:
        """The largest stretch of one step and of all together, and the largest exponent."""
        norms, product, bound = (
            _over_batch(a, np.nanmax) for a in (self.norms, self.product_norms, self.norm_products)
        )
        rate = float(np.nanmax(self.lyapunov))
        word = "vanish" if rate < -0.01 else "explode" if rate > 0.01 else "neither vanish nor explode"
        return (
            f"a step multiplies a gradient of {self.label} by at most {np.nanmax(norms):.4g}, all {len(self.steps)} together "
            f"by {product[0]:.4g} (the product of their norms is {bound[0]:.4g}); largest Lyapunov exponent {rate:.3g} nats "
            f"per step: gradients {word}"
        )

    def table(self) -> Table:
        """t, largest and smallest singular value, spectral radius, and from the last step back to t the norm of the
        product and the product of the norms; of a batch the largest (and the smallest) of all samples."""
        columns = [
            _over_batch(self.norms, np.nanmax), _over_batch(self.singular_values[..., -1], np.nanmin),
            _over_batch(self.spectral_radii, np.nanmax), _over_batch(self.product_norms, np.nanmax),
            _over_batch(self.norm_products, np.nanmax),
        ]  # fmt: skip
        rows = [(t, *(float(column[k]) for column in columns)) for k, t in enumerate(self.steps)]
        return Table(
            ("t", "largest σ", "smallest σ", "spectral radius", "‖product back to t‖", "product of norms"), rows
        )

    def plot(self) -> Any:
        """The singular values of each step, and below how the product falls beside its bound."""
        figure, [[top], [below]] = new_figure(2, 1, (7.0, 5.0), sharex=True)
        sigma = self.singular_values
        for k, (name, values) in enumerate((
            ("largest σ", _over_batch(sigma[..., 0], np.nanmax)),
            ("median σ", np.array([np.nanmedian(row) for row in sigma])),
            ("smallest σ", _over_batch(sigma[..., -1], np.nanmin)),
            ("spectral radius", _over_batch(self.spectral_radii, np.nanmax)),
        )):  # fmt: skip
            style = {"color": COLOURS[k], "linestyle": ("-", "--", ":", "-.")[k], "marker": ".", "markersize": 4}
            top.plot(self.steps, np.where(values > 0, values, np.nan), label=name, **style)
        below.plot(self.steps, _over_batch(self.product_norms, np.nanmax), color=COLOURS[0], label="‖J_T ⋯ J_t‖")
        below.plot(
            self.steps,
            _over_batch(self.norm_products, np.nanmax),
            color=COLOURS[1],
            linestyle="--",
            label="‖J_T‖ ⋯ ‖J_t‖",
        )
        for ax in (top, below):
            ax.axhline(1, color=SOFT, linestyle="--", linewidth=0.8)
            ax.set_yscale("log")
            ax.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
        top.set(ylabel="of one step")
        below.set(xlabel="time step t", ylabel="from the last step back to t")
        headline(top, self.finding())
        return figure


def step_jacobians(
    loss: Any, state: str | None = None, *, part: str | None = None, steps: Iterable[int] | None = None
) -> StepJacobians:
    """The Jacobian ∂s_t/∂s_{t-1} of a cell at each time step, from n runs of backward inside the step.

    state  which cell, by a state of it: "h", "h (layer 1)"; may be left out where there is one alone
    part   the block of this part: "h" of (h, c). Left out: the joint state
    steps  these t alone: n · T runs are many for a long sequence and a large state

    What the step does by way of other layers at the same time step counts; the states of the cell at t-1 do not depend on
    each other. A linear RNN h_t = W h_{t-1} + … has J_t = W at all t, and the product W^(T-t+1): its gradients
    vanish or explode as its largest absolute eigenvalue is below or above 1 (lecture 003; Pascanu et al. 2013).

    Raises ValueError for a state, part or step that is not there, RuntimeError if the graph has no time steps.
    """
    with History.of(loss) as past:
        tracks = _one_cell(past, state)
        parts = _parts(tracks, part)
        wanted = _wanted(tracks[0], steps)
        before = {t: earlier for t in wanted for earlier in [tracks[0].before(t)] if earlier is not None}
        pairs = [([track.edges[t] for track in tracks] for t in both) for both in ((before[t], t) for t in wanted)]
        users = users_of(past.nodes)
        taken = [SingleStep(past, users, *pair) for pair in pairs]
        mixed = any(step.mixes_samples() for step in taken)
        found = [step.jacobian(mixed) for step in taken]
    label = part or ", ".join(track.label for track in tracks)
    if mixed:
        parts = dict.fromkeys(parts, slice(None)) if len(parts) == 1 else {}
    chosen = parts.get(part) if part is not None and not mixed else slice(None)
    return StepJacobians(label, wanted, _as_array(found)[:, :, chosen, :][..., chosen], parts)


def _one_cell(past: History, state: str | None) -> list[Track]:
    """All states of the cell that a state belongs to."""
    found = past.steps.chosen(state)
    cells = list(dict.fromkeys((track.group, track.run) for track in found))
    if len(cells) > 1:
        known = ", ".join(repr(track.label) for track in found)
        raise ValueError(
            f"step_jacobians: there are {len(cells)} cells in time: choose one by a state of it, of {known}"
        )
    tracks = [track for track in past.steps.tracks if (track.group, track.run) == cells[0]]
    steps = set.intersection(*(set(track.edges) for track in tracks))
    if any(set(track.edges) != steps for track in tracks):  # a loop that hands on something at some steps alone
        for track in tracks:
            track.edges = {t: edge for t, edge in track.edges.items() if t in steps}
    return tracks


def _parts(tracks: list[Track], part: str | None) -> dict[str, slice]:
    parts, start = {}, 0
    for track in tracks:
        node, number = next(iter(track.edges.values()))
        size = int(np.prod(_per_sample(node.shapes[number])))
        parts[track.name] = slice(start, start + size)
        start += size
    if part is not None and part not in parts:
        raise ValueError(f"step_jacobians: the state has no part {part!r}; it has {', '.join(map(repr, parts))}")
    return parts


def _wanted(track: Track, steps: Iterable[int] | None) -> list[int]:
    known = list(track.edges)[1:]
    chosen = known if steps is None else list(steps)
    missing = [t for t in chosen if t not in known]
    if missing or not known:
        there = f"they are {min(known)} to {max(known)}" if known else "a single step has none"
        raise ValueError(f"step_jacobians: no Jacobian at {missing[:5]}: {there}")
    return [t for t in known if t in set(chosen)]


def _per_sample(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[1:] if len(shape) > 1 else shape


def _as_array(found: list[np.ndarray]) -> np.ndarray:
    samples = max(len(J) for J in found)
    whole = np.full((len(found), samples, *found[0].shape[1:]), np.nan)
    for k, J in enumerate(found):
        whole[k, : len(J)] = J
    return whole


def _each(measure: Any, matrices: np.ndarray) -> np.ndarray:
    """A measure of each matrix that is known and finite, nan for the others."""
    flat = matrices.reshape(-1, *matrices.shape[-2:])
    known = np.isfinite(flat).all((1, 2))
    found = measure(flat[known]) if known.any() else np.zeros((0, matrices.shape[-1]))
    whole = np.full((len(flat), *found.shape[1:]), np.nan)
    whole[known] = found
    return whole.reshape(*matrices.shape[:-2], *found.shape[1:])


@quiet
def _exponents(jacobians: np.ndarray) -> np.ndarray:
    n = jacobians.shape[-1]
    if not len(jacobians) or not np.isfinite(jacobians).all():
        return np.full(n, np.nan)
    Q, total = np.eye(n), np.zeros(n)
    for J in jacobians:
        Q, R = np.linalg.qr(J @ Q)
        total += np.log(np.abs(np.diag(R)))
    return np.sort(total / len(jacobians))[::-1]


def _over_batch(values: np.ndarray, choose: Any) -> np.ndarray:
    """The largest, or the smallest, over the samples that still run."""
    return np.array([choose(row) if np.isfinite(row).any() else np.nan for row in values])
