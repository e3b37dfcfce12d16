"""The models before recurrence equal their formulas, look only back, and fail where their idea ends."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn

T, B, S = 6, 3, 2
MODELS = {
    "naive": lambda: models.NaiveModel(S, T),
    "autoregressive": lambda: models.AutoregressiveModel(S, 3),
    "autoregressive-hidden": lambda: models.AutoregressiveModel(S, 2, hidden_size=4),
    "markov": lambda: models.MarkovModel(S),
    "markov-hidden": lambda: models.MarkovModel(S, 4),
    "latent": lambda: models.LatentAutoregressiveModel(S, 4),
    "latent-gru": lambda: models.LatentAutoregressiveModel(S, 4, nn.GRUCell(S, 4)),
    "state-space": lambda: models.LinearStateSpace(S, 4),
}
EVERY = pytest.mark.parametrize("name", MODELS)


def made(name):
    tg.manual_seed(0)
    return MODELS[name]().double()


def randn(*shape, grad=False):
    return tg.tensor(np.random.default_rng(sum(shape)).normal(size=shape), requires_grad=grad)


def numbers(module):
    return {key: value.numpy() for key, value in module.state_dict().items()}


def near(tensor, wanted):
    np.testing.assert_allclose(tensor.detach().numpy(), wanted, rtol=1e-12, atol=1e-12)


# --- the formulas -----------------------------------------------------------------------------------


def test_naive():
    model, x = made("naive"), randn(T, B, S)
    p, a = numbers(model), x.numpy()
    for t in range(T):
        past = np.concatenate(a[: t + 1], -1)
        near(model(x)[t], past @ p[f"by_length.{t}.weight"].T + p[f"by_length.{t}.bias"])


@pytest.mark.parametrize("window", [1, 2, 3, T + 2])
def test_autoregressive(window):
    model, x = models.AutoregressiveModel(S, window).double(), randn(T, B, S)
    p, a = numbers(model), np.concatenate([np.zeros((window - 1, B, S)), randn(T, B, S).numpy()])
    for t in range(T):
        near(model(x)[t], np.concatenate(a[t : t + window], -1) @ p["out.weight"].T + p["out.bias"])


def test_markov_is_the_window_of_one():
    model, x = made("markov-hidden"), randn(T, B, S)
    p = numbers(model)
    hidden = np.tanh(x.numpy() @ p["hidden.weight"].T + p["hidden.bias"])
    near(model(x), hidden @ p["out.weight"].T + p["out.bias"])
    assert model.window == 1


def test_a_markov_model_of_symbols_is_a_table():
    """Trained to the end, its rows are the transition frequencies."""
    symbols = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1])
    counts = np.zeros((2, 2))
    np.add.at(counts, (symbols[:-1], symbols[1:]), 1)
    model = models.MarkovModel(2).double()
    x = tg.tensor(np.eye(2)[symbols])
    optimizer = tg.optim.Adam(model.parameters(), 0.1)
    for _ in range(300):
        loss = nn.functional.cross_entropy(model(x[:-1]), tg.tensor(symbols[1:]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    table = model(tg.eye(2, dtype=tg.float64)).softmax(-1).detach().numpy()
    np.testing.assert_allclose(table, counts / counts.sum(1, keepdims=True), atol=1e-3)


def test_latent():
    model, x = made("latent"), randn(T, B, S)
    p, h = {key.rpartition("cells.0.")[2]: value for key, value in numbers(model).items()}, np.zeros((B, 4))
    for t, x_t in enumerate(x.numpy()):
        h = np.tanh(x_t @ p["weight_ih"].T + p["bias_ih"] + h @ p["weight_hh"].T + p["bias_hh"])
        near(model(x)[t], h @ p["out.weight"].T + p["out.bias"])


def test_state_space_by_steps_unrolled_and_as_a_convolution():
    """h_t = A^{t+1} h_{-1} + Σ A^{t-k} B x_k, and from h_{-1} = 0: y_t = Σ K_k x_{t-k}."""
    model, x, start = made("state-space"), randn(T, B, S), randn(B, 4)
    p, a = numbers(model), x.numpy()
    power = [np.linalg.matrix_power(p["A"], k) for k in range(T + 1)]
    h = start.numpy()
    for t in range(T):
        h = h @ p["A"].T + a[t] @ p["B"].T
        unrolled = start.numpy() @ power[t + 1].T + sum(a[k] @ (power[t - k] @ p["B"]).T for k in range(t + 1))
        np.testing.assert_allclose(h, unrolled, atol=1e-12)
        near(model.states(x, start)[t], unrolled)
        near(model(x, start)[t], unrolled @ p["C"].T)
    K = model.response(T).detach().numpy()
    near(model(x), [sum(a[t - k] @ K[k].T for k in range(t + 1)) for t in range(T)])


def test_the_state_space_is_a_linear_rnn():
    model, x = made("state-space"), randn(T, B, S)
    cell = nn.RNNCell(S, 4, bias=False, nonlinearity=lambda z: z, dtype=tg.float64)
    cell.load_state_dict({"weight_ih": model.B.detach(), "weight_hh": model.A.detach()})
    near(model.states(x), nn.Recurrent(cell)(x)[0].detach().numpy())


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.2])
def test_eigenvalues_tell_how_memory_and_gradients_fade(radius):
    model = models.LinearStateSpace(1, 5, radius=radius, dtype=tg.float64)
    np.testing.assert_allclose(abs(model.eigenvalues()), radius, rtol=1e-12)
    start = randn(1, 5, grad=True)
    last = model.states(tg.zeros(20, 1, 1, dtype=tg.float64), start)[-1]
    np.testing.assert_allclose(last.norm().item(), radius**20 * start.norm().item(), rtol=1e-10)  # A is orthogonal
    last.sum().backward()
    np.testing.assert_allclose(start.grad.norm().item(), radius**20 * np.sqrt(5), rtol=1e-10)


def test_eigenvalues_are_sorted():
    model = models.LinearStateSpace(1, 3, dtype=tg.float64)
    model.A.data = tg.diag(tg.tensor([0.1, -0.9, 0.5], dtype=tg.float64))
    np.testing.assert_allclose(model.eigenvalues(), [-0.9, 0.5, 0.1])


# --- what they have in common -----------------------------------------------------------------------


@EVERY
def test_a_single_sequence_is_a_batch_of_one(name):
    model, x = made(name), randn(T, B, S)
    assert model(x).shape == (T, B, S)
    near(model(x[:, 1]), model(x)[:, 1].detach().numpy())


@EVERY
def test_nothing_looks_ahead(name):
    model, x = made(name), randn(T, B, S, grad=True)
    model(x)[3].sum().backward()
    reached = [bool(g.any()) for g in x.grad.numpy()]
    back = {"markov": 1, "markov-hidden": 1, "autoregressive": 3, "autoregressive-hidden": 2}.get(name, 4)
    assert reached == [4 - back <= t <= 3 for t in range(T)]


@EVERY
def test_forecast_feeds_predictions_back(name):
    model, x = made(name), randn(T - 3, B, S)
    wanted = x
    for _ in range(3):
        wanted = tg.cat([wanted, model(wanted)[-1:]])
    near(model.forecast(x, 3), wanted[-3:].detach().numpy())


@EVERY
def test_derivatives(name):
    model, x = made(name), randn(T, 2, S, grad=True)
    weights = list(model.parameters())
    assert tg.autograd.gradcheck(lambda x, *_: model(x), (x, *weights), fast_mode=True)
    assert tg.autograd.gradgradcheck(lambda x, *_: model(x), (x, *weights), fast_mode=True, atol=1e-4)


def test_parameters_grow_only_for_the_naive_model():
    def count(model):
        return sum(p.numel() for p in model.parameters())

    assert [count(models.NaiveModel(1, n)) for n in (1, 2, 10)] == [2, 5, 65]  # Σ (t + 1) weights and n biases
    assert count(models.AutoregressiveModel(1, 4)) == 5
    assert count(models.MarkovModel(1)) == 2


# --- wrong calls ------------------------------------------------------------------------------------


@EVERY
def test_wrong_sequences_are_named(name):
    model = made(name)
    kind = type(model).__name__
    with pytest.raises(RuntimeError, match=rf"{kind}: expected a sequence \(T, B, 2\) or \(T, 2\), got \[6, 3, 5\]"):
        model(randn(T, B, 5))
    with pytest.raises(
        RuntimeError, match=rf"{kind}: expected sequence length to be larger than 0 \(shape \[0, 3, 2\]\)"
    ):
        model(randn(0, B, S))
    with pytest.raises(TypeError, match=kind):
        model([[1.0, 2.0]])
    with pytest.raises(ValueError, match="steps must be greater than zero, got 0"):
        model.forecast(randn(3, S), 0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: models.NaiveModel(S, 4)(randn(5, S).float()), RuntimeError, "a sequence of 5 elements, but functions for 4 only"),
        (lambda: models.NaiveModel(S, 0), ValueError, "NaiveModel: longest must be greater than zero, got 0"),
        (lambda: models.AutoregressiveModel(S, 0), ValueError, "AutoregressiveModel: window must be greater than zero, got 0"),
        (lambda: models.MarkovModel(0), ValueError, "MarkovModel: size must be greater than zero, got 0"),
        (lambda: models.LinearStateSpace(S, 3, 0), ValueError, "output_size must be greater than zero, got 0"),
        (lambda: models.LinearStateSpace(S, 3).states(tg.zeros(T, B, S), tg.zeros(B, 4)), RuntimeError, r"h of shape \[3, 3\], got \[3, 4\]"),
    ],
)  # fmt: skip
def test_wrong_options_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
