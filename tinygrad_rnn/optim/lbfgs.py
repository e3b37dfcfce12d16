"""L-BFGS: Newton's method with the curvature guessed from the last few steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from .._mode import enable_grad
from .._quiet import quiet
from .._tensor import Tensor
from ..ops.function import is_half
from ..ops.inplace import log_write
from .line_search import Point, strong_wolfe
from .optimizer import FROM_ZERO, Check, Optimizer

AT_LEAST_ONE: Check = ("an int, 1 or more", lambda v: isinstance(v, (int, np.integer)) and int(v) >= 1)


class LBFGS(Optimizer):
    """Limited-memory BFGS (Liu & Nocedal 1989; Nocedal & Wright 2006, algorithm 7.4).

        d = -H g          H: inverse curvature, from the last steps s and the gradient changes y they made
        x ← x + t d

    One call of `step(closure)` makes up to `max_iter` such steps and evaluates `closure` for each; it must call
    zero_grad, compute the loss, call backward and return the loss. For the whole data, not for random batches.

    params            tensors; one group only
    lr                t, or the first t that the line search tries
    max_iter          steps in one call
    max_eval          evaluations in one call (default: 1.25 · max_iter)
    tolerance_grad    stop when no element of the gradient is larger
    tolerance_change  stop when neither parameters nor loss change by more
    history_size      how many steps H is guessed from
    line_search_fn    None, or "strong_wolfe"
    """

    checks: dict[str, Check] = {
        "lr": FROM_ZERO,
        "max_iter": AT_LEAST_ONE,
        "max_eval": AT_LEAST_ONE,
        "tolerance_grad": FROM_ZERO,
        "tolerance_change": FROM_ZERO,
        "history_size": AT_LEAST_ONE,
        "line_search_fn": ("None or 'strong_wolfe'", lambda v: v in (None, "strong_wolfe")),
    }

    def __init__(
        self, params: Iterable[Any], lr: float = 1, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None,
    ):  # fmt: skip
        options: dict[str, Any] = {"lr": lr, "max_iter": max_iter, "history_size": history_size}
        options["max_eval"] = max_iter * 5 // 4 if max_eval is None else max_eval
        options.update(tolerance_grad=tolerance_grad, tolerance_change=tolerance_change, line_search_fn=line_search_fn)
        super().__init__(params, options)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Raises ValueError for a second group: there is one direction for all parameters."""
        if self.param_groups:
            raise ValueError("LBFGS: per-parameter options are not supported; give all parameters in one list")
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make up to `max_iter` steps; returns the loss before them."""
        if closure is None:
            raise TypeError("LBFGS.step(): needs a closure that computes the loss anew, calls backward and returns it")
        self._stepped = True
        errors = np.geterr()

        def loss() -> Any:
            with np.errstate(**errors), enable_grad():  # the user's code, in the user's error state
                return closure()

        return self._steps(loss)

    @quiet
    def _steps(self, closure: Callable[[], Any]) -> Any:
        group, state = self.param_groups[0], self.state[self.param_groups[0]["params"][0]]
        memory = _Memory(state, group["history_size"])
        first_loss, g = self._evaluate(closure)
        loss, evaluations = float(first_loss), 1
        state["func_evals"] = state.get("func_evals", 0) + 1

        for iteration in range(1, group["max_iter"] + 1):
            if np.abs(g).max(initial=0) <= group["tolerance_grad"]:
                break
            state["n_iter"] = state.get("n_iter", 0) + 1
            first = state["n_iter"] == 1
            d = memory.direction(g)
            t = float(group["lr"]) * (min(1.0, 1.0 / float(np.abs(g).sum())) if first else 1.0)
            slope = float(g @ d)
            memory.d, memory.t, memory.g, memory.loss = d, t, g, loss
            if slope > -group["tolerance_change"]:
                break  # no longer downhill
            if group["line_search_fn"]:
                point, used = self._search(closure, Point(0.0, loss, g, slope), d, t, group["max_eval"] - evaluations)
                loss, g, t = point.loss, point.g, point.t
                memory.t = t
                self._move(self._places(), t, d)
            else:
                self._move(self._places(), t, d)
                used = 0
                if iteration < group["max_iter"]:  # after the last step nobody asks
                    new_loss, g = self._evaluate(closure)
                    loss, used = float(new_loss), 1
            evaluations += used
            state["func_evals"] += used
            if evaluations >= group["max_eval"] or np.abs(d * t).max() <= group["tolerance_change"]:
                break
            if abs(loss - memory.loss) < group["tolerance_change"]:
                break
        memory.store(state, np.result_type(*[p.dtype for p in group["params"]]))
        return first_loss

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, np.ndarray]:
        """The loss, and the gradient of all parameters as one vector."""
        loss = closure()
        params = self.param_groups[0]["params"]
        parts = [np.zeros(p.array.size, p.dtype) if p.grad is None else p.grad.array.reshape(-1) for p in params]
        return loss, _wide(np.concatenate(parts))

    def _places(self) -> list[tuple[Any, np.ndarray]]:
        """Each parameter and its numbers now."""
        return [(p, p.array.copy()) for p in self.param_groups[0]["params"]]

    def _move(self, start: list[tuple[Any, np.ndarray]], t: float, d: np.ndarray) -> None:
        """Put the parameters at `start` + t · d."""
        begin = 0
        for p, x in start:
            end = begin + x.size
            p.array[...] = _wide(x) + t * d[begin:end].reshape(x.shape)
            log_write(p.array)
            begin = end

    def _search(self, closure: Any, here: Point, d: np.ndarray, t: float, max_tries: int) -> tuple[Point, int]:
        """A point along `d`, by line search; the parameters stay where they are."""
        start = self._places()

        def at(t: float) -> Point:
            self._move(start, t, d)
            loss, g = self._evaluate(closure)
            return Point(t, float(loss), g, float(g @ d))

        try:
            width = float(np.abs(d).max())
            return strong_wolfe(at, here, t, self.param_groups[0]["tolerance_change"] / width, max_tries)
        finally:
            self._move(start, 0.0, d)


def _wide(x: np.ndarray) -> np.ndarray:
    """float16 in float32, so that products over all parameters neither overflow nor round at each step."""
    return x.astype(np.float32) if is_half(x) else x


class _Memory:
    """The last steps s, the gradient changes y they made, and 1 / (y · s), oldest first."""

    def __init__(self, state: dict[str, Any], size: int):
        self.size = size
        self.y = [_wide(y.array) for y in state.get("old_dirs") or ()]
        self.s = [_wide(s.array) for s in state.get("old_stps") or ()]
        self.rho = [float(r) for r in state.get("ro") or ()]
        self.scale = float(state.get("H_diag") or 1)
        self.d, self.g = (None if state.get(k) is None else _wide(state[k].array) for k in ("d", "prev_flat_grad"))
        self.t, self.loss = float(state.get("t") or 0), float(state.get("prev_loss") or 0)

    def direction(self, g: np.ndarray) -> np.ndarray:
        """-H g by the two loops over the remembered steps, after remembering the last one."""
        if self.d is None or self.g is None:
            return -g
        self._remember(s=self.d * self.t, y=g - self.g)
        q, alphas = -g, []
        for s, y, rho in zip(self.s[::-1], self.y[::-1], self.rho[::-1], strict=True):
            alphas.append(rho * float(s @ q))
            q -= alphas[-1] * y
        q *= self.scale
        for s, y, rho, alpha in zip(self.s, self.y, self.rho, alphas[::-1], strict=True):
            q += (alpha - rho * float(y @ q)) * s
        return q

    def _remember(self, s: np.ndarray, y: np.ndarray) -> None:
        ys = float(y @ s)
        if not ys > 1e-10:  # no upward curvature: H would no longer be positive definite
            return
        if len(self.s) == self.size:
            del self.s[0], self.y[0], self.rho[0]
        self.s.append(s)
        self.y.append(y)
        self.rho.append(1 / ys)
        self.scale = ys / float(y @ y)

    def store(self, state: dict[str, Any], dtype: np.dtype) -> None:
        """Write everything into the optimizer's state, in the parameters' type, under PyTorch's names."""
        if self.d is None or self.g is None:
            return

        def kept(x: np.ndarray) -> Tensor:
            return Tensor._of(x.astype(dtype, copy=False))

        state.update(d=kept(self.d), t=self.t, old_dirs=[kept(y) for y in self.y], old_stps=[kept(s) for s in self.s])
        state.update(ro=list(self.rho), H_diag=self.scale, prev_flat_grad=kept(self.g), prev_loss=self.loss)
