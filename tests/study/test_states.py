"""All that recurrent layers compute on their way: lecture 004's z_t, gates against the cells' own, packed, attention."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study
from tinygrad_rnn.nn.utils.rnn import pack_padded_sequence

from .graphs import W_HH, W_XH, X

Z = [[0.29, -0.2], [0.178756, 0.089526], [-0.191732, 0.022331], [0.091885, -0.127778]]


@pytest.mark.parametrize("fused", [True, False])
def test_the_worked_example_before_and_after_tanh(fused):
    rnn = nn.RNN(3, 2, bias=False, fused=fused).double()
    with tg.no_grad():
        rnn.weight_ih_l0.copy_(tg.tensor(W_XH.T))
        rnn.weight_hh_l0.copy_(tg.tensor(W_HH))
    found = study.states(rnn, tg.tensor(X), labels="abcd")
    np.testing.assert_allclose(found.before["h"][:, 0], Z, atol=1e-6)
    np.testing.assert_allclose(found.states["h"][:, 0], np.tanh(Z), atol=1e-6)
    assert [tick.get_text() for tick in found.plot("h").axes[0].get_xticklabels()] == ["a", "b", "c", "d"]


def test_gates_of_an_lstm_inside_a_model_with_frozen_weights():
    tg.manual_seed(0)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.lstm, self.readout = nn.Embedding(9, 3), nn.LSTM(3, 4, 2), nn.Linear(4, 2)

        def forward(self, x):
            return self.readout(self.lstm(self.embedding(x))[0])

    model = Model().double().requires_grad_(False)
    found = study.states(model, tg.randint(0, 9, (6, 3)))
    assert not any(p.requires_grad for p in model.parameters())
    assert set(found.states) == {"h (layer 0)", "c (layer 0)", "h (layer 1)", "c (layer 1)"}
    assert len(found.gates) == 8
    for layer in ("(layer 0)", "(layer 1)"):
        i, f, g, o = (found.gates[f"{name} {layer}"] for name in "ifgo")
        c = found.states[f"c {layer}"]
        np.testing.assert_allclose(c[1:], f[1:] * c[:-1] + i[1:] * g[1:], atol=1e-15)
        np.testing.assert_allclose(found[f"h {layer}"], o * np.tanh(c), atol=1e-15)
        np.testing.assert_allclose(f, 1 / (1 + np.exp(-found.before[f"f {layer}"])), atol=1e-15)
    with pytest.raises(KeyError, match=r"there is no 'x'; there are 'i \(layer 0\)'"):
        found["x"]
    assert found.plot()._repr_png_().startswith(b"\x89PNG")
    assert {row["kind"] for row in found.table()} == {"state", "gate"}


@pytest.mark.parametrize("cell", [nn.GRUCell, nn.PeepholeLSTMCell, nn.MGUCell, nn.RNNCell])
def test_any_cell_gives_what_the_layer_returns(cell):
    tg.manual_seed(1)
    layer = nn.Recurrent(cell(3, 4))
    x = tg.randn(5, 2, 3)
    _, _, (parts,), (gates,) = layer(x, return_states=True, return_gates=True)
    found = study.states(layer, x)
    for mine, value in zip(found.states.values(), parts.values(), strict=True):
        np.testing.assert_array_equal(mine, value.detach().numpy())
    assert set(found.gates) == set(gates)
    for name, value in gates.items():
        np.testing.assert_array_equal(found.gates[name], value.detach().numpy())


def test_all_arrays_go_into_a_file(tmp_path):
    tg.manual_seed(0)
    found = study.states(nn.LSTM(3, 4), tg.randn(5, 2, 3), labels="abcde")
    found.save(tmp_path / "states.npz")
    with np.load(tmp_path / "states.npz") as kept:
        assert set(kept) == {"state h", "state c", *(f"{kind} {name}" for kind in ("gate", "before") for name in "ifgo"),
                             "steps", "labels"}  # fmt: skip
        np.testing.assert_array_equal(kept["state c"], found.states["c"])
        np.testing.assert_array_equal(kept["before f"], found.before["f"])
        assert "".join(kept["labels"]) == "abcde"


def test_packed_sequences_end_in_nan_and_directions_are_apart():
    tg.manual_seed(0)
    gru = nn.GRU(3, 4, bidirectional=True)
    found = study.states(gru, pack_padded_sequence(tg.randn(5, 3, 3), [5, 4, 2]))
    assert set(found.states) == {"h (forward)", "h (reverse)"}
    assert np.isfinite(found.states["h (reverse)"][:, :, 0]).sum(0).tolist() == [5, 4, 2]


def test_attention_by_head():
    tg.manual_seed(0)
    attention = nn.MultiheadAttention(4, 2)
    x = tg.randn(5, 3, 4)
    _, weights = attention(x, x, x, average_attn_weights=False)
    found = study.states(attention, x, x, x)
    np.testing.assert_allclose(found.attention["MultiheadAttention"], weights.detach().numpy(), rtol=1e-6)
    assert found.attention["MultiheadAttention"].shape == (3, 2, 5, 5)
    assert len(found.plot("MultiheadAttention").axes) == 4  # two heads, each with its scale
    named = study.states(attention, x, x, x, labels="abcde").plot().axes[0]
    assert (named.get_xlabel(), named.get_ylabel()) == ("key", "query")
    for axis in (named.get_xticklabels(), named.get_yticklabels()):
        assert "".join(tick.get_text() for tick in axis) == "abcde"
    assert "attention weights of 1 module;" in found.finding()
    with pytest.raises(RuntimeError, match="nothing in this Linear steps through time"):
        study.states(nn.Linear(2, 2), tg.ones(2))
