"""Programs of kinds that the examples do not show, for either library: twenty losses from the same weights."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_rnn


def filled(*modules: Any) -> None:
    """The same numbers in the parameters of either library's modules."""
    for module in modules:
        for k, p in enumerate(module.parameters()):
            size = int(np.prod(p.shape))
            p.data.copy_(p.data.new_tensor((0.3 * np.sin(np.arange(size) * 1.7 + k)).tolist()).reshape(p.shape))


def numbers(t: Any, *shape: int) -> Any:
    return t.from_numpy(np.random.default_rng(sum(shape)).standard_normal(shape).astype("float32"))


def ids(t: Any, high: int, *shape: int) -> Any:
    return t.from_numpy(np.random.default_rng(high).integers(0, high, shape))


def weight_drop(t: Any, folder: Any) -> list[float]:
    """A language model whose recurrent weights are made anew before each call, then averaged, with its own checkpoint."""

    class WeightDrop(t.nn.Module):
        def __init__(self, module, name):
            super().__init__()
            self.module, self.name = module, name
            raw = getattr(module, name)
            del module._parameters[name]
            module.register_parameter(name + "_raw", t.nn.Parameter(raw.data))

        def forward(self, *args):
            raw = getattr(self.module, self.name + "_raw")
            setattr(self.module, self.name, t.nn.functional.dropout(raw, p=0.0, training=self.training))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # PyTorch: not one piece of memory
                return self.module.forward(*args)

    embedding, rnn, out = t.nn.Embedding(9, 5), WeightDrop(t.nn.LSTM(5, 5), "weight_hh_l0"), t.nn.Linear(5, 9)
    filled(embedding, rnn)
    out.weight = embedding.weight
    data, h, losses = ids(t, 9, 21, 3), None, []
    parameters = [*embedding.parameters(), *rnn.parameters(), out.bias]
    out.bias.data.zero_()
    optimizer = t.optim.SGD(parameters, lr=1.0, weight_decay=1e-6)
    for i in range(20):
        if i == 12:
            optimizer = t.optim.ASGD(parameters, lr=1.0, t0=0, lambd=0.0)
        h = None if h is None else tuple(x.detach() for x in h)
        optimizer.zero_grad()
        y, h = rnn(embedding(data[:-1]), h)
        loss = t.nn.functional.cross_entropy(out(y).view(-1, 9), data[1:].reshape(-1)) + (y[1:] - y[:-1]).pow(2).mean()
        loss.backward()
        t.nn.utils.clip_grad_norm_(parameters, 0.25)
        optimizer.step()
        losses.append(loss.item())
    return [*losses, sum(optimizer.state[p]["ax"].sum().item() for p in parameters)]


def probabilistic_forecast(t: Any, folder: Any) -> list[float]:
    """A forecaster with means and deviations, saved and loaded as a whole in the middle of training."""
    rnn, head = t.nn.GRU(2, 6, batch_first=True), t.nn.Linear(6, 2)
    filled(rnn, head)
    x, losses = numbers(t, 4, 9, 2), []
    optimizer = t.optim.RMSprop([*rnn.parameters(), *head.parameters()], lr=0.01, centered=True)
    for i in range(20):
        if i == 10:
            t.save({"epoch": i, "models": [rnn, head], "optimizer": optimizer.state_dict()}, folder / "c.pt")
            checkpoint = t.load(folder / "c.pt", map_location=lambda storage, place: storage, weights_only=False)
            rnn, head = checkpoint["models"]
            optimizer = t.optim.RMSprop([*rnn.parameters(), *head.parameters()], lr=0.01, centered=True)
            optimizer.load_state_dict(checkpoint["optimizer"])
        mean, spread = head(rnn(x[:, :-1])[0]).chunk(2, dim=-1)
        normal = t.distributions.Normal(mean[..., 0], t.nn.functional.softplus(spread[..., 0]) + 1e-3)
        loss = -normal.log_prob(x[:, 1:, 0]).mean() + 0.01 * normal.entropy().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def gradient_penalty(t: Any, folder: Any) -> list[float]:
    """A critic of sequences whose gradient by its input is kept near 1: the gradient of a gradient."""

    class Cell(t.jit.ScriptModule):
        def __init__(self):
            super().__init__()
            self.weight, self.recurrent = t.nn.Parameter(t.empty(5, 2)), t.nn.Parameter(t.empty(5))
            self.activation = t.nn.functional.elu

        def forward(self, x, h):
            return self.activation(t.nn.functional.linear(x, self.weight) + self.recurrent * h)

    cell, out = Cell(), t.nn.Linear(5, 1)
    filled(cell, out)
    x, losses = numbers(t, 6, 4, 2), []
    optimizer = t.optim.Adam([{"params": cell.parameters()}, {"params": out.parameters(), "lr": 0.02}], lr=0.01)
    schedule = t.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=4, T_mult=2)
    for _ in range(20):
        real = x.clone().requires_grad_()
        h = real.new_zeros(4, 5)
        for step in real.unbind(0):
            h = cell(step, h)
        score = out(h)
        (g,) = t.autograd.grad(outputs=score, inputs=real, grad_outputs=t.ones_like(score, memory_format=t.preserve_format),
                               create_graph=True, retain_graph=True, only_inputs=True)  # fmt: skip
        loss = ((g.norm(2, dim=(0, 2)) - 1) ** 2).mean() - score.mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(loss.item())
    return losses


@pytest.mark.torch
@pytest.mark.parametrize("program", [weight_drop, probabilistic_forecast, gradient_penalty], ids=lambda f: f.__name__)
def test_losses_equal_those_under_torch(program: Any, tmp_path: Any):
    torch = pytest.importorskip("torch")
    ours = program(tinygrad_rnn, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = program(torch, tmp_path)
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-4)
    assert len(ours) >= 20
    assert ours[0] != ours[19]
