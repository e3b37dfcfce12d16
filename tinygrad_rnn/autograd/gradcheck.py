"""Numerical checks of derivatives: central differences against what backward says.

    df/dx_i  ≈  (f(x + eps e_i) - f(x - eps e_i)) / (2 eps)

The error is about eps² from the formula and 1e-16/eps from rounding, so eps = 1e-6 leaves 1e-10 in float64;
in float32 nothing useful would remain, so float64 is demanded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._quiet import quiet
from .._tensor import Tensor
from ..gradients import grad


class GradcheckError(RuntimeError):
    """A derivative is wrong."""


class Tolerance(NamedTuple):
    """How the numbers are compared: |analytical - numerical| ≤ atol + rtol |numerical|."""

    atol: float
    rtol: float

    @quiet
    def misses(self, analytical: np.ndarray, numerical: np.ndarray) -> np.ndarray:
        """True where they differ by more; a NaN on one side only is a difference."""
        return ~np.isclose(analytical, numerical, rtol=self.rtol, atol=self.atol, equal_nan=True)


def gradcheck(
    func: Callable[..., Any], inputs: Tensor | Sequence[Any], *, eps: float = 1e-6, atol: float = 1e-5,
    rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0, check_undefined_grad: bool = True,
    fast_mode: bool = False,
) -> bool:  # fmt: skip
    """Do the gradients of `func(*inputs)` agree with finite differences? True, or GradcheckError.

    inputs            those that require grad are checked, and must be float64
    raise_exception   False: return False instead of raising
    nondet_tol        how much two runs of the same backward may differ
    check_undefined_grad  with several outputs: a missing gradient must count as zero
    fast_mode         compare one random projection uᵀJv instead of each entry of the Jacobian J

    Each input is changed in place and put back, so parameters that `func` reaches by itself can be checked.
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    checked = _checked_inputs(inputs)
    try:
        tolerance = Tolerance(atol, rtol)
        if fast_mode:
            _check_projections(func, inputs, checked, eps, tolerance)
        else:
            _check_entries(func, inputs, checked, eps, tolerance, nondet_tol)
        _check_repeatable(func, inputs, checked, nondet_tol)
        if check_undefined_grad:
            _check_missing_gradients(func, inputs, checked, tolerance)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any], inputs: Tensor | Sequence[Any], grad_outputs: Tensor | Sequence[Tensor] | None = None, *,
    eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0,
    check_undefined_grad: bool = True, fast_mode: bool = False,
) -> bool:  # fmt: skip
    """Do the second derivatives agree with finite differences of the first? As `gradcheck`, of the gradient.

    grad_outputs  the gradient of the loss by each output, checked as further inputs; random by default
    """
    inputs = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    count = len(inputs)
    if grad_outputs is None:
        random = np.random.default_rng(0)
        outputs = _outputs(func, inputs)
        grad_outputs = [Tensor._of(random.standard_normal(y.array.shape)).requires_grad_() for y in outputs]
    given = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)

    def gradient(*arguments: Any) -> tuple[Any, ...]:
        xs, gs = arguments[:count], arguments[count:]
        wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
        found = grad(_outputs(func, xs), wanted, gs, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    options: dict[str, Any] = {"eps": eps, "atol": atol, "rtol": rtol, "raise_exception": raise_exception}
    options |= {"nondet_tol": nondet_tol, "check_undefined_grad": check_undefined_grad, "fast_mode": fast_mode}
    return gradcheck(gradient, (*inputs, *given), **options)


# --- inputs and outputs -----------------------------------------------------------------------------


def _checked_inputs(inputs: tuple[Any, ...]) -> list[int]:
    """The positions of the inputs to check; raises ValueError if one cannot be."""
    checked = [k for k, x in enumerate(inputs) if isinstance(x, Tensor) and x.requires_grad]
    if not checked:
        raise ValueError("gradcheck: expects at least one input tensor to require gradient, but none of them do")
    for k in checked:
        x = inputs[k]
        if x.dtype != np.float64:
            raise ValueError(
                f"gradcheck: input {k} (shape {list(x.shape)}) is {x.dtype}; finite differences need float64: "
                f"make it with dtype=float64"
            )
        repeats = any(step == 0 and n > 1 for step, n in zip(x.array.strides, x.shape, strict=True))
        if x.array.size and (repeats or not x.array.flags.writeable):
            raise ValueError(f"gradcheck: elements of input {k} (shape {list(x.shape)}) share memory: pass x.clone()")
    return checked


def _outputs(func: Callable[..., Any], inputs: tuple[Any, ...]) -> list[Tensor]:
    """The outputs of `func` that have a derivative, in order."""
    returned = func(*inputs)
    outputs = [returned] if isinstance(returned, Tensor) else list(returned)
    for k, y in enumerate(outputs):
        if not isinstance(y, Tensor):
            raise ValueError(f"gradcheck: output {k} of the function is a {type(y).__name__}, not a Tensor")
        if y.dtype.kind == "f" and y.dtype != np.float64:
            raise ValueError(f"gradcheck: output {k} (shape {list(y.shape)}) is {y.dtype}; float64 is needed")
    outputs = [y for y in outputs if y.dtype == np.float64]
    if not outputs:
        raise ValueError("gradcheck: the function returned no floating-point Tensor, so there is nothing to check")
    return outputs


def _values(func: Callable[..., Any], inputs: tuple[Any, ...]) -> list[np.ndarray]:
    return [y.array.copy() for y in _outputs(func, inputs)]


def _grads(outputs: list[Tensor], gs: list[np.ndarray], inputs: tuple[Any, ...], checked: list[int]) -> list[Any]:
    """The gradient of each checked input, zeros where none arrives."""
    used = [(y, Tensor._of(g)) for y, g in zip(outputs, gs, strict=True) if y.requires_grad]
    targets = [inputs[k] for k in checked]
    if not used:
        return [np.zeros_like(x.array) for x in targets]
    ys, seeds = zip(*used, strict=True)
    found = grad(ys, targets, seeds, retain_graph=True, allow_unused=True)
    return [np.zeros_like(x.array) if g is None else g.array for x, g in zip(targets, found, strict=True)]


# --- entry by entry ---------------------------------------------------------------------------------


def _check_entries(
    func: Callable[..., Any], inputs: tuple[Any, ...], checked: list[int], eps: float, tolerance: Tolerance,
    nondet_tol: float,
) -> None:  # fmt: skip
    outputs = _outputs(func, inputs)
    analytical = _analytical(outputs, inputs, checked)
    again = _analytical(outputs, inputs, checked)
    for i, k in enumerate(checked):
        numerical = _numerical(func, inputs, inputs[k].array, eps)
        for o in range(len(outputs)):
            _compare(analytical[o][i], numerical[o], tolerance, k, inputs[k], o, outputs[o])
            _same_twice(analytical[o][i], again[o][i], nondet_tol, k)


def _analytical(outputs: list[Tensor], inputs: tuple[Any, ...], checked: list[int]) -> list[list[np.ndarray]]:
    """[output][checked input]: the Jacobian by backward, (entries of the output, entries of the input)."""
    jacobians = []
    for y in outputs:
        rows: list[list[np.ndarray]] = [[] for _ in checked]
        for entry in range(y.array.size):
            seed = np.zeros(y.array.size)
            seed[entry] = 1.0
            for i, g in enumerate(_grads([y], [seed.reshape(y.array.shape)], inputs, checked)):
                rows[i].append(g.reshape(-1))
        jacobians.append(
            [np.array(row).reshape(y.array.size, inputs[k].array.size) for row, k in zip(rows, checked, strict=True)]
        )
    return jacobians


def _numerical(func: Callable[..., Any], inputs: tuple[Any, ...], x: np.ndarray, eps: float) -> list[np.ndarray]:
    """[output]: the Jacobian by central differences, (entries of the output, entries of x)."""
    columns = [[d.reshape(-1) for d in _slopes(func, inputs, x, place, 1.0, eps)] for place in np.ndindex(x.shape)]
    if not columns:
        return [np.zeros((y.size, 0)) for y in _values(func, inputs)]
    return [np.stack(column, axis=1) for column in zip(*columns, strict=True)]


def _slopes(func: Any, inputs: tuple[Any, ...], x: np.ndarray, place: Any, u: Any, eps: float) -> list[np.ndarray]:
    """The central difference of each output, as x[place] moves along u."""
    before = x[place].copy()
    try:
        x[place] = before + eps * u
        above = _values(func, inputs)
        x[place] = before - eps * u
        below = _values(func, inputs)
    finally:
        x[place] = before
    with np.errstate(all="ignore"):
        return [(a - b) / (2 * eps) for a, b in zip(above, below, strict=True)]


@quiet
def _compare(
    analytical: np.ndarray, numerical: np.ndarray, tolerance: Tolerance, k: int, x: Tensor, o: int, y: Tensor
) -> None:
    """Raise at the entry that differs most."""
    wrong = tolerance.misses(analytical, numerical)
    if not wrong.any():
        return
    difference = np.where(wrong, np.nan_to_num(np.abs(analytical - numerical), nan=np.inf), -1.0)
    row, column = np.unravel_index(int(difference.argmax()), difference.shape)
    to = tuple(int(n) for n in np.unravel_index(row, y.array.shape)) if y.array.ndim else ()
    by = tuple(int(n) for n in np.unravel_index(column, x.array.shape)) if x.array.ndim else ()
    raise GradcheckError(
        f"gradcheck: the derivative of output {o} at entry {to} by input {k} at entry {by} is wrong: "
        f"analytical {analytical[row, column]:.8g}, numerical {numerical[row, column]:.8g}. "
        f"{int(wrong.sum())} of {wrong.size} entries differ; this one most. Input shape {list(x.shape)}, "
        f"output shape {list(y.shape)}, atol={tolerance.atol:g}, rtol={tolerance.rtol:g}"
    )


# --- one projection ---------------------------------------------------------------------------------


def _check_projections(
    func: Callable[..., Any], inputs: tuple[Any, ...], checked: list[int], eps: float, tolerance: Tolerance
) -> None:
    """Compare vᵀ J u for a random v and, per input, a random direction u of length 1: two calls per input."""
    random = np.random.default_rng(0)
    outputs = _outputs(func, inputs)
    for o, y in enumerate(outputs):
        v = random.uniform(0.5, 1.5, y.array.shape) * random.choice([-1.0, 1.0], y.array.shape)
        analytical = _grads([y], [v], inputs, checked)
        for i, k in enumerate(checked):
            x = inputs[k].array
            u = random.standard_normal(x.shape)
            u = u / max(float(np.sqrt((u * u).sum())), 1e-300)
            slope = sum_of(v, _slopes(func, inputs, x, ..., u, eps)[o])
            expected = sum_of(analytical[i], u)
            if tolerance.misses(np.asarray(expected), np.asarray(slope)).any():
                _check_entries(func, inputs, checked, eps, tolerance, np.inf)  # to name the entry
                raise GradcheckError(
                    f"gradcheck (fast mode): the derivative of output {o} by input {k} along a random direction is "
                    f"wrong: analytical {expected:.8g}, numerical {slope:.8g}; entry by entry the differences stay "
                    f"within atol={tolerance.atol:g}, rtol={tolerance.rtol:g}"
                )


def sum_of(a: np.ndarray, b: np.ndarray) -> float:
    """Σ a b, as a number."""
    return float((a * b).sum())


# --- what a rule may not do -------------------------------------------------------------------------


def _random_seeds(outputs: list[Tensor]) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.standard_normal(y.array.shape) for y in outputs]


def _check_repeatable(func: Callable[..., Any], inputs: tuple[Any, ...], checked: list[int], nondet_tol: float) -> None:
    """A second backward through the same graph must give the same: rules may not change what they saved."""
    outputs = _outputs(func, inputs)
    seeds = _random_seeds(outputs)
    first = _grads(outputs, seeds, inputs, checked)
    second = _grads(outputs, seeds, inputs, checked)
    for k, a, b in zip(checked, first, second, strict=True):
        _same_twice(a, b, nondet_tol, k)


@quiet
def _same_twice(a: np.ndarray, b: np.ndarray, nondet_tol: float, k: int) -> None:
    same = np.isclose(a, b, rtol=0.0, atol=nondet_tol, equal_nan=True)
    if not same.all():
        place = tuple(int(n) for n in np.argwhere(~same)[0])
        raise GradcheckError(
            f"gradcheck: two runs of the same backward gave different gradients for input {k}: {a[place]:.8g} and "
            f"{b[place]:.8g} at {place}; a rule changes what it saved, or is random (see nondet_tol)"
        )


def _check_missing_gradients(
    func: Callable[..., Any], inputs: tuple[Any, ...], checked: list[int], tolerance: Tolerance
) -> None:
    """Outputs whose gradient is missing count as zero: all at once must equal the sum of one at a time."""
    outputs = _outputs(func, inputs)
    seeds = _random_seeds(outputs)
    together = _grads(outputs, seeds, inputs, checked)
    alone = [_grads([y], [g], inputs, checked) for y, g in zip(outputs, seeds, strict=True)]
    for i, k in enumerate(checked):
        total = np.sum([part[i] for part in alone], axis=0)
        wrong = tolerance.misses(together[i], total)
        if wrong.any():
            place = tuple(int(n) for n in np.argwhere(wrong)[0])
            raise GradcheckError(
                f"gradcheck: the gradient of input {k} at entry {place} is {together[i][place]:.8g} when all outputs "
                f"get a gradient at once, but {total[place]:.8g} as the sum of one output at a time: a rule does not "
                f"treat a missing (None) gradient as zero"
            )
