"""Recurrent runs any cell as RNN, LSTM and GRU run theirs, and drops, notes and learns what it is told to."""

import itertools

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.graph import ancestors
from tinygrad_rnn.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, B, I, H = 5, 3, 4, 6
KINDS = {"RNN": nn.RNNCell, "LSTM": nn.LSTMCell, "GRU": nn.GRUCell}


def randn(*shape, grad=False):
    numbers = np.random.default_rng(sum(shape)).normal(size=shape)
    return tg.tensor(numbers, requires_grad=grad)


def twins(kind, layers=1, both=False, batch_first=False, **options):
    """nn.RNN, LSTM or GRU, and Recurrent over its cell with the same weights."""
    directions = 2 if both else 1
    layer = getattr(nn, kind)(
        I, H, layers, batch_first=batch_first, bidirectional=both, **options, dtype=tg.float64
    )  # fmt: skip
    ours = nn.Recurrent(
        lambda k: KINDS[kind](I if k == 0 else H * directions, H, **options, dtype=tg.float64),
        num_layers=layers,
        bidirectional=both,
        batch_first=batch_first,
    )
    for k, cell in enumerate(ours.cells):
        names = [
            name for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if name in dict(cell.named_parameters())
        ]
        suffix = f"_l{k // directions}" + ("_reverse" if k % directions else "")
        cell.load_state_dict({name: layer.get_parameter(name + suffix).detach() for name in names})
    return layer, ours


def flat(result):
    output, state = result[:2]
    if isinstance(output, tuple):  # packed
        output = output.data
    return [output, *(state if isinstance(state, tuple) else (state,))]


def assert_same(layer, ours, *arguments, x):
    """The same outputs, states, and gradients of the input and all weights."""
    found = []
    for model in (layer, ours):
        parts = flat(model(*arguments))
        x.grad = None
        model.zero_grad()
        sum((part * (k + 1)).sin().sum() for k, part in enumerate(parts)).backward()
        gradients = sorted((p.grad.numpy() for p in model.parameters()), key=lambda g: (g.shape, float(g.sum())))
        found.append([*(part.detach().numpy() for part in parts), x.grad.numpy(), *gradients])
    for a, b in zip(*found, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


GRID = list(itertools.product(KINDS, [1, 2, 3], [False, True]))


@pytest.mark.parametrize(("kind", "layers", "both"), GRID)
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bias", [False, True])
def test_equals_the_layer_of_that_cell(kind, layers, both, batch_first, bias):
    pair = twins(kind, layers, both, batch_first, bias=bias)
    x = randn(*((B, T, I) if batch_first else (T, B, I)), grad=True)
    assert_same(*pair, x, x=x)


def start(kind, *shape):
    parts = tuple(randn(*shape) * (k + 1) for k in range(2 if kind == "LSTM" else 1))
    return parts if kind == "LSTM" else parts[0]


@pytest.mark.parametrize(("kind", "layers", "both"), GRID)
def test_given_states(kind, layers, both):
    x, hx = randn(T, B, I, grad=True), start(kind, layers * (2 if both else 1), B, H)
    assert_same(*twins(kind, layers, both), x, hx, x=x)


@pytest.mark.parametrize(("kind", "layers", "both"), GRID)
@pytest.mark.parametrize("given", [False, True])
def test_a_single_sequence(kind, layers, both, given):
    x = randn(T, I, grad=True)
    hx = (start(kind, layers * (2 if both else 1), H),) if given else ()
    assert_same(*twins(kind, layers, both, batch_first=True), x, *hx, x=x)


@pytest.mark.parametrize(("kind", "layers", "both"), GRID)
@pytest.mark.parametrize("lengths", [[5, 3, 1], [2, 5, 2], [4, 4, 4]])
@pytest.mark.parametrize("given", [False, True])
def test_packed_sequences(kind, layers, both, lengths, given):
    x = randn(T, B, I, grad=True)
    hx = (start(kind, layers * (2 if both else 1), B, H),) if given else ()
    layer, ours = twins(kind, layers, both)

    def packed(model):
        def run(x):
            return model(pack_padded_sequence(x, lengths, enforce_sorted=False), *hx)

        run.zero_grad, run.parameters = model.zero_grad, model.parameters
        return run

    assert_same(packed(layer), packed(ours), x, x=x)


# --- cells of one's own -----------------------------------------------------------------------------


class Plain(nn.Module):
    """A cell as PyTorch's users write them: called with (x, h), returns h."""

    def __init__(self, features=I):
        super().__init__()
        self.hidden_size = H
        self.linear = nn.Linear(features + H, H, dtype=tg.float64)

    def forward(self, x, h):
        return self.linear(tg.cat([x, h], -1)).tanh()


class TwoParts(nn.Module):
    """A running mean beside the output: a state of two parts of different size."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(I, H, dtype=tg.float64)

    def start(self, x):
        return x.new_zeros(len(x), H), x.new_zeros(len(x), I)

    def forward(self, x, state):
        _, mean = state
        mean = 0.9 * mean + 0.1 * x
        return self.linear(mean).tanh(), mean


class Stepped(nn.RNNCellBase):
    """A cell in the library's own protocol."""

    gates = 2

    def transition(self, x, state, masked_h=None):
        (h,) = state
        k, n = (x @ self.weight_ih.T + (h if masked_h is None else masked_h) @ self.weight_hh.T).chunk(2, -1)
        k, n = k.sigmoid(), n.tanh()
        return (k * h + (1 - k) * n,), {"k": k, "n": n}


def test_a_plain_cell():
    cell, x = Plain(), randn(T, B, I)
    output, h_n = nn.Recurrent(cell)(x)
    h, wanted = tg.zeros(B, H, dtype=tg.float64), []
    for x_t in x:
        h = cell(x_t, h)
        wanted.append(h.detach().numpy())
    np.testing.assert_array_equal(output.detach().numpy(), wanted)
    np.testing.assert_array_equal(h_n.detach().numpy(), wanted[-1][None])


def test_a_cell_with_parts_of_different_size():
    x = randn(T, B, I)
    output, (h, mean), (states,) = nn.Recurrent(TwoParts())(x, return_states=True)
    weights = 0.1 * 0.9 ** np.arange(T - 1, -1, -1)
    np.testing.assert_allclose(mean[0].detach().numpy(), np.einsum("t,tbi->bi", weights, x.numpy()), atol=1e-14)
    assert states["hidden"].shape == (T, B, H)
    assert states["cell"].shape == (T, B, I)


def test_both_kinds_of_own_cells_in_a_stack_with_ours():
    layer = nn.Recurrent([nn.LSTMCell(I, I, dtype=tg.float64), Plain(), Stepped(H, 2, dtype=tg.float64)])
    x = randn(T, B, I)
    output, states = layer(x)
    assert output.shape == (T, B, 2)
    assert [s[0].shape if isinstance(s, tuple) else s.shape for s in states] == [(B, I), (B, H), (B, 2)]
    first, state = layer(x[:2])
    second, _ = layer(x[2:], state)  # a list of states goes in as it came out
    np.testing.assert_allclose(tg.cat([first, second]).detach().numpy(), output.detach().numpy(), atol=1e-15)


def test_gates_of_an_own_cell():
    *_, (gates,) = nn.Recurrent(Stepped(I, H, dtype=tg.float64))(randn(T, B, I), return_gates=True)
    assert list(gates) == ["k", "n"]
    assert gates["k"].shape == (T, B, H)


def test_a_shared_cell_has_its_parameters_once():
    cell = nn.GRUCell(H, H)
    layer = nn.Recurrent([cell, cell])
    assert len(list(layer.parameters())) == 4
    assert layer(tg.randn(T, B, H))[0].shape == (T, B, H)


@pytest.mark.parametrize("make", [Plain, TwoParts, lambda: Stepped(I, H, dtype=tg.float64)])
@pytest.mark.parametrize("both", [False, True])
def test_packed_own_cells_equal_one_sequence_at_a_time(make, both):
    layer = nn.Recurrent([(make(), make())] if both else make(), bidirectional=both)
    x, lengths = randn(T, B, I), [2, 5, 3]
    output, end = layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
    padded, _ = pad_packed_sequence(output)
    for b, n in enumerate(lengths):
        alone, alone_end = layer(x[:n, b])
        np.testing.assert_allclose(padded[:n, b].detach().numpy(), alone.detach().numpy(), atol=1e-14)
        for part, wanted in zip(flat((None, end))[1:], flat((None, alone_end))[1:], strict=True):
            np.testing.assert_allclose(part[:, b].detach().numpy(), wanted.detach().numpy(), atol=1e-14)


def test_derivatives_through_time():
    layer = nn.Recurrent([nn.PeepholeLSTMCell(I, 3, dtype=tg.float64), nn.MGUCell(3, 2, dtype=tg.float64)])
    x = randn(3, 2, I, grad=True)
    weights = list(layer.parameters())
    assert tg.autograd.gradcheck(lambda x, *_: layer(x)[0], (x, *weights), fast_mode=True)
    assert tg.autograd.gradgradcheck(lambda x, *_: layer(x)[0], (x, *weights), fast_mode=True, atol=1e-4)


# --- what happened at each step ---------------------------------------------------------------------


def test_states_and_gates_of_every_step():
    _, layer = twins("LSTM", 2, True, batch_first=True)
    x = randn(B, T, I)
    output, (h_n, c_n), states, gates = layer(x, return_states=True, return_gates=True)
    assert len(states) == len(gates) == 4
    assert list(states[0]) == ["hidden", "cell"]
    assert list(gates[0]) == ["i", "f", "g", "o"]
    top = tg.cat([states[2]["hidden"], states[3]["hidden"]], -1)
    np.testing.assert_array_equal(top.detach().numpy(), output.detach().numpy())
    for k, last in enumerate([-1, 0, -1, 0]):  # the second direction ends at the first step
        np.testing.assert_array_equal(states[k]["cell"][:, last].detach().numpy(), c_n[k].detach().numpy())
        c, (i, f, g, o) = states[k]["cell"], gates[k].values()
        new, old = (c[:, 1:], c[:, :-1]) if last else (c[:, :-1], c[:, 1:])
        part = slice(1, None) if last else slice(None, -1)
        np.testing.assert_allclose(
            (f[:, part] * old + (i * g)[:, part]).detach().numpy(), new.detach().numpy(), atol=1e-14
        )
        np.testing.assert_allclose((o * c.tanh()).detach().numpy(), states[k]["hidden"].detach().numpy(), atol=1e-14)


def test_gates_of_packed_and_single_sequences():
    _, layer = twins("GRU")
    x = randn(T, B, I)
    packed = pack_padded_sequence(x, [5, 2, 2])
    output, _, states, gates = layer(packed, return_states=True, return_gates=True)
    np.testing.assert_array_equal(states[0]["hidden"].data.detach().numpy(), output.data.detach().numpy())
    z, _ = pad_packed_sequence(gates[0]["z"])
    *_, alone = layer(x[:2, 1], return_gates=True)
    np.testing.assert_allclose(z[:2, 1].detach().numpy(), alone[0]["z"].detach().numpy(), atol=1e-15)


def test_gradients_reach_through_the_returned_gates():
    _, layer = twins("LSTM")
    x = randn(T, B, I, grad=True)
    *_, (gates,) = layer(x, return_gates=True)
    gates["f"][3].sum().backward()
    assert [bool(g.any()) for g in x.grad.numpy()] == [True, True, True, True, False]


@pytest.mark.parametrize("make", [lambda: Stepped(I, H, dtype=tg.float64), Plain])
def test_nodes_know_layer_direction_and_step(make):
    layer = nn.Recurrent([(make(), make())], bidirectional=True)
    output, _ = layer(randn(T, B, I, grad=True))
    scopes = [n.scope for n in ancestors([output.grad_fn]) if n.scope.step is not None]
    assert {s.path.split(".")[0] for s in scopes} == {"Recurrent"}
    assert {(s.layer, s.direction, s.step) for s in scopes} == set(
        itertools.product([0], ["forward", "reverse"], range(T))
    )


# --- dropout ----------------------------------------------------------------------------------------


class Show(nn.Module):
    """A cell whose output is its input, and that remembers what it was given as h."""

    def __init__(self):
        super().__init__()
        self.hidden_size, self.saw = 50, []

    def forward(self, x, h):
        self.saw.append(h.numpy().copy())
        return x


def zero(a):
    return np.asarray(a) == 0


@pytest.mark.parametrize("variational", [False, True])
def test_dropout_between_layers(variational):
    tg.manual_seed(0)
    layer = nn.Recurrent([Show(), Show()], dropout=0.4, variational=variational)
    y = layer(tg.ones(T, B, 50))[0].numpy()
    assert set(np.unique(y.round(5))) == {0.0, np.float32(1 / 0.6).round(5)}
    assert 0.2 < zero(y).mean() < 0.6
    assert all((zero(y[t]) == zero(y[0])).all() for t in range(T)) == variational
    assert not (zero(y[0, 0]) == zero(y[0, 1])).all()  # each sequence has a mask of its own
    assert (layer(tg.ones(T, B, 50))[0].numpy() != y).any()  # and each call
    np.testing.assert_array_equal(layer.eval()(tg.ones(T, B, 50))[0].numpy(), 1)


@pytest.mark.parametrize("variational", [False, True])
@pytest.mark.parametrize("site", ["input_dropout", "recurrent_dropout"])
def test_dropout_of_inputs_and_states(site, variational):
    tg.manual_seed(0)
    cell = Show()
    layer = nn.Recurrent(cell, **{site: 0.5}, variational=variational)
    seen = layer(tg.ones(T, B, 50))[0].numpy() if site == "input_dropout" else cell.saw
    if site == "recurrent_dropout":
        layer(tg.ones(T, B, 50), tg.ones(1, B, 50))
        seen = cell.saw
    assert 0.3 < zero(seen[1]).mean() < 0.7
    assert all((zero(s) == zero(seen[1])).all() for s in seen[1:]) == variational
    cell.saw.clear()
    np.testing.assert_array_equal(layer.eval()(tg.ones(T, B, 50))[0].numpy(), 1)
    assert not zero(cell.saw[1:]).any()


@pytest.mark.parametrize("both", [False, True])
def test_one_mask_also_for_packed_sequences(both):
    tg.manual_seed(0)
    layer = nn.Recurrent(
        [(Show(), Show()) if both else Show()], bidirectional=both, input_dropout=0.5, variational=True
    )  # fmt: skip
    output, _ = layer(pack_padded_sequence(tg.ones(T, B, 50), [5, 3, 1]))
    y, lengths = pad_packed_sequence(output)
    for b, n in enumerate([5, 3, 1]):
        assert all((zero(y[t, b].numpy()) == zero(y[0, b].numpy())).all() for t in range(n))
        assert zero(y[0, b].numpy()).any()


@pytest.mark.parametrize("both", [False, True])
def test_recurrent_dropout_on_packed_sequences_in_both_directions(both):
    cells = [(nn.GRUCell(I, H), nn.GRUCell(I, H)) if both else nn.GRUCell(I, H)]
    layer = nn.Recurrent(cells, bidirectional=both, recurrent_dropout=0.5, variational=True)
    output, _ = layer(pack_padded_sequence(tg.randn(T, B, I), [5, 3, 1]))
    assert np.isfinite(output.data.detach().numpy()).all()


def test_dropout_of_everything_leaves_only_the_input():
    """With h hidden from the matrices, an Elman cell has no memory: h_t depends on x_t alone."""
    layer = nn.Recurrent(nn.RNNCell(I, H, dtype=tg.float64), recurrent_dropout=1.0)
    x = randn(T, B, I, grad=True)
    layer(x)[0][-1].sum().backward()
    assert not x.grad.numpy()[:-1].any()
    assert x.grad.numpy()[-1].all()


def test_variational_dropout_has_the_right_gradient():
    layer = nn.Recurrent(
        [nn.LSTMCell(I, H, dtype=tg.float64), nn.GRUCell(H, H, dtype=tg.float64)],
        dropout=0.3, input_dropout=0.3, recurrent_dropout=0.3, variational=True,
    )  # fmt: skip

    def run(x):
        tg.manual_seed(5)
        return layer(x)[0]

    assert tg.autograd.gradcheck(run, randn(3, 2, I, grad=True))


# --- learned start ----------------------------------------------------------------------------------


def test_a_learned_start():
    layer = nn.Recurrent(
        lambda k: nn.LSTMCell(I if k == 0 else 2 * H, H, dtype=tg.float64), 2, bidirectional=True, learn_start=True
    )
    names = [n for n, _ in layer.named_parameters() if n.startswith("start_")]
    assert names == [f"start_{part}_l{k}{r}" for k in (0, 1) for r in ("", "_reverse") for part in ("hidden", "cell")]
    x = randn(T, B, I)
    fixed = nn.Recurrent([tuple(layer.cells[:2]), tuple(layer.cells[2:])], bidirectional=True)
    np.testing.assert_array_equal(layer(x)[0].detach().numpy(), fixed(x)[0].detach().numpy())  # zeros at first
    for name in names:
        nn.init.normal_(layer.get_parameter(name))
    given = tuple(
        tg.stack([layer.get_parameter(n).detach().expand(B, H) for n in names if part in n])
        for part in ("hidden", "cell")
    )
    output = layer(x)[0]
    np.testing.assert_allclose(output.detach().numpy(), fixed(x, given)[0].detach().numpy(), atol=1e-15)
    output.sum().backward()
    assert all(layer.get_parameter(n).grad.numpy().any() for n in names)


def test_the_learned_start_of_an_own_cell():
    layer = nn.Recurrent(TwoParts(), learn_start=True)
    assert [tuple(p.shape) for n, p in layer.named_parameters() if n.startswith("start_")] == [(H,), (I,)]
    assert layer(randn(T, I))[0].shape == (T, H)


# --- wrong calls ------------------------------------------------------------------------------------


def lstm(**options):
    return nn.Recurrent(nn.LSTMCell(I, H, dtype=tg.float64), **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: lstm()(randn(T, B, I + 1)), RuntimeError, r"LSTMCell: input has 5 features, expected input_size=4 \(shape"),
        (lambda: lstm()(randn(0, B, I)), RuntimeError, r"sequence length to be larger than 0 \(input shape \[0, 3, 4\]\)"),
        (lambda: lstm(batch_first=True)(randn(B, 0, I)), RuntimeError, r"larger than 0 \(input shape \[3, 0, 4\]\)"),
        (lambda: lstm()(randn(I)), ValueError, "expected input to be 2D or 3D, got 1D"),
        (lambda: lstm()([1.0]), TypeError, "Recurrent"),
        (lambda: lstm()(randn(T, B, I), randn(1, B, H)), RuntimeError, "expected 2 states .*, got 1"),
        (lambda: lstm()(randn(T, B, I), start("LSTM", 2, B, H)), RuntimeError, r"\(1, batch, size\), .* got \(2, 3, 6\)"),
        (lambda: lstm()(randn(T, B, I), start("LSTM", 1, B + 1, H)), RuntimeError, r"\(3, 6\), got \(4, 6\)"),
        (lambda: lstm()(randn(T, B, I), start("LSTM", 1, B, H - 1)), RuntimeError, r"hidden state of cell 0 .* \(3, 6\), got \(3, 5\)"),
        (lambda: lstm()(randn(T, I), start("LSTM", 1, B, H)), RuntimeError, r"\(1, size\), .* got \(1, 3, 6\)"),
        (lambda: lstm()(randn(T, B, I), [randn(B, H)] * 2), RuntimeError, "a list of 1 states, one for each cell, got 2"),
        (lambda: pack_padded_sequence(randn(T, B, I), [5, 3]), RuntimeError, "3 entries, one per sequence, got 2"),
        (lambda: nn.Recurrent(nn.GRUCell(I, H), num_layers=2), ValueError, "num_layers=2, but there are cells for 1"),
        (lambda: nn.Recurrent(nn.GRUCell(I, H), bidirectional=True), TypeError, r"pair of cells .* layer 0, got \(GRUCell\)"),
        (lambda: nn.Recurrent([(nn.GRUCell(I, H),) * 2]), TypeError, r"one cell for layer 0, got \(GRUCell, GRUCell\)"),
        (lambda: nn.Recurrent([nn.GRUCell(I, H)] * 2), ValueError, "layer 1 expects input_size=4, but layer 0 gives 6"),
        (lambda: nn.Recurrent([]), TypeError, "expected a cell, a list of cells or a function"),
        (lambda: nn.Recurrent(lambda k: None), TypeError, r"one cell for layer 0, got \(NoneType\)"),
        (lambda: nn.Recurrent(nn.GRUCell(I, H), num_layers=0), ValueError, "num_layers must be greater than zero, got 0"),
        (lambda: nn.Recurrent(nn.GRUCell(I, H), recurrent_dropout=1.5), ValueError, "between 0 and 1, but got 1.5"),
        (lambda: nn.Recurrent(nn.GRUCell(I, H), input_dropout=float("nan")), ValueError, "but got nan"),
        (lambda: nn.Recurrent(nn.GRUCell(I, H), zoneout=0.1), TypeError, "zoneout"),
        (lambda: nn.Recurrent(nn.Linear(I, H))(randn(T, B, I)), TypeError, r"Linear has neither start\(x\) nor hidden_size"),
    ],
)  # fmt: skip
def test_wrong_calls_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_cell_that_returns_something_else():
    class Wrong(Plain):
        def forward(self, x, h):
            return h, h

    class Worse(Plain):
        def forward(self, x, h):
            return None

    with pytest.raises(
        TypeError, match=r"Wrong was given a state of 1 tensors and should return as many, got \['Tensor', "
    ):
        nn.Recurrent(Wrong())(randn(T, B, I))
    with pytest.raises(TypeError, match=r"Worse .* got NoneType"):
        nn.Recurrent(Worse())(randn(T, B, I))


def test_dropout_without_a_second_layer_warns():
    with pytest.warns(UserWarning, match=r"dropout=0.5 acts between layers"):
        nn.Recurrent(nn.GRUCell(I, H), dropout=0.5)


def test_printing():
    assert repr(lstm(batch_first=True)).startswith("Recurrent(\n  batch_first=True\n  (cells): ModuleList(")
