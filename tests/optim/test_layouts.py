"""Optimizers change parameters, by gradients, that lie in memory in any way."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import optim

from ..layouts import LAYOUTS, leaf
from .test_optimizers import GRID, IDS

SHAPES = [(3, 4), (2, 3, 2), (4,), ()]


def steps(name, options, lay, lay_gradient, reload):
    """The parameters after four steps by fixed gradients; in the middle another optimizer may take over the state."""
    draw = np.random.default_rng(0)
    params = [leaf(lay(np.asarray(draw.normal(size=shape)))) for shape in SHAPES]
    strides = [p.stride() for p in params]
    optimizer = getattr(optim, name)(params, **options)
    for k in range(4):
        for p in params:
            p.grad = tg.Tensor._of(lay_gradient(np.asarray(draw.normal(size=p.shape))))
        before = [p.grad.array.copy() for p in params]
        optimizer.step()
        for p, g in zip(params, before, strict=True):
            np.testing.assert_array_equal(p.grad.array, g)
        if k == 1 and reload:
            state = optimizer.state_dict()
            optimizer = getattr(optim, name)(params, **options)
            optimizer.load_state_dict(state)
    assert [p.stride() for p in params] == strides
    return [p.array for p in params]


def in_c(layout):
    return lambda x: np.array(layout(x), order="C")


@pytest.mark.parametrize(("name", "options"), GRID, ids=IDS)
def test_parameters_and_gradients_may_lie_in_memory_in_any_way(name, options):
    plain = steps(name, options, np.array, np.array, reload=False)
    repeated = steps(name, options, np.array, in_c(LAYOUTS["expanded"]), reload=False)
    for layout in LAYOUTS:
        if layout == "expanded":  # as a gradient only: a parameter has to have its numbers for itself
            found = steps(name, options, np.array, LAYOUTS[layout], reload=True)
        else:
            found = steps(name, options, LAYOUTS[layout], LAYOUTS["transposed"], reload=True)
            np.testing.assert_allclose(steps(name, options, np.array, LAYOUTS[layout], False)[0], plain[0], rtol=1e-13)
        for a, b in zip(found, repeated if layout == "expanded" else plain, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, err_msg=layout)


@pytest.mark.parametrize("line_search", [None, "strong_wolfe"])
def test_lbfgs_reads_and_moves_parameters_in_any_layout(line_search):
    def minimised(lay):
        target = np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)
        p = leaf(lay(np.zeros((2, 3, 4))))
        optimizer = optim.LBFGS([p], lr=0.5, max_iter=6, line_search_fn=line_search)

        def closure():
            optimizer.zero_grad()
            loss = (((p - tg.tensor(target)) * tg.tensor(target + 2)) ** 2).sum()
            loss.backward()
            p.grad = tg.Tensor._of(lay(p.grad.array))
            return loss

        for _ in range(2):
            optimizer.step(closure)
        return p.array

    plain = minimised(np.array)
    for layout in set(LAYOUTS) - {"expanded"}:
        np.testing.assert_allclose(minimised(LAYOUTS[layout]), plain, rtol=1e-12, err_msg=layout)


def test_a_parameter_whose_numbers_share_one_place_is_refused():
    p = leaf(np.broadcast_to(np.ones(3), (2, 3)))
    p.grad = tg.ones(2, 3, dtype=tg.float64)
    for name in ("SGD", "Adam", "RMSprop", "Adagrad", "Adadelta"):
        optimizer = getattr(optim, name)([p])
        with pytest.raises(RuntimeError, match="one place in memory"):
            optimizer.step()
