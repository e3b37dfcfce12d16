"""Truncated backpropagation: which steps a gradient reaches, and that it is exactly the cut gradient."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.graph import ancestors
from tinygrad_rnn.models.bptt import Window, detached, truncated_bptt, windows
from tinygrad_rnn.nn.utils.rnn import PackedSequence

STEPS = 6
PAIRS = [(k1, k2) for k2 in range(1, STEPS + 1) for k1 in range(1, k2 + 1)]


class Small:
    """h_t = tanh(W h_{t-1} + x_t), loss_t = ½ ‖h_t - y_t‖²."""

    def __init__(self, steps=STEPS, size=3):
        source = np.random.default_rng(5)
        self.w = tg.tensor(source.normal(size=(size, size)) * 0.7, requires_grad=True)
        self.x, self.y = source.normal(size=(2, steps, size))
        self.start = tg.tensor(source.normal(size=size), requires_grad=True)
        self.inputs = list(zip(tg.tensor(self.x), tg.tensor(self.y), strict=True))

    def step(self, pair, h):
        x, y = pair
        h = (self.w @ h + x).tanh()
        return 0.5 * ((h - y) ** 2).sum(), h

    def by_formula(self, reach):
        """∂L/∂W with Σ_s over the losses and the uses u of W in (reach(s), s], in NumPy:

        λ_s = h_s - y_s,   a_u = (1 - h_u²) ⊙ λ_u,   contribution a_u h_{u-1}ᵀ,   λ_{u-1} = Wᵀ a_u
        """
        w, h = self.w.detach().numpy(), [self.start.detach().numpy()]
        for x in self.x:
            h.append(np.tanh(w @ h[-1] + x))
        total = np.zeros_like(w)
        for s in range(len(self.x)):
            back = h[s + 1] - self.y[s]
            for u in range(s, reach(s) - 1, -1):
                at_z = (1 - h[u + 1] ** 2) * back
                total += np.outer(at_z, h[u])
                back = w.T @ at_z
        return total


@pytest.mark.parametrize(("k1", "k2"), PAIRS)
def test_gradients_are_those_of_the_graph_cut_at_the_same_places(k1, k2):
    small = Small()
    reach = {}
    for loss, _, window in truncated_bptt(small.step, small.inputs, small.start, k1, k2):
        loss.backward()
        reach |= dict.fromkeys(range(window.first, window.end), window.start)
    assert sorted(reach) == list(range(STEPS))
    for s, start in reach.items():  # the promise in words: at most k2 steps, at least k2 - k1 + 1, or all there are
        assert s - start + 1 <= k2
        assert start == 0 or s - start + 1 > k2 - k1
    np.testing.assert_allclose(small.w.grad.numpy(), small.by_formula(reach.get), atol=1e-13)


@pytest.mark.parametrize(("k1", "k2"), PAIRS)
def test_values_are_those_of_the_whole_sequence(k1, k2):
    small = Small()
    pieces = list(truncated_bptt(small.step, small.inputs, small.start, k1, k2))
    h, total = small.start, 0.0
    for pair in small.inputs:
        loss, h = small.step(pair, h)
        total += loss.item()
    assert sum(p.loss.item() for p in pieces) == pytest.approx(total, abs=1e-13)
    np.testing.assert_allclose(pieces[-1].state.numpy(), h.detach().numpy(), atol=1e-14)
    assert not any(p.state.requires_grad for p in pieces)


@pytest.mark.parametrize("k1", range(1, STEPS + 1))
def test_k2_of_all_steps_is_full_backpropagation_also_into_the_start(k1):
    small = Small()
    for piece in truncated_bptt(small.step, small.inputs, small.start, k1, STEPS):
        piece.loss.backward()
    whole = Small()
    h, losses = whole.start, []
    for pair in whole.inputs:
        loss, h = whole.step(pair, h)
        losses.append(loss)
    sum(losses).backward()
    np.testing.assert_allclose(small.w.grad.numpy(), whole.w.grad.numpy(), atol=1e-13)
    np.testing.assert_allclose(small.start.grad.numpy(), whole.start.grad.numpy(), atol=1e-13)


@pytest.mark.parametrize(("k1", "k2"), PAIRS)
def test_the_cut_is_in_the_graph(k1, k2):
    """Each piece's graph holds the steps of its window, and the state enters the first one as a constant."""
    small = Small()
    for loss, _, window in truncated_bptt(small.step, small.inputs, small.start.detach(), k1, k2):
        nodes = ancestors([loss.grad_fn])
        assert {n.scope.step for n in nodes} - {None} == set(range(window.start, window.end))
        products = [n for n in nodes if type(n).__name__ == "MatMul"]
        assert len(products) == window.end - window.start
        first = min(products, key=lambda n: n.birth)
        assert [edge is None for edge in first.edges] == [False, True]  # W is connected, h is not


# Lecture 004's worked example, docs/lectures.md: ∂L/∂W_hh by the window of the truncation
X = [[0.5, 0.1, -0.3], [-0.2, 0.4, 0.3], [0.1, -0.5, 0.2], [0.4, 0.2, -0.1]]
Y = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
W_XH, W_HH, W_HY = [[0.2, -0.3], [0.4, 0.1], [-0.5, 0.2]], [[0.6, -0.2], [0.1, 0.5]], [[0.3, -0.7], [-0.5, 0.8]]
BY_WINDOW = {
    1: [[-0.040585, -0.115750], [0.109035, 0.211089]],  # the slide's formula, without the recurrent term
    2: [[-0.032397, -0.067298], [0.138775, 0.059894]],
    3: [[-0.007418, -0.084772], [0.038880, 0.129777]],
    4: [[-0.007418, -0.084772], [0.038880, 0.129777]],  # full: use 0 of W_hh multiplies h_{-1} = 0
}


@pytest.mark.parametrize("window", BY_WINDOW)
def test_the_lectures_gradient_is_truncation_with_window_1(window):
    w_xh, w_hh, w_hy = (tg.tensor(w, dtype=tg.float64, requires_grad=True) for w in (W_XH, W_HH, W_HY))

    def step(pair, h):
        x, y = pair
        h = (x @ w_xh + w_hh @ h).tanh()
        return 0.5 * ((w_hy @ h - y) ** 2).sum(), h

    inputs = list(zip(tg.tensor(X, dtype=tg.float64), tg.tensor(Y, dtype=tg.float64), strict=True))
    for piece in truncated_bptt(step, inputs, tg.zeros(2, dtype=tg.float64), k1=1, k2=window):
        piece.loss.backward()
    np.testing.assert_allclose(w_hh.grad.numpy(), BY_WINDOW[window], rtol=0, atol=6e-7)


def test_updates_between_windows_and_states_of_several_parts():
    tg.manual_seed(0)
    cell, readout = nn.LSTMCell(2, 4), nn.Linear(4, 1)
    optimizer = tg.optim.SGD([*cell.parameters(), *readout.parameters()], lr=0.1)

    def step(x, state):
        h, c = cell(x, state)
        return (readout(h) ** 2).mean(), (h, c)

    start = (tg.zeros(3, 4), tg.zeros(3, 4))
    first = last = None
    for loss, state, _ in truncated_bptt(step, list(tg.randn(20, 3, 2)), start, k1=2, k2=5):
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        first, last = first or loss.item(), loss.item()
        assert isinstance(state, tuple)
    assert last < first


def test_windows():
    assert windows(8, 2, 3)[:3] == [Window(0, 0, 2), Window(1, 2, 4), Window(3, 4, 6)]
    assert windows(5, 2) == [Window(0, 0, 2), Window(2, 2, 4), Window(3, 4, 5)]
    assert windows(3, 7) == [Window(0, 0, 3)]


def test_detached_keeps_the_structure():
    w = tg.ones(2, requires_grad=True) * 2
    state = detached({"h": (w, [w, None]), "packed": PackedSequence(w, tg.tensor([2]))})
    assert isinstance(state["packed"], PackedSequence)
    assert not state["h"][0].requires_grad
    assert not state["packed"].data.requires_grad
    assert state["h"][1][1] is None
    assert state["h"][0].array is w.array  # no copy


@pytest.mark.parametrize(
    ("steps", "k1", "k2", "message"),
    [(5, 3, 2, "k1=3 and k2=2"), (5, 0, 2, "k1=0 and k2=2"), (0, 1, 1, "at least one step, got 0")],
)
def test_errors_name_the_numbers(steps, k1, k2, message):
    with pytest.raises(ValueError, match=message):
        list(truncated_bptt(lambda x, h: (x, h), [1] * steps, None, k1, k2))
