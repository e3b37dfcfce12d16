"""Containers: what they hold is found, in order, under the names PyTorch gives it."""

import copy

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn


def layers(n=3):
    return [nn.Linear(2, 2) for _ in range(n)]


def names(module):
    return [name for name, _ in module.named_parameters()]


def test_sequential_by_position_and_by_name():
    model = nn.Sequential({"first": nn.Linear(2, 3), "then": nn.Tanh()})
    assert names(model) == ["first.weight", "first.bias"]
    assert model[0] is model.first
    assert model[-1] is model.then
    assert len(model) == 2
    x = tg.randn(4, 2)
    assert model(x).equal(model.then(model.first(x)))


def test_sequential_slices_and_changes():
    a, b, c = layers()
    model = nn.Sequential(a, b)
    assert model.append(c) is model
    assert list(model) == [a, b, c]
    part = model[1:]
    assert isinstance(part, nn.Sequential)
    assert list(part) == [b, c]
    model.insert(0, nn.Tanh())
    assert list(model)[1:] == [a, b, c]
    del model[0]
    model[1] = nn.Identity()
    assert isinstance(model[1], nn.Identity)
    assert model.pop(1) is not b
    assert list(model) == [a, c]
    assert list(model + nn.Sequential(b)) == [a, c, b]
    with pytest.raises(IndexError, match="5"):
        model[5]


def test_module_list():
    a, b, c = layers()
    held = nn.ModuleList([a])
    held += [b]
    held.insert(0, c)
    assert list(held) == [c, a, b]
    assert isinstance(held[:2], nn.ModuleList)
    assert names(held)[:2] == ["0.weight", "0.bias"]
    assert len(held.extend([nn.Tanh()])) == 4
    del held[1:3]
    assert held[0] is c
    longer = nn.ModuleList(m for m in [nn.Tanh()]) + [a]  # noqa: RUF005
    assert [type(m) for m in longer] == [nn.Tanh, nn.Linear]
    with pytest.raises(NotImplementedError, match="forward"):
        held(1)


def test_module_dict():
    a, b, _ = layers()
    held = nn.ModuleDict({"x": a})
    held["y"] = b
    assert list(held) == list(held.keys()) == ["x", "y"]
    assert "x" in held
    assert held.y is b
    assert names(held) == ["x.weight", "x.bias", "y.weight", "y.bias"]
    assert held.pop("x") is a
    assert dict(held.items()) == {"y": b}
    del held["y"]
    assert len(held) == 0
    with pytest.raises(KeyError):
        held["x"]


def test_parameter_list_and_dict():
    held = nn.ParameterList([tg.ones(2), nn.Parameter(tg.zeros(3))])
    held.append(tg.ones(1))
    held += [tg.ones(4)]
    assert [p.shape[0] for p in held] == [2, 3, 1, 4]
    assert all(isinstance(p, nn.Parameter) for p in held)
    assert list(held.state_dict()) == ["0", "1", "2", "3"]
    held[1] = tg.ones(5)
    assert held[1].shape[0] == 5
    named = nn.ParameterDict({"a": tg.ones(2)})
    named["b"] = tg.ones(3)
    assert list(named.state_dict()) == ["a", "b"]
    assert "a" in named
    assert named.pop("a").shape[0] == 2
    assert len(named) == 1


def test_an_empty_list_is_still_a_module():
    model = nn.Sequential(nn.Linear(1, 1))
    model.add_module("extra", nn.ModuleList())
    assert [name for name, _ in model.named_modules()] == ["", "0", "extra"]
    model.extra.append(nn.Linear(1, 1))
    assert len(list(model.parameters())) == 4


def test_scopes_lead_through_lists():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = nn.ModuleList([nn.ModuleDict({"inner": nn.Linear(2, 2)})])
            self.blocks.append(nn.ModuleDict({"inner": nn.Linear(2, 2)}))

        def forward(self, x):
            for block in self.blocks:
                x = block["inner"](x)
            return x

    model = copy.deepcopy(Model())
    assert model(tg.ones(1, 2)).grad_fn.scope.path == "Model.blocks.1.inner"


def test_train_and_eval_reach_dropout():
    model = nn.Sequential(nn.ModuleList([nn.Dropout(0.5)])[0], nn.Identity())
    x = tg.ones(1000)
    assert model.eval()(x).equal(x)
    assert np.isclose(model.train()(x).mean().item(), 1, atol=0.2)
    assert not model(x).equal(x)
