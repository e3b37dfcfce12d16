"""The worked example of lecture 004, in the three conventions its slides mix, to six decimals.

Numbers recomputed in float64 and checked against finite differences; the slides' own rounding errors are
noted in docs/lectures.md.
"""

import numpy as np
import pytest

import tinygrad_rnn as tg

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
