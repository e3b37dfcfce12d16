"""Arguments and aliases that other people's programs give: they do what PyTorch's do."""

from __future__ import annotations

import typing

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn import nn, optim


def test_gradients_with_pytorchs_arguments():
    x = tg.tensor([1.0, 2.0], requires_grad=True)
    (g,) = tg.autograd.grad(outputs=(x**3).sum(), inputs=x, create_graph=True, retain_graph=True, only_inputs=True)
    assert tg.autograd.grad(g.sum(), x)[0].tolist() == [6, 12]
    assert tg.autograd.grad(x.sum(), [x, g], None, None, False, True, True)[1] is None
    with pytest.raises(NotImplementedError, match=r"is_grads_batched is left out.*jacobian"):
        tg.autograd.grad(x.sum(), x, is_grads_batched=True)


@pytest.mark.parametrize("name", ["zeros_like", "ones_like", "empty_like", "rand_like", "randn_like"])
def test_like_with_a_memory_format(name):
    x = tg.ones(2, 3).t()
    kept = getattr(tg, name)(x, requires_grad=True, memory_format=tg.preserve_format)
    assert kept.requires_grad
    assert kept.stride() == (1, 3)
    assert getattr(tg, name)(x, memory_format=tg.contiguous_format).stride() == (2, 1)


def test_random_and_new_tensors_with_pytorchs_arguments():
    assert tg.full_like(tg.ones(2), 3, memory_format=tg.preserve_format).tolist() == [3, 3]
    assert tg.randint(0, 2, (3,), dtype=tg.float32, requires_grad=True).requires_grad
    assert tg.randint_like(tg.ones(3), 2, requires_grad=True).requires_grad
    assert sorted(tg.randperm(3, pin_memory=True).tolist()) == [0, 1, 2]
    assert tg.tensor([1], pin_memory=False).tolist() == [1]


@pytest.mark.torch
def test_functions_of_pairs_and_places():
    torch = pytest.importorskip("torch")
    A, B = np.random.default_rng(0).normal(size=(2, 3, 4))
    B[0] = A[0]  # ties

    def results(t):
        a, b, at = (
            t.tensor(A, requires_grad=True),
            t.tensor(B, requires_grad=True),
            t.tensor([[0, 0, 2, 1], [0, 2, 2, 1]]),
        )
        kinds = ("sum", "mean", "amax", "amin")
        found = [
            t.kron(a, b[:2]), t.kron(a[0], b), a.kron(b[None]), t.cross(a, b, dim=0), t.linalg.cross(a.t()[:2], b.t()[:2]), t.cov(a),
            a[0].cov(), a.cov(correction=0), t.corrcoef(b), t.trapezoid(a), t.trapz(a, b[0]), t.trapezoid(a, dx=0.5, dim=0), t.trapezoid(a, b, dim=0),
            *[t.scatter_reduce(a, 0, at, b[:2], k) for k in kinds], *[(a + 9).scatter_reduce(0, at, b[:2], reduce=k, include_self=False) for k in kinds],
            a.clone().scatter_reduce_(1, at[:, :2], b[:2, :2], "amax"),
        ]  # fmt: skip
        sum((y * (k + 1)).pow(2).sum() for k, y in enumerate(found)).backward()
        with t.no_grad():
            found += [
                t.heaviside(t.tensor([-1.0, 0.0, 2.0]), t.tensor(0.5)),
                t.poisson(t.zeros(2)),
                t.special.entr(a.abs()),
                a.grad,
                b.grad,
            ]
            out = t.empty(3, 4, dtype=t.float64)
            for name in "exp tanh sigmoid sin cos neg abs expm1 erf sign floor ceil trunc reciprocal".split():  # noqa: SIM905
                assert getattr(t, name)(a, out=out) is out
                found.append(out.clone())
            for name in ("maximum", "minimum", "remainder", "eq", "lt"):
                found.append(getattr(t, name)(a, b, out=t.empty(3, 4, dtype=t.float64)))
            found += [
                t.clamp(a, -0.5, 0.5, out=out),
                t.log(a.abs(), out=t.empty(0, dtype=t.float64)),
                t.pow(a, 2, out=out),
                t.tril(a, out=out),
            ]
        with pytest.raises(RuntimeError, match="automatic differentiation"):
            t.exp(a, out=out)
        return found

    for k, (ours, theirs) in enumerate(zip(results(tg), results(torch), strict=True)):
        assert tuple(ours.shape) == tuple(theirs.shape), k
        np.testing.assert_allclose(
            ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-9, atol=1e-12, err_msg=str(k)
        )
    with pytest.raises(NotImplementedError, match="reduce='prod' is left out"):
        tg.scatter_reduce(tg.ones(2), 0, tg.tensor([0, 1]), tg.ones(2), "prod")
    with pytest.raises(RuntimeError, match=r"3 numbers along dim 0 are wanted, got \[2\]"):
        tg.cross(tg.ones(2), tg.ones(2), dim=0)


@pytest.mark.torch
def test_small_functions_equal_pytorchs():
    torch = pytest.importorskip("torch")

    def results(t):
        F, x, s = t.nn.functional, t.arange(12.0).reshape(4, 3) - 5, t.tensor([-1.0, 0.0, 0.5])
        return [
            x.clone().fill_diagonal_(9), t.ones(7, 3).fill_diagonal_(0, wrap=True), t.ones(2, 2, 2).fill_diagonal_(4.0),
            x.clone().subtract_(2), x.clone().multiply_(3), x.clone().divide_(4), x.clone().true_divide_(4), x.clone().clip_(-1, 2),
            *x.split_with_sizes([1, 3]), t.searchsorted(s, t.tensor([0.0, 3.0]), side="right"),
            t.linalg.norm(x), t.linalg.norm(x, dim=1), t.linalg.norm(x[0], 1), t.linalg.norm(x, ord=3, dim=0, keepdim=True),
            t.linalg.norm(x, "fro"), t.linalg.norm(x, dim=(0, 1)), t.linalg.matrix_norm(x.reshape(1, 4, 3)),
            F.alpha_dropout(x, 0.0, True), F.alpha_dropout(x, 0.5), F.alpha_dropout(x, 1.0, True),
            F.relu_(x.clone()), F.elu_(x.clone(), 0.5), F.leaky_relu_(x.clone()), F.hardtanh_(x.clone(), -2, 3), F.selu_(x.clone()),
            F.celu_(x.clone()), F.rrelu_(x.clone()),
        ]  # fmt: skip

    for k, (ours, theirs) in enumerate(zip(results(tg), results(torch), strict=True)):
        assert np.allclose(ours.numpy(), theirs.numpy(), rtol=1e-6, atol=0), k


def test_wrong_calls_say_what_is_wrong():
    with pytest.raises(RuntimeError, match=r"fill_diagonal_\(\): expected a matrix, or axes of one size, got \[3\]"):
        tg.ones(3).fill_diagonal_(1)
    with pytest.raises(RuntimeError, match=r"axes of one size, got \[2, 2, 3\]"):
        tg.ones(2, 2, 3).fill_diagonal_(1)
    with pytest.raises(RuntimeError, match=r"matrix_norm\(\): ord must be 'fro', 'nuc', .* got 'trace'"):
        tg.linalg.norm(tg.ones(2, 2), "trace")
    with pytest.raises(RuntimeError, match="side must be 'left' or 'right', got 'up'"):
        tg.searchsorted(tg.ones(2), tg.ones(1), side="up")
    with pytest.raises(ValueError, match="between 0 and 1, but got 2"):
        F.alpha_dropout(tg.ones(2), 2.0, True)


def test_alpha_dropout_keeps_mean_and_variance():
    tg.manual_seed(0)
    layer = nn.AlphaDropout(0.3)
    x = tg.randn(100_000, requires_grad=True)
    y = layer(x)
    assert abs(y.mean().item()) < 0.02
    assert abs(y.var().item() - 1) < 0.02
    y.sum().backward()
    slopes = np.unique(x.grad.numpy())
    assert len(slopes) == 2
    assert slopes[0] == 0
    assert slopes[1] == pytest.approx(((1 - 0.3) * (1 + 0.3 * 1.7580993408473766**2)) ** -0.5)
    assert layer.eval()(x) is x


@pytest.mark.torch
def test_hooks_with_keywords_and_in_front():
    torch = pytest.importorskip("torch")

    def calls(t):
        class Scaled(t.nn.Module):
            def forward(self, x, scale=1.0):
                return x * scale

        layer, seen = Scaled(), []
        layer.register_forward_hook(lambda module, args, out: seen.append(("plain", out.tolist())))
        layer.register_forward_hook(
            lambda module, args, kwargs, out: seen.append((sorted(kwargs), out.tolist())) or out + kwargs["scale"],
            with_kwargs=True, prepend=True)  # fmt: skip
        layer.register_forward_pre_hook(
            lambda module, args, kwargs: (args, {"scale": 2 * kwargs["scale"]}), with_kwargs=True
        )
        handle = layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,), prepend=True)
        seen.append(layer(t.ones(2), scale=3.0).tolist())
        handle.remove()
        return [*seen, layer(t.ones(2), scale=3.0).tolist()]

    assert calls(tg) == calls(torch)


def test_script_and_its_kin_return_what_they_get():
    jit = tg.jit

    class Cell(jit.ScriptModule):
        size: jit.Final[int] = 3

        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(3, 2)

        @jit.script_method
        def forward(self, x):
            return self.linear(x)

        @jit.ignore(drop=True)
        def other(self):
            return 1

    cell = Cell()
    assert len(list(cell.parameters())) == 2
    assert cell(tg.ones(1, 3)).shape == (1, 2)
    assert (cell.other(), jit.annotate(typing.List[int], [1]), jit.Attribute(2, int)) == (1, [1], 2)  # noqa: UP006
    assert not jit.is_scripting() and not isinstance(nn.Linear(1, 1), jit.ScriptModule)  # noqa: PT018
    assert jit.wait(jit.fork(max, 1, 2)) == 2
    assert jit.freeze(jit.script(cell)) is jit.trace(cell, tg.ones(1, 3)) is cell


def test_a_lazy_module_can_be_printed_first():
    assert repr(nn.LazyConv1d(4, 3, padding=1)) == "LazyConv1d(0, 4, 3, padding=1)"


def test_an_optimizer_as_people_write_their_own():
    class Mine(optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        @tg.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    state = self.state[p]
                    if len(state) == 0:
                        state["sum"] = tg.zeros_like(p, memory_format=tg.preserve_format)
                    state["sum"].addcmul_(p.grad, p.grad, value=1.0)
                    p.addcdiv_(p.grad, state["sum"].sqrt().add_(1e-10), value=-group["lr"])

    w = tg.tensor([1.0, -2.0], requires_grad=True)
    (w**2).sum().backward()
    Mine([w]).step()
    assert w.tolist() == pytest.approx([0.9, -1.9])


def test_the_weights_of_a_layer_in_a_row():
    layer = nn.GRU(2, 3, bidirectional=True, bias=False)
    assert [w is p for w, p in zip(layer._flat_weights, layer.parameters(), strict=True)] == [True] * 4
