"""Further paths and small names that programs import: they are there, and do what PyTorch's do."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn


@pytest.mark.parametrize(
    "path",
    """cuda.amp.GradScaler cuda.amp.autocast autograd.profiler.profile autograd.profiler.record_function
    types.Device optim.optimizer.required nn.attention.sdpa_kernel nn.attention.SDPBackend backends.cuda.sdp_kernel random.fork_rng
    distributions.multivariate_normal.MultivariateNormal distributions.one_hot_categorical.OneHotCategorical nn.utils.parametrize.cached
    distributions.transforms.TanhTransform nn.utils.get_total_norm linalg.LinAlgError func.grad special.expit""".split(),  # noqa: SIM905
)
def test_paths(path):
    home, _, name = path.rpartition(".")
    module = importlib.import_module(f"tinygrad_rnn.{home}")
    assert hasattr(module, name)


@pytest.mark.torch
def test_small_names_do_what_pytorchs_do():
    torch = pytest.importorskip("torch")

    def results(t):
        layer = t.nn.Linear(3, 2)
        layer.register_buffer("seen", t.ones(2))
        calls = []
        layer.register_backward_hook(lambda module, into, out: calls.append((len(into) > 0, len(out))))
        layer(t.ones(1, 3)).sum().backward()
        with t.random.fork_rng():
            t.manual_seed(1)
        t.manual_seed(2)
        first = t.rand(3)
        t.manual_seed(2)
        with t.random.fork_rng():
            t.rand(5)
        with t.backends.cuda.sdp_kernel(enable_flash=False):
            pass

        class Cell(t.nn.RNNCellBase):
            def __init__(self):
                super().__init__(3, 2, bias=True, num_chunks=5)

        return [
            t.tensor([t.ones(1, 1), t.zeros(1)]).tolist(), t.tensor([[t.ones(1, 1)], [t.tensor(2.0)]]).tolist(), layer.get_buffer("seen").tolist(),
            layer.share_memory() is layer, layer.compile(), layer._get_name(), calls, first.tolist() == t.rand(3).tolist(),
            t.nn.init._calculate_fan_in_and_fan_out(t.ones(2, 3, 4)), t.nn.LSTM(1, 1).mode, t.nn.GRU(1, 1).mode, t.nn.RNN(1, 1).mode,
            t.nn.RNN(1, 1, nonlinearity="relu").mode, tuple(Cell().weight_hh.shape), [name for name, _ in Cell().named_parameters()],
        ]  # fmt: skip

    with pytest.MonkeyPatch.context(), __import__("warnings").catch_warnings():
        __import__("warnings").simplefilter("ignore")
        assert results(tg) == results(torch)


@pytest.mark.torch
def test_gradients_of_functions():
    torch = pytest.importorskip("torch")

    def results(t):
        f, x = t.func, t.tensor([1.0, -2.0, 3.0])
        cube = f.grad(lambda a: (a**3).sum())
        given = {"w": x, "b": [t.ones(3)]}
        by, value = f.grad_and_value(lambda p, y: ((p["w"] * y + p["b"][0]) ** 2).sum())(given, x)
        (first, second), aux = f.grad(lambda a, b: ((a * b).sum(), a + b), argnums=(0, 1), has_aux=True)(x, 2 * x)
        outer = x.clone().requires_grad_()
        cube(outer).sum().backward()
        return [
            cube(x),
            f.grad(lambda a: cube(a).pow(2).sum())(x),
            by["w"],
            by["b"][0],
            value,
            first,
            second,
            aux,
            outer.grad,
        ]

    for ours, theirs in zip(results(tg), results(torch), strict=True):
        assert ours.requires_grad == theirs.requires_grad
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-6)
    with pytest.raises(AttributeError, match=r"vmap.*left out.*first axis"):
        tg.func.vmap


def test_a_buffer_that_is_not_there():
    with pytest.raises(AttributeError, match="Linear has no buffer 'weight'"):
        nn.Linear(1, 1).get_buffer("weight")
