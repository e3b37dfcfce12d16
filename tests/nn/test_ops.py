"""Every op of nn has a row here: its gradient and the gradient of its gradient agree with finite differences."""

import inspect

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.autograd import gradcheck, gradgradcheck
from tinygrad_rnn.ops import (
    activations,
    attention,
    binary_losses,
    class_losses,
    convolution,
    ctc,
    dropout,
    normalization,
    padding,
    softmax,
)
from tinygrad_rnn.ops.convolution import Layout
from tinygrad_rnn.ops.function import Function
from tinygrad_rnn.recording import record_op

from ..layouts import LAYOUTS, agree

MASK = np.array([[2.0, 0.0, 2.0], [0.0, 2.0, 2.0]])
T = np.array([0, 2, 1])
SMOOTH = {"spread": np.array([0.5, 0.25, 1.0]), "u": np.array([0.1, 0.2, 0.3])}
PICK = np.array([0.5, 2.0, 1.0])
CAUSAL = np.triu(np.ones((3, 4), bool), 2)
CTC = {
    "skip": np.array([[False, False, False, True, False], [False, False, False, False, False]]),
    "steps": np.array([4, 3]),
    "last": np.array([4, 2]),
}

# op, shapes of the inputs, options
ROWS = [
    (activations.Tanh, [(2, 3)], {}),
    (activations.Sigmoid, [(2, 3)], {}),
    (activations.ReLU, [(2, 3)], {}),
    (softmax.Softmax, [(2, 3)], {"dim": 0}),
    (softmax.Softmax, [(2, 3)], {"dim": -1}),
    (softmax.SoftmaxGradient, [(2, 3), (2, 3)], {"dim": -1}),
    (ctc.LogOfThree, [(2, 3), (2, 3), (2, 3)], {}),
    (activations.TanhGradient, [(2, 3), (2, 3)], {}),
    (activations.SigmoidGradient, [(2, 3), (2, 3)], {}),
    (softmax.LogSoftmax, [(2, 3)], {"dim": 1}),
    (activations.LeakyReLU, [(2, 3)], {"slope": 0.1}),
    (activations.ELU, [(2, 3)], {"alpha": 0.7}),
    (activations.SiLU, [(2, 3)], {}),
    (activations.GELU, [(2, 3)], {}),
    (activations.TanhGELU, [(2, 3)], {}),
    (activations.Softplus, [(2, 3)], {"beta": 1.5, "threshold": 20.0}),
    (activations.Softplus, [(2, 3)], {"beta": 1.5, "threshold": 1.0}),
    (activations.Hardtanh, [(2, 3)], {"low": -0.5, "high": 0.8}),
    (dropout.Dropout, [(2, 3)], {"mask": MASK}),
    (
        class_losses.CrossEntropy,
        [(3, 3)],
        {"t": T, "pick": PICK, "spread": None, "u": None, "ignored": None, "total": True},
    ),
    (class_losses.CrossEntropy, [(3, 3)], {"t": T, "pick": PICK, **SMOOTH, "ignored": None, "total": False}),
    (class_losses.CrossEntropyGradient, [(3, 3), (3,)], {"t": T, "pick": PICK, "spread": None, "u": None}),
    (class_losses.CrossEntropyGradient, [(3, 3), ()], {"t": T, "pick": PICK, **SMOOTH}),
    (class_losses.Pick, [(3, 3)], {"t": T}),
    (class_losses.Place, [(3,)], {"t": T, "columns": 4}),
    (binary_losses.BinaryCrossEntropy, ["probabilities", "probabilities"], {}),
    (attention.Attention, [(2, 3, 2), (2, 4, 2), (2, 4, 3), None], {"scale": 0.7}),
    (attention.Attention, [(2, 3, 2), (4, 2), (2, 4, 3), (3, 4)], {"scale": 0.7, "hidden": CAUSAL}),
    (attention.Attention, [(3, 2), (4, 2), (4, 3), (1, 4)], {"scale": 1.0, "drop": np.eye(3, 4) * 2 + 1}),
    (normalization.LayerNorm, [(3, 4), (4,), (4,)], {"eps": 1e-5}),
    (normalization.LayerNorm, [(3, 4), None, None], {"eps": 0.1}),
    (normalization.LayerNorm, [(3, 4), (4,), None], {"eps": 1e-5}),
    (convolution.Convolution, [(2, 2, 7), (3, 2, 3)], {"layout": Layout()}),
    (convolution.Convolution, [(2, 4, 9), (2, 2, 3)], {"layout": Layout((2,), (2,), groups=2)}),
    (convolution.Convolution, [(1, 2, 4, 5), (2, 1, 2, 3)], {"layout": Layout((2, 1), (1, 2), groups=2)}),
    (convolution.ConvInput, [(3, 2, 3), (2, 3, 4)], {"layout": Layout((2,)), "length": (10,)}),
    (convolution.ConvInput, [(2, 2, 2), (1, 2, 3)], {"layout": Layout(dilation=(2,), groups=2), "length": (5,)}),
    (convolution.ConvInput, [(2, 1, 2, 2), (1, 2, 2, 3)], {"layout": Layout((1, 2), (1, 1)), "length": (4, 6)}),
    (convolution.ConvWeight, [(2, 2, 8), (2, 3, 3)], {"layout": Layout((2,)), "kernel": (3,)}),
    (convolution.ConvWeight, [(1, 4, 5), (1, 2, 3)], {"layout": Layout(dilation=(2,), groups=2), "kernel": (2,)}),
    (convolution.ConvWeight, [(1, 2, 3, 4), (1, 1, 2, 2)], {"layout": Layout((1, 2), (1, 1)), "kernel": (2, 2)}),
    (padding.Pad, [(2, 3)], {"widths": [(0, 0), (1, 2)], "value": 0.5}),
    (ctc.CTC, [(4, 2, 5)], CTC),
    (ctc.CTC, [(4, 2, 5)], {**CTC, "steps": np.array([3, 0]), "last": np.array([2, 0])}),
]


def made(shape, random):
    if shape is None:
        return None
    if shape == "probabilities":
        return tg.tensor(random.uniform(0.1, 0.9, (2, 3)), requires_grad=True)
    return tg.tensor(random.normal(size=shape), requires_grad=True)


@pytest.mark.parametrize(("op", "shapes", "options"), ROWS, ids=lambda x: getattr(x, "__name__", ""))
def test_both_derivatives_agree_with_differences(op, shapes, options):
    random = np.random.default_rng(3)
    inputs = [made(shape, random) for shape in shapes]
    given = [x for x in inputs if x is not None]

    def function(*tensors):
        left = iter(tensors)
        return record_op(op, *(None if x is None else next(left) for x in inputs), **options)

    assert gradcheck(function, given)
    assert gradgradcheck(function, given)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("op", "shapes", "options"), ROWS, ids=lambda x: getattr(x, "__name__", ""))
def test_numbers_may_lie_in_memory_in_any_way(op, shapes, options, layout):
    random = np.random.default_rng(3)
    arrays = [None if x is None else x.detach().numpy() for x in (made(shape, random) for shape in shapes)]
    agree(lambda *inputs, **given: record_op(op, *inputs, **given), arrays, LAYOUTS[layout], options)


@pytest.mark.parametrize(("op", "shapes", "options"), ROWS, ids=lambda x: getattr(x, "__name__", ""))
def test_float32_stays_float32(op, shapes, options):
    random = np.random.default_rng(3)
    inputs = [None if s is None else made(s, random).detach().float().requires_grad_() for s in shapes]
    options = {k: v.astype("f4") if isinstance(v, np.ndarray) and v.dtype == float else v for k, v in options.items()}
    result = record_op(op, *inputs, **options)
    result = result[0] if isinstance(result, tuple) else result
    assert result.dtype == tg.float32
    arrays = result.grad_fn.backward(*[np.ones(s, "f4") for s in result.grad_fn.shapes])
    for g in arrays if isinstance(arrays, tuple) else [arrays]:
        assert g is None or g.dtype == np.float32


def test_no_op_is_without_a_row():
    rows = {op for op, _, _ in ROWS}
    for module in (
        activations,
        attention,
        binary_losses,
        class_losses,
        convolution,
        ctc,
        dropout,
        normalization,
        padding,
        softmax,
    ):
        for op in vars(module).values():
            if inspect.isclass(op) and issubclass(op, Function) and op.__module__ == module.__name__:
                assert op in rows, f"{op.__name__} has no row"
