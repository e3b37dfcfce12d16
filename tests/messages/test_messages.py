"""Each mistake raises its type of error, and the message names what was wrong and the way out."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim
from tinygrad_rnn._left_out import LEFT_OUT, WAY_ROUND
from tinygrad_rnn.nn import functional as F

from .rows import AFTER_LSTM, PAIR, ROWS


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 6)

    def forward(self, x):
        y = self.lstm(x)
        return y.reshape(-1)


class Keeper(nn.Module):
    """Keeps what it computed: as an attribute, in a list or as a buffer."""

    def __init__(self, place: str):
        super().__init__()
        self.place, self.linear, self.outputs = place, nn.Linear(2, 2), []
        self.register_buffer("memory", None)

    def forward(self, x):
        y = self.linear(x)
        setattr(self, self.place, [y] if self.place == "outputs" else y)
        return y


def kept(place: str) -> Keeper:
    keeper = Keeper(place)
    keeper(tg.ones(1, 2))
    return keeper


def run(code: str) -> Any:
    packed = nn.utils.rnn.pack_padded_sequence(tg.ones(5, 3, 4), [5, 4, 3])
    p = nn.Parameter(tg.ones(2))
    known = {"t": tg, "nn": nn, "F": F, "optim": optim, "np": np, "copy": copy, "p": p, "packed": packed}
    return eval(code, known | {"Net": Net, "kept": kept})  # the texts are in this file


@pytest.mark.parametrize(("code", "kind", "words"), ROWS, ids=[code for code, _, _ in ROWS])
def test_the_message_names_what_is_wrong(code, kind, words):
    with pytest.raises(kind) as raised:
        run(code)
    assert type(raised.value) is kind
    missing = [word for word in words if word not in str(raised.value)]
    assert not missing, f"{raised.value} does not say {missing}"


@pytest.mark.parametrize("layer", AFTER_LSTM)
def test_a_layer_after_an_lstm_says_how_to_take_the_pair_apart(layer):
    name = layer.partition("(")[0].lower().removesuffix("1d").removesuffix("cell")
    with pytest.raises(TypeError, match="tuple") as raised:
        run(f"nn.Sequential(nn.LSTM(4, 6), nn.{layer})(t.ones(5, 3, 4))" if "Multihead" not in layer else
            f"nn.{layer}(nn.LSTM(4, 6)(t.ones(5, 3, 4)), t.ones(1), t.ones(1))")  # fmt: skip
    assert PAIR in str(raised.value)
    assert name in str(raised.value).lower().replace("_", "")


def test_an_attribute_error_of_ones_own_is_left_alone():
    class Config:
        pass

    class Own(nn.Module):
        def forward(self, x):
            return x.size_of_everything

    with pytest.raises(AttributeError, match=r"^'Config' object has no attribute 'size_of_everything'$"):
        Own()(Config())
    with pytest.raises(AttributeError, match=r"^'tuple' object has no attribute 'size_of_everything'$"):
        Own()((1, 2))


def test_what_is_left_out_is_not_there_and_the_way_round_is_said():
    homes = [tg, nn, F, optim, optim.lr_scheduler, tg.Tensor, nn.Module, nn.utils, nn.utils.parametrizations]
    assert [name for name in WAY_ROUND if any(name in dir(home) for home in homes)] == []
    assert len(WAY_ROUND) == sum(len(names.split()) for names in LEFT_OUT), "a name stands twice"
    for home in (tg, nn, F, optim, tg.ones(1), nn.utils, nn.utils.parametrizations):
        for name, way in WAY_ROUND.items():
            with pytest.raises(AttributeError) as raised:
                getattr(home, name)
            assert way in str(raised.value)
            assert not hasattr(home, name)
    with pytest.raises(AttributeError, match="override the method instead"):
        nn.Linear(1, 1).register_state_dict_pre_hook(print)
    with pytest.raises(AttributeError, match=r"'Net' object has no attribute 'prune'$"):
        Net().prune
