"""Float16 keeps eleven bits, and computes with more: what comes out is the exact result, rounded once.

Each function of `halves.py` in float16 is held against itself in float64 on the same numbers: values and gradients may
differ by half a unit in the last place (two for plain arithmetic, where each operation of a derivative rounds, as it
does in PyTorch), and nothing overflows that float16 can hold.
"""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn.autograd import grad

from .halves import ELEMENTWISE, ROWS, Row, numbers

OURS = SimpleNamespace(**{name: getattr(tg, name) for name in tg.__dir__() if not name.startswith("_")}, F=F)
SCALES = {"any": (1, 300), "positive": (1, 300)}
CASES = [pytest.param(row, scale, id=f"{row}-{scale}") for row in ROWS for scale in SCALES.get(row.kind, (1,))]

# Functions that move, choose, compare, count or make numbers: nothing is computed that could be rounded
EXACT = """
    all allclose any arange argmax argmin argsort argwhere as_tensor bernoulli bitwise_and bitwise_not bitwise_or
    bitwise_xor broadcast_tensors broadcast_to cat ceil chunk clamp_max clamp_min clip clone concat concatenate contiguous
    count_nonzero diag diagonal empty empty_like eq equal expand_as eye flatten flip floor floor_divide from_numpy full
    full_like ge gt hstack index_fill index_select is_floating_point is_tensor isclose isfinite isinf isnan le
    linspace logical_and logical_not logical_or logical_xor lt masked_fill masked_scatter masked_select meshgrid moveaxis
    movedim multinomial nan_to_num narrow ne nonzero normal numel ones ones_like permute rand rand_like randint randint_like
    randn randn_like randperm repeat repeat_interleave reshape reshape_as roll round scatter select sort split
    squeeze stack swapaxes swapdims t take take_along_dim tensor tile topk transpose tril triu trunc unbind unflatten
    unsqueeze view view_as vstack zeros zeros_like one_hot from_dlpack dropout dropout1d dropout2d is_grad_enabled
    adjoint aminmax atleast_1d atleast_2d atleast_3d bincount block_diag broadcast_shapes bucketize cartesian_prod
    column_stack cummax cummin diag_embed diagflat dstack fill fix fliplr flipud greater greater_equal hardshrink histc
    histogram index_copy is_nonzero is_signed isin isneginf isposinf kthvalue less less_equal median not_equal positive
    ravel resize_as rot90 searchsorted sgn signbit tensor_split threshold unique unique_consecutive zero
    float_power inverse det slogdet logdet cholesky cholesky_solve cholesky_inverse qr svd pinverse matrix_power matrix_exp matrix_rank kron heaviside
"""  # histograms count in float64; float_power answers in float64
SAME = {
    **{f"arc{name}": f"a{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "tan2")},
    "absolute": "abs",
    "negative": "neg",
    "multiply": "mul",
    "divide": "div",
    "subtract": "sub",
    "true_divide": "div",
}


def units(x: np.ndarray) -> np.ndarray:
    """The distance from each number to the next float16."""
    return np.spacing(np.minimum(np.abs(x), 65504).astype(np.float16)).astype(np.float64)


def rounded(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return x.astype(np.float16)


def results(m, row: Row, arrays: list[np.ndarray], dtype: str) -> list[np.ndarray | None]:
    """The value of a row, and the gradient of each input."""
    inputs = [m.tensor(a.astype(dtype)).requires_grad_() for a in arrays]
    y = row.call(m, *inputs)
    g = np.random.default_rng(3).standard_normal(tuple(y.shape)).astype(np.float16)
    y.backward(m.tensor(g.astype(dtype)))
    return [y.detach().numpy(), *[None if x.grad is None else x.grad.numpy() for x in inputs]]


def assert_rounded_once(found: np.ndarray, exact: np.ndarray, within: float = 0.55) -> None:
    assert found.dtype == np.float16
    finite = np.isfinite(rounded(exact))
    np.testing.assert_array_equal(np.isfinite(found), finite)
    np.testing.assert_array_equal(found[~finite], rounded(exact)[~finite])
    error = np.abs(found[finite].astype(np.float64) - exact[finite]) / units(exact[finite])
    assert error.max(initial=0) <= within


@pytest.mark.parametrize(("row", "scale"), CASES)
def test_values_and_gradients_are_exact_but_for_one_rounding(row: Row, scale: float):
    arrays = numbers(row, scale)
    with np.errstate(over="ignore"):  # a sum beyond 65504 is inf, as it should be
        found = results(OURS, row, arrays, "float16")
    within = 2.0 if row in ELEMENTWISE else 0.55
    for y, z in zip(found, results(OURS, row, arrays, "float64"), strict=True):
        assert (y is None) == (z is None)
        if y is not None and z is not None:
            assert_rounded_once(y, z, within)


SECOND = "sigmoid tanh softmax log_softmax logsumexp layer_norm rms_norm norm 2 gelu silu softplus matmul linear cumsum"


@pytest.mark.parametrize("row", [row for row in ROWS if row.name in SECOND], ids=repr)
def test_second_derivatives_are_computed_in_float32(row: Row):
    def second(dtype: str) -> np.ndarray:
        inputs = [tg.tensor(a.astype(dtype), requires_grad=True) for a in numbers(row)]
        y = row.call(OURS, *inputs)
        (first,) = grad(y, inputs[0], tg.ones_like(y), create_graph=True)
        if not first.requires_grad:
            return np.zeros(1, dtype)
        g = np.random.default_rng(4).standard_normal(first.shape).astype(np.float16)
        (found,) = grad(first, inputs[0], tg.tensor(g.astype(dtype)), allow_unused=True, materialize_grads=True)
        return found.numpy()

    found, exact = second("float16"), second("float64")
    assert found.dtype == np.float16
    # the parts of a second derivative arrive one by one, and each is rounded: relative to the largest number
    np.testing.assert_allclose(found, exact, rtol=0, atol=4 * float(units(np.abs(exact).max())))


def test_every_function_has_a_row_or_is_exact():
    ours = {name for name, f in vars(F).items() if inspect.isfunction(f) and not name.startswith("_")} | {
        name
        for name in dir(tg)
        if inspect.isfunction(getattr(tg, name))
        and getattr(tg, name).__module__.startswith(("tinygrad_rnn.ops", "tinygrad_rnn.create"))
    }
    rows = {word for row in ROWS for word in (row.name, row.name.split()[0])}
    plain = {name.rstrip("_") for name in ours}  # x.exp_() is x.exp()
    missing = {SAME.get(name, name) for name in plain} - rows - set(EXACT.split())
    assert missing == {"expand"} - rows


@pytest.mark.parametrize(
    "name", ["selu", "celu", "mish", "hardsigmoid", "hardswish", "rrelu", "elu", "leaky_relu", "relu6"]
)
def test_an_activation_in_place_changes_its_own_float16_input(name: str):
    x = tg.tensor([-1.5, -0.25, 0.5, 7.0], dtype=tg.float16)
    expected = getattr(F, name)(x)
    assert getattr(F, name)(x, inplace=True) is x
    assert (x.dtype, x.tolist()) == (tg.float16, expected.tolist())


def test_the_numbers_of_the_first_report():
    x = tg.tensor([300, -300, 500, -500], dtype=tg.float16)
    np.testing.assert_allclose(F.layer_norm(x, (4,)).numpy(), [0.728, -0.728, 1.213, -1.213], atol=5e-4)
    np.testing.assert_allclose(F.rms_norm(x, (4,)).numpy(), [0.728, -0.728, 1.213, -1.213], atol=5e-4)
    assert x.norm().item() == 824.5
    assert tg.ones(5000, dtype=tg.float16).cumsum(0)[-1].item() == 5000
    assert tg.full((1000,), 300, dtype=tg.float16).mean().item() == 300


def test_mixed_types_are_not_rounded():
    x, y = tg.tensor([[300.0, 400.0]], dtype=tg.float16), tg.tensor([[1.0, 2.0]])
    assert F.mse_loss(x, y).dtype == F.mse_loss(y, x).dtype == tg.float32
    assert F.layer_norm(x, (2,), tg.ones(2), tg.zeros(2)).dtype == tg.float16  # as PyTorch: the input's type
    assert x.norm(dtype=tg.float32).dtype == tg.float32
    with pytest.raises(RuntimeError, match="same dtype"):
        F.linear(x, y)


def test_batch_norm_moves_its_running_means_in_their_own_memory():
    x = numbers(next(row for row in ROWS if row.name == "batch_norm"), 300)[0]
    moved = {}
    for dtype in ("float16", "float64"):
        mean, var = (tg.tensor(start).half().to(tg.dtype(dtype)) for start in ([1.1, -20.3, 3.7], [9e3, 777.0, 3e4]))
        F.batch_norm(tg.tensor(x.astype(dtype)), mean, var, training=True)
        y = F.batch_norm(tg.tensor(x.astype(dtype)), tg.tensor([1.5, 2, 3]).to(mean.dtype), tg.full_like(mean, 3e4))
        moved[dtype] = mean.numpy(), var.numpy(), y.numpy()
    for found, exact in zip(moved["float16"], moved["float64"], strict=True):
        assert_rounded_once(found, exact)


def theirs_or_skip(theirs, row: Row, arrays: list[np.ndarray]) -> list[np.ndarray | None]:
    """PyTorch's results; not every function of it takes float16 on the CPU."""
    try:
        return results(theirs, row, arrays, "float16")
    except RuntimeError as error:
        if not re.search("not implemented for 'Half'|must be either float or double", str(error)):
            raise
    pytest.skip(f"PyTorch has no {row.name.split()[0]} for float16 on the CPU")


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize(("row", "scale"), CASES)
def test_nothing_is_less_exact_than_in_pytorch(row: Row, scale: float):
    torch = pytest.importorskip("torch")
    theirs = SimpleNamespace(**vars(torch), F=torch.nn.functional)
    arrays = numbers(row, scale)
    with np.errstate(over="ignore"):
        found = results(OURS, row, arrays, "float16")
    kept = theirs_or_skip(theirs, row, arrays)
    pairs = zip(found, kept, results(OURS, row, arrays, "float64"), strict=True)
    for y, t, exact in pairs:
        if y is None:
            continue
        assert y.dtype == t.dtype
        assert np.isfinite(y[np.isfinite(t)]).all()  # overflow only where PyTorch's do
        both = np.isfinite(t) & np.isfinite(y)
        error, theirs_error = (np.abs(a[both].astype(np.float64) - exact[both]) for a in (y, t))
        assert (error <= np.maximum(2 * units(exact[both]), theirs_error)).all()
