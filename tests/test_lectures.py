"""The worked example of lecture 004, in the three conventions its slides mix, to six decimals.

Numbers recomputed in float64 and checked against finite differences; the slides' own rounding errors are
noted in docs/lectures.md. Below: a test for each row of that page.
"""

import pathlib

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn.recurrent.cells import gru_other_update

X = [[0.5, 0.1, -0.3], [-0.2, 0.4, 0.3], [0.1, -0.5, 0.2], [0.4, 0.2, -0.1]]
Y = [[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]]
W_XH = [[0.2, -0.3], [0.4, 0.1], [-0.5, 0.2]]
W_HH = [[0.6, -0.2], [0.1, 0.5]]
W_HY = [[0.3, -0.7], [-0.5, 0.8]]

CONVENTIONS = {
    # z_t = W_xhᵀ x_t + W_hh h_{t-1},  ŷ_t = W_hy h_t: the slide's numbers and its ∂L/∂h_0
    "C": (lambda h, w: w @ h, lambda h, w: w @ h),
    # row vectors throughout: z_t = x_t W_xh + h_{t-1} W_hh,  ŷ_t = h_t W_hy
    "R": (lambda h, w: h @ w, lambda h, w: h @ w),
    # z_t = W_xhᵀ x_t + W_hhᵀ h_{t-1},  ŷ_t = W_hy h_t
    "M": (lambda h, w: h @ w, lambda h, w: w @ h),
}

EXPECTED = {
    "C": {
        "losses": [0.346708, 0.517197, 0.581415, 0.665139],
        "total": 2.110459,
        "w_hy": [[-0.007133, 0.113812], [-0.390696, 0.116546]],
        "w_hh": [[-0.007418, -0.084772], [0.038880, 0.129777]],
        "w_xh": [[0.195380, -0.293867], [0.365869, -0.588293], [0.019273, -0.021789]],
        "outputs": [[0.222803, -0.298968], [-0.009438, -0.017008], [-0.072454, 0.112570], [0.116449, -0.147483]],
        "states": [[0.282135, -0.197375], [0.176876, 0.089287], [-0.189416, 0.022328], [0.091627, -0.127087]],
    },
    "R": {
        "losses": [0.396629, 0.583079, 0.535866, 0.657183],
        "total": 2.172757,
        "w_hy": [[-0.008594, -0.340279], [0.215925, 0.183936]],
        "w_hh": [[0.117111, 0.005605], [-0.223948, 0.206907]],
        "w_xh": [[0.495107, -0.285098], [0.436193, -0.604826], [0.053177, -0.043864]],
        "outputs": [[0.183328, -0.355395], [0.033250, -0.079376], [-0.030913, 0.094599], [0.078762, -0.143750]],
        "states": [[0.282135, -0.197375], [0.118977, 0.004885], [-0.205171, -0.061276], [0.080594, -0.109167]],
    },
    "M": {
        "losses": [0.346708, 0.557646, 0.520267, 0.640835],
        "total": 2.065456,
        "w_hy": [[0.001672, 0.204995], [-0.311810, 0.173670]],
        "w_hh": [[0.068447, 0.044962], [-0.150695, 0.194715]],
        "w_xh": [[0.325175, -0.203806], [0.286869, -0.628517], [0.046148, -0.048004]],
    },
}


class Run:
    """The four steps in one convention, with everything that the slides name."""

    def __init__(self, convention, x=X, cut=False):
        through_hh, through_hy = CONVENTIONS[convention]
        self.w_xh, self.w_hh, self.w_hy = (
            tg.tensor(w, dtype=tg.float64, requires_grad=True) for w in (W_XH, W_HH, W_HY)
        )
        self.start = h = tg.zeros(2, dtype=tg.float64, requires_grad=True)
        self.states, self.outputs, self.losses = [], [], []
        for t, (x_t, y_t) in enumerate(
            zip(tg.tensor(x, dtype=tg.float64), tg.tensor(Y, dtype=tg.float64), strict=True)
        ):
            with tg.step(t):
                h = (x_t @ self.w_xh + through_hh(h.detach() if cut else h, self.w_hh)).tanh()
                h.retain_grad()
                output = through_hy(h, self.w_hy)
                self.states.append(h)
                self.outputs.append(output)
                self.losses.append(0.5 * ((output - y_t) ** 2).sum())
        self.loss = sum(self.losses)


def near(actual, expected):
    np.testing.assert_allclose(actual.detach().numpy(), expected, rtol=0, atol=6e-7)


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_losses_and_gradients(convention):
    run, expected = Run(convention), EXPECTED[convention]
    run.loss.backward()
    near(tg.stack(run.losses), expected["losses"])
    near(run.loss, expected["total"])
    near(run.w_hy.grad, expected["w_hy"])
    near(run.w_hh.grad, expected["w_hh"])
    near(run.w_xh.grad, expected["w_xh"])


@pytest.mark.parametrize("convention", ["C", "R"])
def test_outputs_and_states(convention):
    run, expected = Run(convention), EXPECTED[convention]
    near(tg.stack(run.outputs), expected["outputs"])
    near(tg.stack(run.states), expected["states"])


def test_gradients_of_the_states():
    run = Run("C")
    run.loss.backward()
    near(
        tg.stack([h.grad for h in run.states]),
        [[0.118552, -0.117475], [0.462428, -0.670841], [-0.114218, 0.228382], [0.608676, -0.999501]],
    )
    near(run.start.grad, [0.054179, -0.078272])


def test_the_slides_formula_is_truncation_to_one_step():
    """Slide: ∂L/∂W_hh = Σ_t W_hyᵀδ_t (1-h_t²) h_{t-1}ᵀ, without the recurrent term: TBPTT with window 1."""
    run = Run("C", cut=True)
    run.loss.backward()
    near(run.w_hh.grad, [[-0.040585, -0.115750], [0.109035, 0.211089]])
    near(run.w_xh.grad, [[0.068503, -0.002701], [0.491182, -0.907777], [0.036812, -0.061659]])
    near(run.w_hy.grad, EXPECTED["C"]["w_hy"])


def test_each_use_of_the_recurrent_weight():
    """The gradient of W_hh by the step in which it was used: the rows add up to the whole."""
    through_hh, _ = CONVENTIONS["C"]
    uses = []

    def noted(h, w):
        uses.append(w * 1.0)
        uses[-1].retain_grad()
        return through_hh(h, uses[-1])

    CONVENTIONS["noted"] = (noted, CONVENTIONS["C"][1])
    try:
        run = Run("noted")
        run.loss.backward()
    finally:
        del CONVENTIONS["noted"]
    near(uses[0].grad, np.zeros((2, 2)))
    near(uses[1].grad, [[0.126385, -0.088416], [-0.187759, 0.131352]])
    near(uses[2].grad, [[-0.019478, -0.009832], [0.040375, 0.020381]])
    near(uses[3].grad, [[-0.114325, 0.013476], [0.186264, -0.021956]])
    near(run.w_hh.grad, sum(use.grad for use in uses).numpy())


def test_gradient_norms_by_loss_and_state():
    """‖∂L_t/∂h_k‖: each loss reaches further back with less."""
    expected = [[0.3161], [0.5422, 0.9523], [0.2722, 0.5111, 0.9218], [0.1955, 0.3684, 0.6668, 1.1703]]
    run = Run("C")
    for t, row in enumerate(expected):
        gradients = tg.autograd.grad(run.losses[t], run.states[: t + 1], retain_graph=True)
        np.testing.assert_allclose([g.norm().item() for g in gradients], row, atol=6e-5)


def test_the_sign_error_in_the_first_input():
    """The worked step uses x_0 = [.5, .1, +.3]; the data row says -.3, which is what its result matches."""
    run = Run("C", x=[[0.5, 0.1, 0.3], *X[1:]])
    near(run.states[0], [-0.010000, -0.079830])
    near(run.outputs[0], [0.052881, -0.058864])
    near(run.losses[0], 0.450250)


# --- docs/lectures.md: each row of errata, computed as written and as it should be ------------------------------

PAGE = (pathlib.Path(__file__).parents[1] / "docs" / "lectures.md").read_text(encoding="utf-8")
ERRATA = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in PAGE.split("\n\n")[2].splitlines()[2:]]
PRINTED = {"z": [0.28, -0.198], "h": [0.278, -0.198], "output": [0.2205, -0.2947], "loss": 0.3478}  # slide of 004


def double(values, **options):
    return tg.tensor(values, dtype=tg.float64, **options)


def test_the_page_has_every_row_and_each_row_its_test():
    assert len(ERRATA) == 21
    assert {len(row) for row in ERRATA} == {5}  # lecture, as written, what holds, why, test
    tests = [row[4].strip("` ") for row in ERRATA]
    assert len(set(tests)) == 21
    assert [name for name in tests if not callable(globals().get(name))] == []


@pytest.mark.parametrize("work", ["Duda", "Bishop", "UvA Deep Learning Course", "WildML"])
def test_the_page_names_what_the_lectures_cite(work):
    assert work in PAGE.split("## What the lectures cite")[1]


def two_steps(before):
    """c_{t+1}, c_{t+2} of lecture 002 with numbers for matrices, their slopes h', and dc/dW of each by autograd."""
    w, u = double(0.7, requires_grad=True), 0.9
    c, memories = double(before), []
    for x in (0.5, -0.3, 0.8):
        c = (u * x + w * c).tanh()
        memories.append(c)
    slopes = [1 - c.item() ** 2 for c in memories]
    grads = [tg.autograd.grad(c, [w], retain_graph=True)[0].item() for c in memories]
    return w.item(), [c.item() for c in memories], slopes, grads


def test_factor_w():
    w, c, slope, grad = two_steps(before=0.0)
    assert grad[2] == pytest.approx(slope[2] * (c[1] + w * grad[1]), rel=1e-12)
    assert abs(grad[2] / (slope[2] * (c[1] + grad[1])) - 1) > 0.1  # as written


def test_no_memory_before():
    w, c, slope, grad = two_steps(before=0.0)
    assert grad[0] == 0
    assert grad[1] == pytest.approx(slope[1] * c[0], rel=1e-12)
    w, c, slope, grad = two_steps(before=0.6)
    assert abs(grad[1] / (slope[1] * c[0]) - 1) > 0.1  # as written
    assert grad[1] == pytest.approx(slope[1] * (c[0] + w * grad[0]), rel=1e-12)


def test_order():
    run = Run("C")
    run.losses[3].backward()
    delta = run.outputs[3] - double(Y[3])
    near(run.states[3].grad, (run.w_hy.mT @ delta).detach().numpy())
    assert not tg.allclose(run.states[3].grad, delta @ run.w_hy.mT)  # a row from the left: another vector
    with pytest.raises(RuntimeError, match=r"2.*1"):
        delta[:, None] @ run.w_hy.mT  # a column from the left: no product at all
    inner = (1 - run.states[3] ** 2) * (run.w_hy.mT @ delta)
    as_written = tg.outer(inner, double(X[3]))
    assert as_written.shape == (2, 3)
    cut = Run("C", cut=True)
    cut.losses[3].backward()
    near(cut.w_xh.grad, as_written.mT.detach().numpy())


def test_norm():
    run = Run("C")
    deltas = [output - double(y) for output, y in zip(run.outputs, Y, strict=True)]
    near(sum(tg.outer(d, h) for d, h in zip(deltas, run.states, strict=True)), EXPECTED["C"]["w_hy"])
    as_written = sum(d.norm() * h for d, h in zip(deltas, run.states, strict=True))
    assert as_written.shape == (2,)
    assert run.w_hy.shape == (2, 2)


def test_double_half():
    run = Run("C")
    (0.5 * run.loss).backward()  # as written: each loss has its own ½
    near(run.w_hy.grad * 2, EXPECTED["C"]["w_hy"])


def test_residual_as_loss():
    run = Run("C")
    residuals = [double(y) - output for output, y in zip(run.outputs, Y, strict=True)]
    assert residuals[0].shape == (2,)
    sum(r.sum() for r in residuals).backward()
    near(run.w_hy.grad, -sum(np.outer([1, 1], h.detach().numpy()) for h in run.states))  # nothing of Y is in it
    assert run.losses[0].item() == pytest.approx(0.5 * (residuals[0] ** 2).sum().item())


def test_dimensions_of_w_xh():
    w_xh, x = double(W_XH), double(X[0])
    with pytest.raises(RuntimeError, match=r"3.*2"):
        w_xh @ x
    near(w_xh.mT @ x, [0.29, -0.20])


def test_first_state():
    near(double(W_XH).mT @ double(X[0]), [0.29, -0.20])
    near(Run("C").states[0], [0.282135, -0.197375])
    near(double(PRINTED["z"]).tanh(), [0.272905, -0.195452])  # which is not the h_0 printed beside it


def test_first_output():
    near(Run("C").outputs[0], [0.222803, -0.298968])
    near(double(W_HY) @ double(PRINTED["h"]), [0.2220, -0.2974])


def test_first_loss():
    near(Run("C").losses[0], 0.346708)
    its_own = 0.5 * ((double(PRINTED["output"]) - double(Y[0])) ** 2).sum()
    assert its_own.item() == pytest.approx(0.3472, abs=5e-5)
    assert its_own.item() != pytest.approx(PRINTED["loss"], abs=5e-5)


def test_class_entropy_and_data_2():
    """The losses that the slide names are not the one that its numbers are of."""
    run = Run("C")
    squares = nn.functional.mse_loss(run.outputs[0], double(Y[0]))
    entropy = nn.functional.cross_entropy(run.outputs[0][None], tg.tensor([0]))
    assert run.losses[0].item() == pytest.approx(squares.item())  # ½ Σ of two numbers is their mean, here
    assert entropy.item() == pytest.approx(np.log(1 + np.exp(-0.298968 - 0.222803)), abs=1e-6)
    assert abs(entropy.item() - run.losses[0].item()) > 0.1
    assert (len(X), len(X[0])) == (4, 3)  # one matrix of data, X: four steps of three numbers


def test_two_updates_of_the_gru():
    keep, write = nn.GRUCell(3, 4, dtype=tg.float64), nn.GRUCell(3, 4, dtype=tg.float64, update="write")
    x, h = tg.randn(2, 3, dtype=tg.float64), tg.randn(2, 4, dtype=tg.float64)
    write.load_state_dict(keep.state_dict())
    assert not tg.allclose(keep(x, h), write(x, h))
    write.load_state_dict(gru_other_update(keep.state_dict()))
    assert tg.allclose(keep(x, h), write(x, h), atol=1e-14)


def test_two_resets_of_the_gru():
    """Equal where W_hn is diagonal and without bias, or r = 1; not in general."""
    after, before = (nn.GRUCell(3, 4, bias=False, dtype=tg.float64, reset=reset) for reset in ("after", "before"))
    before.load_state_dict(after.state_dict())
    x, h = tg.randn(2, 3, dtype=tg.float64), tg.randn(2, 4, dtype=tg.float64)
    assert not tg.allclose(after(x, h), before(x, h), atol=1e-4)
    for cell in (after, before):
        cell.weight_hh.detach()[8:] = tg.diag(tg.arange(1.0, 5.0, dtype=tg.float64))
    assert tg.allclose(after(x, h), before(x, h), atol=1e-14)


def test_two_kinds_of_peepholes():
    """A dense matrix with a diagonal in it is the diagonal one."""
    diagonal, dense = (nn.PeepholeLSTMCell(3, 4, dtype=tg.float64, peephole=kind) for kind in ("diagonal", "dense"))
    assert (diagonal.weight_cf.shape, dense.weight_cf.shape) == ((4,), (4, 4))
    state = diagonal.state_dict()
    dense.load_state_dict({key: w.diag() if "weight_c" in key else w for key, w in state.items()})
    x, h, c = tg.randn(2, 3, dtype=tg.float64), tg.randn(2, 4, dtype=tg.float64), tg.randn(2, 4, dtype=tg.float64)
    assert tg.allclose(diagonal(x, (h, c))[0], dense(x, (h, c))[0], atol=1e-14)


def test_three_ways_to_write_a_matrix():
    layer, x = nn.Linear(3, 2, dtype=tg.float64), tg.randn(3, dtype=tg.float64)
    assert layer.weight.shape == (2, 3)
    u = layer.weight.mT.detach()  # (in, out), as 000 and 001 have it
    for y in (x @ u, u.mT @ x, layer.weight @ x):
        assert tg.allclose(layer(x), y + layer.bias, atol=1e-14)


def test_one_minus_f():
    """i = 1 - f: what is forgotten is what is stored, and the memory is a mean that stays within -1 .. 1."""
    cell = nn.CoupledLSTMCell(3, 4, dtype=tg.float64)
    h, c = tg.randn(2, 4, dtype=tg.float64), tg.zeros(2, 4, dtype=tg.float64)
    x = 10 * tg.randn(2, 3, dtype=tg.float64)
    (_, new), gates = cell.transition(x, (h, c + 0.5))
    assert tg.allclose(new, gates["f"] * 0.5 + (1 - gates["f"]) * gates["g"], atol=1e-14)
    assert new.abs().max().item() <= 1


def test_decade_and_glu():
    """Decay: a factor per step. A GLU halves its features and knows nothing of the input before; a GRU does."""
    h = h_0 = tg.ones(1, dtype=tg.float64, requires_grad=True)
    sizes = []
    for _ in range(3):
        h = 0.5 * h
        sizes.append(tg.autograd.grad(h, [h_0], retain_graph=True)[0].item())
    assert sizes == [0.5, 0.25, 0.125]
    x = tg.randn(5, 1, 4, dtype=tg.float64, requires_grad=True)
    glu, (gru, _) = nn.functional.glu(x, -1), nn.GRU(4, 2, dtype=tg.float64)(x)
    assert glu.shape == gru.shape == (5, 1, 2)
    seen = [tg.autograd.grad(y[4].sum(), [x])[0].abs().sum((1, 2)).numpy() > 0 for y in (glu, gru)]
    assert seen[0].tolist() == [False, False, False, False, True]
    assert seen[1].all()


def test_the_range_of_tanh():
    assert double(15.0).tanh().item() < 1
    assert double(20.0).tanh().item() == 1  # rounded
