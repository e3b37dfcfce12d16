"""Step Jacobians: lecture 004's numbers, finite differences of cells, a linear RNN, and what cannot be asked."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .graphs import KINDS, W_HH, WORKED


@pytest.mark.parametrize("kind", WORKED)
def test_the_worked_example(kind):
    graph = WORKED[kind]()
    found = study.step_jacobians(graph.loss)
    np.testing.assert_allclose(found.norms[:, 0], [0.6218, 0.6195, 0.6351], atol=6e-5)
    assert found.steps == [1, 2, 3]
    h = np.array([[0.176876, 0.089287], [-0.189416, 0.022328], [0.091627, -0.127087]])
    exact = (1 - h**2)[:, :, None] * W_HH
    np.testing.assert_allclose(found.jacobians[:, 0], exact, atol=1e-6)
    whole = exact[2] @ exact[1] @ exact[0]
    np.testing.assert_allclose(found.products[0, 0], whole, atol=1e-6)
    assert found.product_norms[0, 0] == pytest.approx(np.linalg.norm(whole, 2), abs=1e-6)
    assert found.norm_products[0, 0] == pytest.approx(0.6218 * 0.6195 * 0.6351, abs=1e-4)
    assert found.spectral_radii[2, 0] == pytest.approx(np.abs(np.linalg.eigvals(exact[2])).max(), abs=1e-6)
    assert found.lyapunov.sum() == pytest.approx(np.log(abs(np.linalg.det(whole))) / 3, abs=1e-5), "volume"
    assert "at most 0.6351, all 3 together by 0.2378" in repr(found)
    assert graph.weight.grad is None or kind.startswith("recorded")


def _numeric(cell, x, state, eps=1e-6):
    """(B, n, n) by central differences of the joint state; samples do not touch each other."""
    flat = np.concatenate(state, 1)
    cut = np.cumsum([part.shape[1] for part in state])[:-1]

    def step(values):
        new, _ = cell.transition(tg.tensor(x), tuple(tg.tensor(p) for p in np.split(values, cut, 1)))
        return np.concatenate([part.detach().numpy() for part in new], 1)

    columns = []
    for j in range(flat.shape[1]):
        d = np.zeros_like(flat)
        d[:, j] = eps
        columns.append((step(flat + d) - step(flat - d)) / (2 * eps))
    return np.stack(columns, -1)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.PeepholeLSTMCell, nn.MGUCell, nn.LayerNormLSTMCell])
def test_gated_cells_against_finite_differences(cell):
    tg.manual_seed(3)
    cell = cell(3, 4).double()
    layer = nn.Recurrent(cell)
    x = tg.randn(4, 2, 3, dtype=tg.float64)
    output, _, (states,) = layer(x, return_states=True)
    found = study.step_jacobians((output**2).sum())
    parts = [part.detach().numpy() for part in states.values()]
    for k, t in enumerate(found.steps):
        exact = _numeric(cell, x.numpy()[t], [part[t - 1] for part in parts])
        np.testing.assert_allclose(found.jacobians[k], exact, atol=1e-8)
    if len(parts) == 2:
        block = study.step_jacobians((output**2).sum(), part="c")
        np.testing.assert_array_equal(block.jacobians, found.jacobians[..., 4:, 4:])
        assert found.parts == {"h": slice(0, 4), "c": slice(4, 8)}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "attention"])
def test_fused_and_unrolled_agree(kind):
    found = []
    for unrolled in (False, True):
        tg.manual_seed(2)
        with tg.unrolled() if unrolled else tg.enable_grad():
            graph = KINDS[kind]()
        state = {
            "two layers": "h (layer 1)",
            "bidirectional": "h (layer 1, reverse)",
            "packed, both ways": "h (reverse)",
        }
        found.append(study.step_jacobians(graph.loss, state.get(kind)))
    np.testing.assert_allclose(found[0].jacobians, found[1].jacobians, atol=1e-13)
    assert found[0].steps == found[1].steps
    assert np.nanmax(found[0].norms) > 0


def test_sequences_that_have_ended_have_no_jacobian():
    tg.manual_seed(0)
    found = study.step_jacobians(KINDS["packed"]().loss)
    assert np.isfinite(found.norms).sum(0).tolist() == [4, 3, 1]  # lengths 5, 4, 2
    assert np.isfinite(found.product_norms[0]).all()
    assert np.isfinite(found.lyapunov).all()


def test_a_linear_rnn_multiplies_by_its_matrix_each_step():
    """Lecture 003: h_t = W h_{t-1} + x_t, so ∂h_T/∂h_t = W^(T-t), and log|λ| nats per step."""
    W = tg.tensor([[0.9, 0.5], [0.0, 0.7]], dtype=tg.float64, requires_grad=True)
    h = tg.zeros(2, dtype=tg.float64)
    for t in range(40):
        with tg.step(t):
            h = W @ h + 1.0
    found = study.step_jacobians(h.sum())
    np.testing.assert_allclose(found.jacobians[:, 0], np.broadcast_to(W.detach().numpy(), (39, 2, 2)), rtol=1e-15)
    np.testing.assert_allclose(found.products[0, 0], np.linalg.matrix_power(W.detach().numpy(), 39), rtol=1e-12)
    np.testing.assert_allclose(found.spectral_radii, 0.9, rtol=1e-12)
    np.testing.assert_allclose(found.lyapunov[0], np.log([0.9, 0.7]), atol=0.03)
    assert found.norm_products[0, 0] > 20 * found.product_norms[0, 0], "the bound grows, the product does not"
    assert "gradients vanish" in repr(found)


def test_columns_and_cells_that_mix_samples_are_one_sample():
    """h (H, 1) as lectures write it; and a step with a mean over the batch."""
    W = tg.tensor(W_HH, requires_grad=True)
    h = tg.zeros(2, 1, dtype=tg.float64)
    for t in range(3):
        with tg.step(t):
            h = (W @ h + 0.1).tanh()
    found = study.step_jacobians(h.sum())
    assert found.jacobians.shape == (2, 1, 2, 2)
    np.testing.assert_allclose(found.jacobians[-1, 0], (1 - h.detach().numpy() ** 2) * W_HH, rtol=1e-12)
    h = tg.zeros(3, 2, dtype=tg.float64)
    for t in range(3):
        with tg.step(t):
            h = (h @ W + h.mean(0)).tanh()
    found = study.step_jacobians(h.sum())
    assert found.jacobians.shape == (2, 1, 6, 6)
    mixing = np.kron(np.eye(3), W_HH.T) + np.kron(np.full((3, 3), 1 / 3), np.eye(2))
    np.testing.assert_allclose(
        found.jacobians[-1, 0], (1 - h.detach().numpy().ravel()[:, None] ** 2) * mixing, rtol=1e-12
    )


def test_some_steps_and_what_is_not_there():
    graph = WORKED["fused"]()
    some = study.step_jacobians(graph.loss, "h", steps=[3, 1])
    assert some.steps == [1, 3]
    with pytest.raises(ValueError, match=r"no Jacobian at \[0, 9\]: they are 1 to 3"):
        study.step_jacobians(graph.loss, steps=[0, 9])
    with pytest.raises(ValueError, match=r"no part 'c'; it has 'h'"):
        study.step_jacobians(graph.loss, part="c")
    with pytest.raises(ValueError, match=r"there are 2 cells in time: choose one by a state of it, of 'h \(layer 0\)'"):
        study.step_jacobians(KINDS["two layers"]().loss)
    figure = some.plot()
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert list(some.table())[1]["largest σ"] == pytest.approx(0.6351, abs=6e-5)
