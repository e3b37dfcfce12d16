"""The compiled twins equal the NumPy kernels, and whatever keeps them from running leaves the NumPy kernels to run."""

import subprocess
import sys

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.kernels import choice
from tinygrad_rnn.kernels.choice import GRU, LSTM, RNN, TwinLease, kernels_used

needs_numba = pytest.mark.skipif(not choice.twins(), reason="numba is not installed")
KINDS = [(RNN, 1, {}), (RNN, 1, {"nonlinearity": "relu"}), (LSTM, 4, {})]
KINDS += [(GRU, 3, {"reset": r, "update": u}) for r in ("after", "before") for u in ("keep", "write")]
kinds = pytest.mark.parametrize(("kernel", "gates", "options"), KINDS)
dtypes = pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 5e-6)])


def numbers(
    kernels, kernel, gates, options, dtype, size=(7, 3, 2, 5), reverse=False, sizes=None, bias=True, dx=True, spoil=None
):
    """Outputs and gradients of one kernel, the same without what backward keeps."""
    T, B, I, H = size
    rng = np.random.default_rng(0)
    x, *states = [rng.normal(size=s).astype(dtype) for s in [(T, B, I)] + [(B, H)] * (2 if gates == 4 else 1)]
    shapes = [(gates * H, I), (gates * H, H), (gates * H,), (gates * H,)]
    weights = [(0.4 * rng.normal(size=s)).astype(dtype) for s in shapes[: 4 if bias else 2]] + [None] * (
        0 if bias else 2
    )
    gs = [rng.normal(size=s).astype(dtype) for s in [(T, B, H)] + [(B, H)] * len(states)]
    if spoil is not None:
        x[1, 0, 0] = spoil
    with tg.use_kernels(kernels), np.errstate(all="ignore"):
        outputs, lease = kernel.forward(x, tuple(states), tuple(weights), reverse, True, sizes, **options)
        alone, nothing = kernel.forward(x, tuple(states), tuple(weights), reverse, False, sizes, **options)
        assert nothing is None
        assert isinstance(lease, TwinLease) == (kernels == "compiled")
        for a, b in zip(outputs, alone, strict=True):
            np.testing.assert_allclose(
                a, b, rtol=0, atol=0 if T > 2 else 4 * np.finfo(dtype).eps
            )  # one or two: another way
        return [*outputs, *kernel.backward(lease, *gs, wants_dx=dx)]


def assert_equal(kernel, gates, options, dtype, tolerance, **more):
    twin, plain = [numbers(name, kernel, gates, options, dtype, **more) for name in ("compiled", "numpy")]
    for a, b in zip(twin, plain, strict=True):
        if b is None:
            assert a is None
            continue
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        finite = np.isfinite(b)
        np.testing.assert_array_equal(a[~finite], b[~finite])  # nan and inf in the same places
        largest = np.abs(b[finite]).max(initial=0)
        np.testing.assert_allclose(a[finite], b[finite], rtol=0, atol=tolerance * max(largest, 1e-30))


@needs_numba
@kinds
@dtypes
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes", [None, [3, 3, 2, 2, 1, 1, 1]])
@pytest.mark.parametrize(("bias", "dx"), [(True, True), (False, False)])
def test_the_twin_equals_the_kernel(kernel, gates, options, dtype, tolerance, reverse, sizes, bias, dx):
    assert_equal(kernel, gates, options, dtype, tolerance, reverse=reverse, sizes=sizes, bias=bias, dx=dx)


@needs_numba
@kinds
@dtypes
@pytest.mark.parametrize("size", [(1, 1, 1, 1), (2, 16, 3, 5), (3, 1, 4, 33), (16, 5, 3, 7), (700, 2, 3, 8)])
def test_other_sizes_and_several_blocks(kernel, gates, options, dtype, tolerance, size, monkeypatch):
    if choice.twins():
        from tinygrad_rnn.kernels.compiled import around

        monkeypatch.setattr(around, "ROWS", 100)
        monkeypatch.setattr(around, "BLOCK", 1000)
    assert_equal(kernel, gates, options, dtype, tolerance, size=size)


@needs_numba
@kinds
@dtypes
@pytest.mark.parametrize("spoil", [np.nan, np.inf, -np.inf])
def test_nan_and_inf_stay_where_they_are(kernel, gates, options, dtype, tolerance, spoil):
    assert_equal(kernel, gates, options, dtype, tolerance, spoil=spoil)


@needs_numba
def test_small_numbers_keep_their_digits():
    """tanh as 2σ(2x) - 1 would lose them."""
    x, w = np.full((1, 1, 1), 1e-6, "float32"), np.ones((1, 1), "float32")
    with tg.use_kernels("compiled"):
        (output, _), _ = RNN.forward(x, (w * 0,), (w, w, None, None), False, False)
    np.testing.assert_allclose(output, 1e-6, rtol=3e-7)


@needs_numba
@dtypes
def test_the_product_of_scipy_where_numpy_shows_none(dtype, tolerance, monkeypatch):
    from tinygrad_rnn.kernels.compiled import around, blas

    monkeypatch.setattr(blas.threads, "libraries", list)
    try:
        from_scipy = blas.found()
    except ImportError:
        pytest.skip("SciPy is not installed")
    monkeypatch.undo()
    assert from_scipy != blas.found()
    monkeypatch.setitem(around.GEMM, np.dtype(dtype), from_scipy[np.dtype(dtype)])
    for kernel, gates, options in KINDS[1:5]:
        assert_equal(kernel, gates, options, dtype, tolerance, sizes=[3, 3, 2, 2, 1, 1, 1])


def test_the_switch_and_the_context():
    model, x = nn.LSTM(2, 3), tg.randn(4, 1, 2)
    with tg.use_kernels("numpy"):
        model(x)
        assert kernels_used()["lstm"] == "numpy"
    with pytest.raises(ValueError, match="'auto', 'numpy' or 'compiled', but got 'fast'"):
        tg.use_kernels("fast")
    assert choice._setting == "auto"


@needs_numba
def test_a_node_runs_backward_on_the_kernels_of_its_forward():
    model, x = nn.GRU(2, 3), tg.randn(4, 1, 2)
    for one, other in (("numpy", "compiled"), ("compiled", "numpy")):
        with tg.use_kernels(one):
            output, _ = model(x)
        with tg.use_kernels(other):
            output.sum().backward()
    tg.warm_up(tg.float32)
    with pytest.raises(TypeError, match="float16"):
        tg.warm_up(tg.float16)


WITHOUT = """
import sys, types
{before}
import tinygrad_rnn as tg
assert "numba" not in sys.modules or sys.modules["numba"] is {fake}
x = tg.randn(4, 2, 3, requires_grad=True)
tg.nn.LSTM(3, 4)(x)[0].sum().backward()
tg.show_config()
try:
    tg.use_kernels("compiled")
except RuntimeError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("before", "fake", "reason"),
    [("sys.modules['numba'] = None", "None", "ModuleNotFoundError"),
     ("numba = sys.modules['numba'] = types.ModuleType('numba')", "numba", "ImportError"),
     ("sys.modules['numba'] = sys.modules['llvmlite'] = None", "None", "ModuleNotFoundError")],
)  # fmt: skip
def test_without_numba_or_with_a_broken_one_the_numpy_kernels_run(before, fake, reason):
    command = [sys.executable, "-c", WITHOUT.format(before=before, fake=fake)]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    assert run.stderr == ""
    assert f"numpy ({reason}" in run.stdout
    assert "ran last: lstm numpy" in run.stdout
    assert "pip install 'tinygrad-rnn[fast]'" in run.stdout
