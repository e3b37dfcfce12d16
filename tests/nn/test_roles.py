"""Things that look alike and are not: gates, states, masks and options, each at its own place, by numbers.

What PyTorch has too is in programs.py; here are the roles of this library's own layers, and what training does.
"""

from __future__ import annotations

import contextlib
import itertools
from typing import Any

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn
from tinygrad_rnn.models import beam_search, truncated_bptt
from tinygrad_rnn.nn.recurrent.cells import gru_transition, lstm_transition
from tinygrad_rnn.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from ..reference.stored import filled, leaf, wave
from .test_cells import ROWS, H, I, called, flat, inputs, made, numbers, pre, sigmoid

B, T = 3, 4


def close(found: Any, expected: Any, tolerance: float = 1e-12) -> None:
    found = found.detach().numpy() if isinstance(found, tg.Tensor) else found
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# --- gates ------------------------------------------------------------------------------------------------

ORDER = {
    "rnn": "",
    "lstm": "ifgo",
    "coupled": "fgo",
    "gru": "rzn",
    "gru-before": "rzn",
    "gru-write": "rzn",
    "mgu": "fn",
}


@pytest.mark.parametrize("name", [name for name, order in ORDER.items() if order])
def test_each_gate_has_its_name_and_its_rows(name):
    """Gate k reads rows k of the weights: all others at 0, it is the only one that differs from its middle."""
    for k, gate in enumerate(ORDER[name]):
        cell = made(name)
        rows = slice(k * H, (k + 1) * H)
        with tg.no_grad():
            for p in cell.parameters():
                kept = p[rows].clone()
                p.zero_()
                p[rows] = kept
        x, *state = inputs(cell, B)
        _, gates = cell.transition(x, tuple(state))
        assert list(gates) == list(ORDER[name])
        rest = {key for key, value in gates.items() if not ((value == 0.5) | (value == 0.0)).all().item()}
        assert rest == {gate}


def test_gates_are_the_numbers_of_the_formula():
    cell = made("lstm")
    x, h, c = inputs(cell, B)
    _, gates = cell.transition(x, (h, c))
    i, f, g, o = np.split(pre(numbers(cell), x.numpy(), h.numpy()), 4, -1)
    for name, expected in {"i": sigmoid(i), "f": sigmoid(f), "g": np.tanh(g), "o": sigmoid(o)}.items():
        close(gates[name], expected)


@pytest.mark.parametrize("both", [False, True])
def test_recurrent_returns_the_gates_of_each_layer_and_direction_by_step(both):
    tg.manual_seed(1)
    layer = nn.Recurrent(
        lambda k: nn.LSTMCell(I if k == 0 else (2 if both else 1) * H, H, dtype=tg.float64), 2, bidirectional=both
    )
    x = tg.tensor(wave(T, B, I))
    _, _, states, gates = layer(x, return_states=True, return_gates=True)
    below = x
    for k in range(2):
        outputs = []
        for direction in range(2 if both else 1):
            n = k * (2 if both else 1) + direction
            state = (tg.zeros(B, H, dtype=tg.float64),) * 2
            for t in reversed(range(T)) if direction else range(T):
                state, at_t = layer.cells[n].transition(below[t], state)
                for name in "ifgo":
                    close(gates[n][name][t], at_t[name].detach().numpy())
                close(states[n]["hidden"][t], state[0].detach().numpy())
                close(states[n]["cell"][t], state[1].detach().numpy())
            outputs.append(states[n]["hidden"])
        below = tg.cat(outputs, -1)


# --- what the matrices see, and what is carried on -----------------------------------------------------------


@pytest.mark.parametrize(("reset", "update"), [*itertools.product(["after", "before"], ["keep", "write"])])
def test_a_gru_whose_matrices_see_another_state(reset, update):
    """Recurrent dropout: gates and candidate see `seen`, also through the reset gate; what is carried on is h."""
    cell = nn.GRUCell(I, H, dtype=tg.float64, reset=reset, update=update)
    x, h, seen = (tg.tensor(wave(B, n, k=k)) for k, n in enumerate((I, H, H)))
    (found,), gates = gru_transition(x, (h,), cell.weights, reset, update, seen)
    w_x, w_h, b_x, b_h = (w.detach().numpy() for w in cell.weights)
    xr, xz, xn = np.split(x.numpy() @ w_x.T + b_x, 3, -1)
    s = seen.numpy()
    hr, hz, hn = np.split(s @ w_h.T + b_h, 3, -1)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = np.tanh(xn + (r * hn if reset == "after" else (r * s) @ w_h[2 * H :].T + b_h[2 * H :]))
    new = z * h.numpy() + (1 - z) * n if update == "keep" else (1 - z) * h.numpy() + z * n
    for got, expected in zip((found, *(gates[k] for k in "rzn")), (new, r, z, n), strict=True):
        close(got, expected)


@pytest.mark.parametrize("name", [name for name in ROWS if name not in ("lstm-projected",)])
def test_every_cell_carries_on_its_own_state_and_shows_the_matrices_another(name):
    """With `seen` the matrices read it, and it alone: the same as a state h = seen where h is read by matrices only."""
    cell = made(name)
    x, *state = inputs(cell, B)
    seen = tg.tensor(wave(B, H, k=4))
    (h, *_), gates = cell.transition(x, tuple(state), seen)
    _, as_state = cell.transition(x, (seen, *state[1:]))
    for gate in [g for g in gates if not (name.startswith("rhn") and g[-1] != "1")]:
        close(gates[gate], as_state[gate].detach().numpy())
    if name.startswith(("gru", "mgu", "rhn")):  # these add a part of the old state itself
        assert abs((h - cell.transition(x, (seen,))[0][0]).detach().numpy()).max() > 1e-3


def test_recurrent_dropout_masks_what_the_matrices_see(monkeypatch):
    """reset="before" and dropout: r multiplies the masked state; z keeps the whole one."""
    tg.manual_seed(2)
    cell = nn.GRUCell(I, H, dtype=tg.float64, reset="before")
    layer = nn.Recurrent(cell, recurrent_dropout=0.5, variational=True)
    seen = []
    transition = cell.transition
    monkeypatch.setattr(
        cell, "transition", lambda x, state, drop: (seen.append((state[0], drop)), transition(x, state, drop))[1]
    )
    x = tg.tensor(wave(T, B, I))
    output, _ = layer(x, tg.tensor(wave(1, B, H)))
    mask = seen[0][1] / seen[0][0]
    assert sorted(set(mask.numpy().round(9).ravel().tolist())) == [0.0, 2.0]
    h = tg.tensor(wave(B, H))
    for t in range(T):
        close(seen[t][0], h.detach().numpy())
        close(seen[t][1], (h * mask).detach().numpy())
        (h,), _ = gru_transition(x[t], (h,), cell.weights, "before", "keep", h * mask)
        close(output[t], h.detach().numpy())


def test_an_lstm_step_takes_h_from_seen_and_c_from_the_state():
    weights = nn.LSTMCell(I, H, dtype=tg.float64).weights
    x, h, c, seen = (tg.tensor(wave(B, n, k=k)) for k, n in enumerate((I, H, H, H)))
    for got, expected in zip(
        lstm_transition(x, (h, c), weights, seen)[0], lstm_transition(x, (seen, c), weights)[0], strict=True
    ):
        close(got, expected.detach().numpy())


# --- dropout while training ------------------------------------------------------------------------------------


@pytest.mark.parametrize("unrolled", [False, True])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_dropout_of_layers_acts_between_them_and_nowhere_else(kind, both, unrolled):
    """With dropout=1 the second layer reads zeros, while the first one and the output are whole."""
    layer = filled(tg, getattr(nn, kind)(I, H, 2, dropout=1.0, bidirectional=both))
    x, directions = leaf(tg, T, B, I), 2 if both else 1
    with tg.unrolled() if unrolled else contextlib.nullcontext():
        output, end = layer(x)
        one = getattr(nn, kind)(I, H, bidirectional=both, dtype=tg.float64)
        two = getattr(nn, kind)(directions * H, H, bidirectional=both, dtype=tg.float64)
        state = layer.state_dict()
        one.load_state_dict({name: p for name, p in state.items() if "_l0" in name})
        two.load_state_dict({name.replace("_l1", "_l0"): p for name, p in state.items() if "_l1" in name})
        _, first = one(x)
        expected, second = two(tg.zeros(T, B, directions * H, dtype=tg.float64))
    close(output, expected.detach().numpy())
    ends, firsts, seconds = (s if isinstance(s, tuple) else (s,) for s in (end, first, second))
    for whole, a, b in zip(ends, firsts, seconds, strict=True):
        close(whole, np.concatenate([a.detach().numpy(), b.detach().numpy()]))


@pytest.mark.parametrize("p", [0.25, 0.8])
def test_what_dropout_leaves_is_divided_by_what_is_left(p):
    tg.manual_seed(0)
    x = tg.tensor(wave(40, 30))
    for module, axes in ((nn.Dropout(p), ()), (nn.Dropout1d(p), (-1,)), (nn.Dropout2d(p), (-2, -1))):
        given = x.reshape(40, 30, *[1] * max(0, len(axes))).expand(40, 30, *[4] * len(axes)).contiguous()
        y = module(given).numpy()
        kept = y != 0
        close(y[kept], given.numpy()[kept] / (1 - p), 1e-6)
        assert abs(kept.mean() - (1 - p)) < 0.05
        if axes:
            assert (kept.all(axes) | (~kept).all(axes)).all()
        module.eval()
        close(module(given), given.numpy())


def test_attention_drops_weights_and_divides_the_rest():
    tg.manual_seed(0)
    module = filled(tg, nn.MultiheadAttention(4, 2, dropout=0.5))
    x = tg.tensor(wave(9, 3, 4))
    y, weights = module(x, x, x, average_attn_weights=False)
    _, whole = module.eval()(x, x, x, average_attn_weights=False)
    kept = weights.detach().numpy() != 0
    close(weights.detach().numpy()[kept], 2 * whole.detach().numpy()[kept])
    assert 0.4 < kept.mean() < 0.6
    values = (x @ module.in_proj_weight[8:].T + module.in_proj_bias[8:]).reshape(9, 3, 2, 2).permute(1, 2, 0, 3)
    mixed = (weights @ values).permute(2, 0, 1, 3).reshape(9, 3, 4)
    close(y, module.out_proj(mixed).detach().numpy())  # the weights shown are those that were used


@pytest.mark.parametrize("first", [False, True])
def test_transformer_layers_drop_each_block_before_it_is_added(first):
    """With dropout=1 every block adds nothing."""
    x, memory = tg.tensor(wave(T, B, 4)), tg.tensor(wave(T, B, 4, k=2))
    encoder = filled(tg, nn.TransformerEncoderLayer(4, 2, 8, dropout=1.0, norm_first=first))
    decoder = filled(tg, nn.TransformerDecoderLayer(4, 2, 8, dropout=1.0, norm_first=first))
    close(encoder(x), x.numpy() if first else encoder.norm2(encoder.norm1(x)).detach().numpy())
    close(decoder(x, memory), x.numpy() if first else decoder.norm3(decoder.norm2(decoder.norm1(x))).detach().numpy())
    for k, module in itertools.product((1, 2, 3), (encoder, decoder)):
        if hasattr(module, f"dropout{k}"):
            getattr(module, f"dropout{k}").p = 0.0
    module = encoder
    module.dropout.p = 1.0  # the inner one: linear2 gives its bias alone
    module.self_attn.dropout = 0.0
    a = x + module.self_attn(*[module.norm1(x)] * 3)[0] if first else module.norm1(x + module.self_attn(x, x, x)[0])
    bias = module.linear2.bias
    close(module(x), (a + bias if first else module.norm2(a + bias)).detach().numpy())


# --- the state of a module ----------------------------------------------------------------------------------------


def test_to_converts_parameters_buffers_and_gradients():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    model(tg.tensor(wave(4, 3)).float()).sin().sum().backward()
    before = {name: p.grad.numpy().copy() for name, p in model.named_parameters()}
    parameters = list(model.parameters())
    for change, dtype in (
        (model.double, "float64"),
        (model.float, "float32"),
        (lambda: model.to(tg.float64), "float64"),
    ):
        assert change() is model
        assert [id(p) for p in model.parameters()] == [id(p) for p in parameters]
        for name, p in model.named_parameters():
            assert str(p.dtype) == str(p.grad.dtype) == dtype
            np.testing.assert_array_equal(p.grad.numpy(), before[name])
        assert str(model[1].running_mean.dtype) == dtype
        assert str(model[1].num_batches_tracked.dtype) == "int64"
    model(tg.tensor(wave(4, 3))).sin().sum().backward()
    for name, p in model.named_parameters():
        close(p.grad, 2 * before[name], 1e-6)  # and the next backward adds to it


@pytest.mark.parametrize("strict", [False, True])
def test_a_wrong_shape_is_refused_also_if_keys_may_be_missing(strict):
    model = nn.Linear(3, 2)
    before = {name: p.numpy().copy() for name, p in model.state_dict().items()}
    for wrong in ({"weight": tg.zeros(2, 4)}, {"bias": tg.zeros(1)}, {"weight": tg.zeros(1, 3), "other": tg.zeros(1)}):
        given = {**model.state_dict(), **wrong} if strict else wrong
        with pytest.raises(RuntimeError, match=r"size mismatch for (weight|bias)"):
            model.load_state_dict(given, strict=strict)
        for name, p in model.state_dict().items():
            np.testing.assert_array_equal(p.numpy(), before[name])


def test_not_strict_loads_what_fits_and_returns_the_rest():
    model = nn.Linear(3, 2)
    bias = model.bias.detach().numpy().copy()
    keys = model.load_state_dict({"weight": tg.ones(2, 3), "more": tg.ones(1)}, strict=False)
    assert (keys.missing_keys, keys.unexpected_keys) == (["bias"], ["more"])
    assert model.weight.tolist() == [[1.0] * 3] * 2
    np.testing.assert_array_equal(model.bias.detach().numpy(), bias)


@pytest.mark.parametrize("through", ["module", "optimizer"])
def test_zero_grad_leaves_zeros_or_nothing(through):
    model = nn.Linear(3, 2)
    owner = model if through == "module" else tg.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    for set_to_none in (False, True):
        model(tg.ones(1, 3)).sum().backward()
        owner.zero_grad(set_to_none=set_to_none)
        for p in model.parameters():
            assert (p.grad is None) == set_to_none
            assert set_to_none or (not p.grad.numpy().any() and p.grad.shape == p.shape)
    model(tg.ones(1, 3)).sum().backward()
    owner.zero_grad()
    assert model.weight.grad is None  # unless asked otherwise


def test_train_and_eval_reach_every_module_below():
    model = nn.Sequential(nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.5)))
    assert model.eval() is model
    assert [m.training for m in model.modules()] == [False] * 4
    assert [m.training for m in model.train().modules()] == [True] * 4
    assert not model.train(False)[1][0].training


# --- segments of a long sequence --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("k1", "k2"), [(1, 1), (2, 2), (2, 3), (3, 5)])
def test_truncated_segments_carry_the_state_on_and_cut_the_gradient(k1, k2):
    cell = nn.LSTMCell(I, H, dtype=tg.float64)
    xs = list(tg.tensor(wave(7, B, I)))
    state = (tg.tensor(wave(B, H, k=1), requires_grad=True), tg.tensor(wave(B, H, k=2), requires_grad=True))
    whole, expected = state, []
    for x in xs:
        whole = cell(x, whole)
        expected.append([part.detach().numpy() for part in whole])
    for loss, end, window in truncated_bptt(lambda x, s: ((h := cell(x, s))[0].sum(), h), xs, state, k1, k2):
        for part, wanted in zip(end, expected[window.end - 1], strict=True):
            close(part, wanted)
            assert not part.requires_grad
            assert part.grad_fn is None
        close(loss, sum(expected[t][0].sum() for t in range(window.first, window.end)))


def test_a_state_handed_from_segment_to_segment_is_the_whole_sequence():
    for kind in ("RNN", "LSTM", "GRU"):
        layer = filled(tg, getattr(nn, kind)(I, H, 2))
        x = tg.tensor(wave(6, B, I))
        whole, end = layer(x)
        first, state = layer(x[:2])
        kept, last = layer(x[2:], state)
        dropped, _ = layer(x[2:])
        close(tg.cat([first, kept]), whole.detach().numpy())
        for a, b in zip(*(s if isinstance(s, tuple) else (s,) for s in (last, end)), strict=True):
            close(a, b.detach().numpy())
        assert abs((dropped - kept).detach().numpy()).max() > 1e-3


def test_lengths_come_back_in_the_order_they_were_given():
    x, lengths = tg.tensor(wave(5, 4, I)), [2, 5, 1, 4]
    for layer in (nn.GRU(I, H, dtype=tg.float64), nn.Recurrent(nn.GRUCell(I, H, dtype=tg.float64))):
        packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
        output, end = layer(packed, tg.tensor(wave(1, 4, H)))
        y, found = pad_packed_sequence(output, total_length=7, padding_value=9.0)
        assert found.tolist() == lengths
        assert y.shape == (7, 4, H)
        for b, n in enumerate(lengths):
            alone, last = layer(x[:n, b : b + 1], tg.tensor(wave(1, 4, H))[:, b : b + 1])
            close(y[:n, b], alone[:, 0].detach().numpy())
            close(end[:, b], last[:, 0].detach().numpy())
            assert (y[n:, b] == 9.0).all().item()


# --- encoder and decoder, and search -------------------------------------------------------------------------------


SCORES = {
    "dot": lambda p, h, k: h @ k,
    "scaled_dot": lambda p, h, k: h @ k / np.sqrt(H),
    "cosine": lambda p, h, k: np.sqrt(H) * (h @ k) / np.linalg.norm(h) / np.linalg.norm(k),
    "general": lambda p, h, k: h @ p["attention.weight"] @ k,
    "additive": lambda p, h, k: p["attention.score.weight"][0] @ np.tanh(
        p["attention.query.weight"] @ h + p["attention.keys.weight"] @ k + p["attention.keys.bias"]),
    None: None,
}  # fmt: skip


def gru(x, h, w_x, w_h, b_x, b_h):
    (xr, xz, xn), (hr, hz, hn) = np.split(w_x @ x + b_x, 3), np.split(w_h @ h + b_h, 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    return z * h + (1 - z) * np.tanh(xn + r * hn)


@pytest.mark.parametrize("kind", SCORES)
def test_encoder_and_decoder_are_their_formula(kind):
    """The decoder starts at the encoder's state after the last real token, and looks at the keys with its new state."""
    model = filled(tg, models.Seq2Seq(5, 6, I, H, kind, start=3))
    p = {name: value.numpy() for name, value in model.state_dict().items()}
    source, lengths, target = np.array([[1, 4, 2, 0], [3, 0, 0, 0]]), [4, 2], np.array([[2, 5, 1], [4, 0, 3]])
    found, found_weights = model(tg.tensor(source), tg.tensor(target), lengths)
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    for b, n in enumerate(lengths):
        h, keys = np.zeros(H), []
        for token in source[b, :n]:
            h = gru(p["source.weight"][token], h, *(p[f"encoder.{name}_l0"] for name in names))
            keys.append(h)
        for t, token in enumerate([3, *target[b, :-1]]):
            h = gru(p["target.weight"][token], h, *(p[f"cell.{name}"] for name in names))
            mixed = h
            if kind is not None:
                weights = np.exp([SCORES[kind](p, h, key) for key in keys])
                weights /= weights.sum()
                close(found_weights[b, t], [*weights, *[0] * (4 - n)])
                both = np.concatenate([weights @ np.array(keys), h])
                mixed = np.tanh(p["combine.weight"] @ both + p["combine.bias"])
            close(found[b, t], p["readout.weight"] @ mixed + p["readout.bias"])


@pytest.mark.parametrize("batch_dim", [0, 1])
def test_beams_keep_their_own_states_and_come_best_first(batch_dim):
    """Each hypothesis' score is that of its tokens through its own states, and for each sequence of the batch by itself."""
    layer, readout = filled(tg, nn.GRU(I, H)), filled(tg, nn.Linear(H, I))
    begin = tg.tensor(wave(1, B, H, k=2)) * 2

    def step(h, tokens):
        h = h if batch_dim else h.unsqueeze(0)
        _, h = layer(nn.functional.one_hot(tokens, I).double().unsqueeze(0), h)
        return readout(h[0]) * 3, h if batch_dim else h[0]

    start = tg.tensor([0, 2, 1])
    result = beam_search(step, begin if batch_dim else begin[0], start, 4, 3, batch_dim=batch_dim)
    for b in range(B):
        scores = result.scores[b].tolist()
        assert scores == sorted(scores, reverse=True)
        assert len({tuple(t) for t in result.tokens[b].tolist()}) == 3
        for k in range(3):
            h, token, total = begin[:, b : b + 1] if batch_dim else begin[0, b : b + 1], start[b : b + 1], 0.0
            for following in result.tokens[b, k]:
                logits, h = step(h, token)
                total += logits.log_softmax(-1)[0, int(following)].item()
                token = following.reshape(1)
            assert scores[k] == pytest.approx(total, abs=1e-12)


def test_cells_in_a_stack_are_called_with_their_own_state():
    """h and c of (layer, direction) k are at place k of the states, in and out."""
    layer = filled(tg, nn.LSTM(I, H, 2, bidirectional=True))
    x, h, c = tg.tensor(wave(1, B, I)), tg.tensor(wave(4, B, H, k=1)), tg.tensor(wave(4, B, H, k=2))
    output, (h_n, c_n) = layer(x, (h, c))
    below = x[0]
    for k in range(2):
        ends = [lstm_transition(below, (h[2 * k + d], c[2 * k + d]), layer.weights(k, d))[0] for d in range(2)]
        for d, (h_end, c_end) in enumerate(ends):
            close(h_n[2 * k + d], h_end.detach().numpy())
            close(c_n[2 * k + d], c_end.detach().numpy())
        below = tg.cat([ends[0][0], ends[1][0]], -1)
    close(output[0], below.detach().numpy())


@pytest.mark.parametrize("name", ["lstm", "gru", "rnn"])
def test_the_first_part_of_the_state_is_the_output(name):
    cell = made(name)
    x, *state = inputs(cell, B)
    h, *_ = flat(called(cell, x, *state))
    output, _ = nn.Recurrent(cell)(
        x.unsqueeze(0), tuple(s.unsqueeze(0) for s in state) if len(state) > 1 else state[0][None]
    )
    close(output[0], h)
