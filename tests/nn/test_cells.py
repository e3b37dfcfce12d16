"""Each cell equals its formula, written again in a few lines of NumPy, and its derivatives are right twice."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn.recurrent.cells import gru_other_update

B, I, H = 3, 4, 5


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def pre(p, x, h):
    return x @ p["weight_ih"].T + h @ p["weight_hh"].T + p.get("bias_ih", 0) + p.get("bias_hh", 0)


def rows(p, gates, k):
    """The weights of gate k alone: W_x, W_h, b_x, b_h."""
    part = slice(k * H, (k + 1) * H)
    zero = np.zeros(gates * H)
    return p["weight_ih"][part], p["weight_hh"][part], p.get("bias_ih", zero)[part], p.get("bias_hh", zero)[part]


def normed(a, weight, bias):
    return (a - a.mean(-1, keepdims=True)) / np.sqrt(a.var(-1, keepdims=True) + 1e-5) * weight + bias


# --- the formulas -----------------------------------------------------------------------------------


def rnn(p, x, h):
    return (np.tanh(pre(p, x, h)),)


def rnn_relu(p, x, h):
    return (np.maximum(pre(p, x, h), 0),)


def rnn_sigmoid(p, x, h):
    return (sigmoid(pre(p, x, h)),)


def lstm(p, x, h, c):
    i, f, g, o = np.split(pre(p, x, h), 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return (h @ p["weight_hr"].T if "weight_hr" in p else h), c


def lstm_in_rows(p, x, s, c):
    Ui, Uf, Ug, Uo = np.split(p["U"], 4, 1)
    Wi, Wf, Wg, Wo = np.split(p["W"], 4, 1)
    i, f, o = sigmoid(x @ Ui + s @ Wi), sigmoid(x @ Uf + s @ Wf), sigmoid(x @ Uo + s @ Wo)
    c = c * f + np.tanh(x @ Ug + s @ Wg) * i
    return np.tanh(c) * o, c


def peephole(p, x, h, c):
    def look(c, weight):
        return c @ weight.T if weight.ndim == 2 else c @ np.diag(weight)

    i, f, g, o = np.split(pre(p, x, h), 4, -1)
    new = sigmoid(f + look(c, p["weight_cf"])) * c + sigmoid(i + look(c, p["weight_ci"])) * np.tanh(g)
    return sigmoid(o + look(new, p["weight_co"])) * np.tanh(new), new


def coupled(p, x, h, c):
    f, g, o = np.split(pre(p, x, h), 3, -1)
    c = sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def layer_norm(p, x, h, c):
    def scale(name):
        return p[f"{name}.weight"], p.get(f"{name}.bias", 0.0)

    a = normed(x @ p["weight_ih"].T, *scale("norm_ih")) + normed(h @ p["weight_hh"].T, *scale("norm_hh"))
    i, f, g, o = np.split(a, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(normed(c, *scale("norm_c"))), c


def gru(reset, update):
    def formula(p, x, h):
        (Wr, Ur, br, cr), (Wz, Uz, bz, cz), (Wn, Un, bn, cn) = (rows(p, 3, k) for k in range(3))
        r = sigmoid(x @ Wr.T + br + h @ Ur.T + cr)
        z = sigmoid(x @ Wz.T + bz + h @ Uz.T + cz)
        n = np.tanh(x @ Wn.T + bn + (r * (h @ Un.T + cn) if reset == "after" else (r * h) @ Un.T + cn))
        return (z * h + (1 - z) * n,) if update == "keep" else ((1 - z) * h + z * n,)

    return formula


def mgu(p, x, h):
    (Wf, Uf, bf, cf), (Wn, Un, bn, cn) = (rows(p, 2, k) for k in range(2))
    f = sigmoid(x @ Wf.T + bf + h @ Uf.T + cf)
    return ((1 - f) * h + f * np.tanh(x @ Wn.T + bn + (f * h) @ Un.T + cn),)


def highway(p, x, s):
    for layer, weight in enumerate(p["weight_hh"]):
        a = s @ weight.T + (x @ p["weight_ih"].T if layer == 0 else 0)
        n, z = np.split(a + (p["bias_hh"][layer] if "bias_hh" in p else 0), 2, -1)
        s = sigmoid(z) * np.tanh(n) + (1 - sigmoid(z)) * s
    return (s,)


ROWS = {
    "rnn": (nn.RNNCell, {}, rnn),
    "rnn-relu": (nn.RNNCell, {"nonlinearity": "relu"}, rnn_relu),
    "rnn-sigmoid": (nn.RNNCell, {"nonlinearity": tg.sigmoid}, rnn_sigmoid),
    "irnn": (nn.IRNNCell, {}, rnn_relu),
    "lstm": (nn.LSTMCell, {}, lstm),
    "lstm-projected": (nn.LSTMCell, {"proj_size": 2}, lstm),
    "lstm-rows": (nn.RowVectorLSTMCell, {}, lstm_in_rows),
    "peephole-diagonal": (nn.PeepholeLSTMCell, {}, peephole),
    "peephole-dense": (nn.PeepholeLSTMCell, {"peephole": "dense"}, peephole),
    "coupled": (nn.CoupledLSTMCell, {}, coupled),
    "layer-norm": (nn.LayerNormLSTMCell, {}, layer_norm),
    "gru": (nn.GRUCell, {}, gru("after", "keep")),
    "gru-before": (nn.GRUCell, {"reset": "before"}, gru("before", "keep")),
    "gru-write": (nn.GRUCell, {"update": "write"}, gru("after", "write")),
    "gru-before-write": (nn.GRUCell, {"reset": "before", "update": "write"}, gru("before", "write")),
    "mgu": (nn.MGUCell, {}, mgu),
    "rhn-1": (nn.RHNCell, {"depth": 1}, highway),
    "rhn-3": (nn.RHNCell, {"depth": 3}, highway),
}
EVERY = pytest.mark.parametrize("name", ROWS)


def made(name, **options):
    """A cell in float64 with all parameters random, also those that start at 0 or 1."""
    tg.manual_seed(3)
    kind, own, _ = ROWS[name]
    cell = kind(I, H, **own, **options, dtype=tg.float64)
    for p in cell.parameters():
        nn.init.uniform_(p, -0.7, 0.7)
    return cell


def inputs(cell, *shape, grad=False):
    rng = np.random.default_rng(1)
    sizes = (I, *cell.state_sizes)
    return [tg.tensor(rng.normal(size=(*shape, n)), requires_grad=grad) for n in sizes]


def flat(state):
    return [part.detach().numpy() for part in (state if isinstance(state, tuple) else (state,))]


def called(cell, x, *state):
    return cell(x, state if len(cell.state_names) > 1 else state[0])


def numbers(cell):
    return {key: value.numpy() for key, value in cell.state_dict().items()}


@pytest.mark.parametrize("shape", [(B,), ()])
@pytest.mark.parametrize(
    ("name", "options"), [(n, o) for n in ROWS for o in ({}, {"bias": False}) if n != "lstm-rows" or not o]
)
def test_a_cell_is_its_formula(name, options, shape):
    cell = made(name, **options)
    arguments = inputs(cell, *shape)
    expected = ROWS[name][2](numbers(cell), *[a.numpy() for a in arguments])
    for got, wanted in zip(flat(called(cell, *arguments)), expected, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@EVERY
def test_without_a_state_it_starts_at_zero(name):
    cell = made(name)
    x, *_ = inputs(cell, B)
    zeros = [np.zeros((B, n)) for n in cell.state_sizes]
    for got, wanted in zip(flat(cell(x)), ROWS[name][2](numbers(cell), x.numpy(), *zeros), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@EVERY
def test_first_and_second_derivatives(name):
    cell = made(name)
    arguments = inputs(cell, 2, grad=True)
    parameters = list(cell.parameters())

    def run(*tensors):
        return called(cell, *tensors[: len(arguments)])

    assert tg.autograd.gradcheck(run, (*arguments, *parameters), fast_mode=True)
    assert tg.autograd.gradcheck(run, arguments)
    assert tg.autograd.gradgradcheck(run, (*arguments, *parameters), fast_mode=True, atol=1e-4)


@EVERY
def test_gates_are_given_by_name(name):
    cell = made(name)
    x, *state = inputs(cell, B)
    new, gates = cell.transition(x, tuple(state))
    for part, again in zip(new, flat(called(cell, x, *state)), strict=True):
        np.testing.assert_array_equal(part.detach().numpy(), again)
    for gate, value in gates.items():
        assert value.shape == (B, H), gate
        low = -1 if gate[0] in "gn" else 0  # candidates lie in (-1, 1), gates in (0, 1)
        assert low < value.min().item() < value.max().item() < 1, gate


@pytest.mark.parametrize("name", ["lstm", "peephole-dense", "coupled", "layer-norm"])
def test_the_state_is_made_of_the_gates(name):
    cell = made(name)
    x, h, c = inputs(cell, B)
    (_, new), gates = cell.transition(x, (h, c))
    i = gates.get("i", 1 - gates["f"])
    np.testing.assert_allclose((gates["f"] * c + i * gates["g"]).detach().numpy(), new.detach().numpy(), atol=1e-15)


@EVERY
def test_what_the_matrices_see_can_differ_from_the_state(name):
    """`seen` replaces h in the matrices; what is carried along stays: with seen = h nothing changes."""
    cell = made(name)
    x, *state = inputs(cell, B)
    usual, _ = cell.transition(x, tuple(state))
    same, _ = cell.transition(x, tuple(state), state[0])
    other, _ = cell.transition(x, tuple(state), state[0] * 0)
    np.testing.assert_array_equal(usual[0].detach().numpy(), same[0].detach().numpy())
    assert abs((usual[0] - other[0]).detach().numpy()).max() > 1e-3


def test_a_gru_carries_its_state_past_the_dropout():
    cell = nn.GRUCell(I, H, dtype=tg.float64)
    with tg.no_grad():
        cell.weight_ih.zero_(), cell.weight_hh.zero_(), cell.bias_ih.zero_(), cell.bias_hh.zero_()
        cell.bias_ih[H : 2 * H] = 50.0  # z = 1: keep all
    x, h = inputs(cell, B)
    (kept,), _ = cell.transition(x, (h,), h * 0)
    np.testing.assert_allclose(kept.detach().numpy(), h.numpy(), atol=1e-12)


# --- how the cells relate ---------------------------------------------------------------------------


def test_row_vectors_are_the_transposed_lstm():
    rows_cell, cell = made("lstm-rows"), nn.LSTMCell(I, H, bias=False, dtype=tg.float64)
    cell.load_state_dict({"weight_ih": rows_cell.U.detach().T, "weight_hh": rows_cell.W.detach().T})
    x, h, c = inputs(cell, B)
    for a, b in zip(flat(cell(x, (h, c))), flat(rows_cell(x, (h, c))), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_diagonal_peepholes_are_dense_ones_with_a_diagonal():
    diagonal, dense = made("peephole-diagonal"), made("peephole-dense")
    state = diagonal.state_dict()
    dense.load_state_dict({k: tg.diag(v) if k.startswith("weight_c") else v for k, v in state.items()})
    x, h, c = inputs(dense, B)
    for a, b in zip(flat(dense(x, (h, c))), flat(diagonal(x, (h, c))), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_the_output_gate_sees_the_new_memory():
    """Looking at the old c instead gives another h: the placement matters."""
    cell = made("peephole-diagonal")
    x, h, c = inputs(cell, B)
    p = numbers(cell)
    _, new = peephole(p, *[a.numpy() for a in (x, h, c)])
    o = np.split(pre(p, x.numpy(), h.numpy()), 4, -1)[3]
    wrong = sigmoid(o + c.numpy() * p["weight_co"]) * np.tanh(new)
    assert abs(flat(cell(x, (h, c)))[0] - wrong).max() > 1e-2


def test_coupled_gates_save_a_quarter_of_the_parameters():
    count = {kind: sum(p.numel() for p in kind(I, H).parameters()) for kind in (nn.LSTMCell, nn.CoupledLSTMCell)}
    assert 4 * count[nn.CoupledLSTMCell] == 3 * count[nn.LSTMCell]


def test_coupled_gates_are_an_lstm_with_the_input_gate_turned():
    cell, full = made("coupled"), made("lstm")
    full.load_state_dict({k: tg.cat([-v[:H], v]) for k, v in cell.state_dict().items()})  # σ(-a) = 1 - σ(a)
    x, h, c = inputs(full, B)
    for a, b in zip(flat(full(x, (h, c))), flat(cell(x, (h, c))), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-14)


def test_the_two_resets_differ_and_the_two_updates_convert():
    after, before = made("gru"), made("gru-before")
    before.load_state_dict(after.state_dict())
    x, h = inputs(after, B)
    assert abs(flat(after(x, h))[0] - flat(before(x, h))[0]).max() > 1e-2
    for reset in ("after", "before"):
        keep = nn.GRUCell(I, H, reset=reset, dtype=tg.float64)
        write = nn.GRUCell(I, H, reset=reset, update="write", dtype=tg.float64)
        write.load_state_dict(gru_other_update(keep.state_dict()))
        np.testing.assert_allclose(flat(keep(x, h))[0], flat(write(x, h))[0], rtol=1e-14, atol=1e-15)


def test_a_highway_network_of_depth_1_is_a_gru_without_reset():
    cell = made("rhn-1", bias=False)
    x, s = inputs(cell, B)
    gate = nn.GRUCell(I, H, update="write", dtype=tg.float64)  # r = 1 by a large bias
    n, z = cell.weight_ih.detach().chunk(2)
    rn, rz = cell.weight_hh.detach()[0].chunk(2)
    bias = tg.cat([tg.full((H,), 50.0, dtype=tg.float64), tg.zeros(2 * H, dtype=tg.float64)])
    gate.load_state_dict({
        "weight_ih": tg.cat([n * 0, z, n]), "weight_hh": tg.cat([rn * 0, rz, rn]), "bias_ih": bias, "bias_hh": bias * 0,
    })  # fmt: skip
    np.testing.assert_allclose(flat(cell(x, s))[0], flat(gate(x, s))[0], atol=1e-12)


def test_highway_layer():
    layer = nn.Highway(H, dtype=tg.float64)
    (x,) = (tg.tensor(np.random.default_rng(0).normal(size=(B, H)), requires_grad=True),)
    p, a = numbers(layer), x.detach().numpy()
    g = sigmoid(a @ p["gate.weight"].T + p["gate.bias"])
    wanted = g * np.tanh(a @ p["new.weight"].T + p["new.bias"]) + (1 - g) * a
    np.testing.assert_allclose(layer(x).detach().numpy(), wanted, rtol=1e-12, atol=1e-12)
    assert (p["gate.bias"] == -1).all()
    assert tg.autograd.gradcheck(layer, (x,))
    assert tg.autograd.gradgradcheck(layer, (x,))
    closed = nn.Highway(H, gate_bias=-60.0, dtype=tg.float64)
    np.testing.assert_allclose(closed(x).detach().numpy(), a, atol=1e-12)


# --- starting values --------------------------------------------------------------------------------


def test_an_irnn_starts_as_a_memory():
    cell = nn.IRNNCell(I, H)
    np.testing.assert_array_equal(cell.weight_hh.detach().numpy(), np.eye(H))
    assert not cell.bias_ih.detach().any()
    assert abs(cell.weight_ih.detach().numpy()).max() < 0.01
    h = tg.rand(B, H)
    np.testing.assert_allclose(cell(tg.zeros(B, I), h).detach().numpy(), h.numpy())


LSTMS = [
    lambda: nn.LSTMCell(I, H),
    lambda: nn.PeepholeLSTMCell(I, H),
    lambda: nn.CoupledLSTMCell(I, H),
    lambda: nn.LSTM(I, H, num_layers=2, bidirectional=True),
    lambda: nn.Recurrent(nn.LSTMCell(I, H)),
]


def biases(module):
    """b_f and, where there is one, b_i of every LSTM in the module: the sums of both biases."""
    names = [n for n, _ in module.named_parameters() if "bias_ih" in n]
    pairs = [(module.get_parameter(n), module.get_parameter(n.replace("bias_ih", "bias_hh"))) for n in names]
    sums = [(a + b).detach().numpy() for a, b in pairs]
    return [(s[:H], None) if len(s) == 3 * H else (s[H : 2 * H], s[:H]) for s in sums]


@pytest.mark.parametrize("make", LSTMS)
def test_forget_bias(make):
    lstm, before = make(), None
    before = biases(lstm)
    assert nn.init.forget_bias_(lstm, 1.5) is lstm
    for (f, i), (_, old) in zip(biases(lstm), before, strict=True):
        np.testing.assert_array_equal(f, 1.5)
        if i is not None:
            np.testing.assert_array_equal(i, old)


@pytest.mark.parametrize("make", LSTMS)
def test_chrono(make):
    lstm = nn.init.chrono_(make(), 100, tg.Generator().manual_seed(0))
    for f, i in biases(lstm):
        assert 0 <= f.min() < f.max() <= np.log(99)
        assert len(set(f.tolist())) == H
        if i is not None:
            np.testing.assert_array_equal(i, -f)


def test_starting_values_need_an_lstm():
    for module in (nn.GRUCell(I, H), nn.LSTMCell(I, H, bias=False)):
        with pytest.raises(ValueError, match=f"no LSTM with biases in {type(module).__name__}"):
            nn.init.forget_bias_(module)
    with pytest.raises(ValueError, match="greater than 2 steps, got 2"):
        nn.init.chrono_(nn.LSTMCell(I, H), 2)


# --- wrong calls ------------------------------------------------------------------------------------


@EVERY
def test_wrong_inputs_are_named(name):
    cell = made(name)
    x, *state = inputs(cell, B)
    kind, wrong = type(cell).__name__, tg.zeros(B, I + 2, dtype=tg.float64)
    with pytest.raises(RuntimeError, match=rf"{kind}: input has 6 features, expected input_size=4 \(shape \[3, 6\]\)"):
        cell(wrong)
    with pytest.raises(ValueError, match=rf"{kind}: expected input to be 1D or 2D, got 3D"):
        cell(x.unsqueeze(0))
    with pytest.raises(TypeError, match=kind):
        cell([1.0])
    size = cell.state_sizes[-1]
    bad = tg.zeros(B, size + 1, dtype=tg.float64)
    part = cell.state_names[-1]
    with pytest.raises(
        RuntimeError, match=rf"{kind}: expected {part} state of shape \[3, {size}\], got \[3, {size + 1}\]"
    ):
        called(cell, x, *state[:-1], bad)
    if len(state) > 1:
        with pytest.raises(RuntimeError, match=r"expected 2 states \('hidden', 'cell'\), got 1"):
            cell(x, (state[0],))
    else:
        with pytest.raises(TypeError, match="hidden state"):
            cell(x, (state[0],))


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.LSTMCell(0, 3), ValueError, "LSTMCell: input_size must be greater than zero, got 0"),
        (lambda: nn.LSTMCell(2, 3.0), TypeError, "LSTMCell: hidden_size should be of type int, got float"),
        (
            lambda: nn.LSTMCell(2, 3, proj_size=3),
            ValueError,
            r"proj_size must be smaller than hidden_size \(3\), got 3",
        ),
        (lambda: nn.LSTMCell(2, 3, proj_size=-1), ValueError, "got -1"),
        (lambda: nn.RNNCell(2, 3, nonlinearity="sin"), ValueError, "must be one of 'tanh', 'relu', got 'sin'"),
        (lambda: nn.PeepholeLSTMCell(2, 3, peephole="full"), ValueError, "one of 'diagonal', 'dense', got 'full'"),
        (lambda: nn.GRUCell(2, 3, reset="never"), ValueError, "one of 'after', 'before', got 'never'"),
        (lambda: nn.RHNCell(2, 3, depth=0), ValueError, "RHNCell: depth must be greater than zero, got 0"),
        (lambda: nn.Highway(0), ValueError, "Highway: size must be greater than zero, got 0"),
    ],
)
def test_wrong_options_are_named(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_printing():
    assert repr(nn.PeepholeLSTMCell(2, 3, bias=False)) == "PeepholeLSTMCell(2, 3, bias=False, peephole='diagonal')"
    assert repr(nn.LSTMCell(2, 3, proj_size=2)) == "LSTMCell(2, 3, proj_size=2)"
    assert repr(nn.RHNCell(2, 3)) == "RHNCell(2, 3, depth=2)"
