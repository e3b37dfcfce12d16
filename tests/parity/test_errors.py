"""Wrong calls raise the type of exception that PyTorch raises, and the message names the numbers."""

from __future__ import annotations

import re
import warnings

import pytest

import tinygrad_rnn as tg

from .samples import run

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

# (call, what the message must name); X is 2x3, Y is 4x5, V has 3 elements, I holds the indices 0, 5
WRONG = [
    ("X + Y", "3 5"), ("X.add(Y)", "3 5"), ("t.mul(X, Y)", "3 5"), ("X - t.ones(2)", "3 2"), ("X / Y", "3 5"), ("X ** Y", "3 5"),
    ("t.maximum(X, Y)", "3 5"), ("X == Y", "3 5"), ("t.where(X > 0, X, Y)", "3 5"), ("X.lerp(Y, 0.5)", "3 5"), ("X.masked_fill(Y > 0, 0)", "3 5"),
    ("t.logaddexp(X, Y)", "3 5"), ("X % Y", "3 5"), ("X.clamp(Y)", "3 5"), ("X.long() + Y.long()", "3 5"), ("t.logical_and(X, Y)", "3 5"),
    ("t.isclose(X, Y)", "3 5"), ("t.allclose(X, X.double())", "float32 float64"), ("t.add(X.long(), X.long(), alpha=0.5)", "0.5"),
    ("X @ Y", "3 4"), ("t.matmul(X, t.tensor(1.0))", "0"), ("X.mm(Y)", "3 4"), ("X.mm(V)", "3"), ("X.bmm(Y)", "2"), ("X.mv(t.ones(4))", "3 4"),
    ("V.dot(t.ones(4))", "3 4"), ("V.dot(X)", "2, 3"), ("X @ t.ones(3, 2).double()", "float32 float64"), ("t.ones(2, 2, 3) @ t.ones(3, 3, 4)", "2 3"),
    ("t.bmm(t.ones(2, 2, 3), t.ones(3, 3, 4))", "2 3"), ("t.addmm(t.ones(7, 7), X, t.ones(3, 2))", "7 2"), ("t.outer(X, V)", "2, 3"),
    ("t.einsum('ij,jk->ik', X, Y)", "3 4"), ("t.einsum('ij,jk->ik', X)", "2 1"), ("t.einsum('ijk->i', X)", "3 2"), ("t.einsum('ij->iz', X)", "z"),
    ("X.sum(2)", "2"), ("X.sum((0, 0))", "0"), ("X.mean(-3)", "-3"), ("X.long().mean()", "int64"), ("X.max(5)", "5"), ("t.zeros(0).max()", "0"),
    ("t.zeros(2, 0).max(1)", "0"), ("t.zeros(0).argmax()", "0"), ("t.zeros(2, 0).amax(1)", "0"), ("X.argmax(2)", "2"), ("X.cumsum(3)", "3"), ("X.softmax(2)", "2"),
    ("X.prod(4)", "4"), ("X.norm(2, 3)", "3"), ("X.var(7)", "7"), ("X.logsumexp(2)", "2"), ("X.long().var()", "int64"), ("X.any(2)", "2"), ("t.sum([1, 2])", "list"),
    ("t.mean(3.0)", "float"), ("t.max([1])", "list"), ("t.maximum(X, 1.0)", "float"),
    ("X.reshape(4, 2)", "4 2 6"), ("X.view(5)", "5 6"), ("X.reshape(-1, 4)", "4 6"), ("X.reshape(-1, -1)", "-1"), ("X.t().view(6)", "3 2 6"), ("X.transpose(0, 2)", "2"),
    ("X.permute(0)", "1 2"), ("X.permute(0, 0)", "0"), ("X.permute(0, 2)", "2"), ("X.squeeze(4)", "4"), ("X.unsqueeze(4)", "4"), ("X.expand(2, 4)", "3 4"), ("X.expand(3)", "3 2"),
    ("t.ones(2, 2, 2).t()", "3"), ("X.flip(3)", "3"), ("X.roll((1, 2), (0,))", "2 1"), ("X.repeat(2)", "1 2"), ("X.split(0)", "0"), ("X.split([1, 3])", "1 3 2"), ("X.chunk(0)", "0"),
    ("X.narrow(0, 1, 5)", "1 5 2"), ("X.select(1, 3)", "3"), ("t.tensor(1.0).unbind()", "0"), ("t.cat([X, Y])", "3 5"), ("t.cat([X, V])", "2, 3"), ("t.cat([])", ""),
    ("t.cat(X)", "Tensor"), ("t.stack([X, Y])", "2, 3 4, 5"), ("t.stack([])", ""), ("t.cat([t.tensor(1.0), t.tensor(2.0)])", "0"), ("X.flatten(1, 0)", "1 0"),
    ("X.unflatten(1, (2, 2))", "2 3"), ("t.diag(t.ones(2, 2, 2))", "3"), ("X.movedim((0, 1), (0,))", "2 1"), ("t.broadcast_tensors(X, Y)", "2, 3 4, 5"), ("X.tile('a')", ""),
    ("t.meshgrid(V, V, indexing='zz')", "zz"), ("X.repeat_interleave(-1)", "-1"), ("V.repeat_interleave(t.tensor([1, 2]))", "2 3"),
    ("X[2]", "2"), ("X[0, 3]", "3 1"), ("X[0, 0, 0]", "3 2"), ("X[[0, 2]]", "2"), ("X[t.tensor([0, 5])]", "5 2"), ("X[t.tensor([1.0])]", ""), ("X[::-1]", "-1"), ("X[1.5]", "float"),
    ("X['a']", "str"), ("X[t.tensor([True, False, True])]", "3 2"), ("X.__setitem__(2, 0)", "2"), ("X.__setitem__(0, t.ones(4))", "4 3"), ("X.__setitem__(0, 'a')", "str"),
    ("X.gather(0, V.long())", "3"), ("X.gather(1, t.tensor([[5]]))", "5 3"), ("X.gather(0, t.tensor([[0.5]]))", "float32"), ("X.index_select(0, I)", "5"), ("X.index_select(0, V)", "float32"),
    ("X.scatter(1, t.tensor([[5]]), 1.0)", "5 3"), ("X.scatter_add(0, t.tensor([[0]]), t.ones(1, 1).double())", "float32 float64"), ("X.index_add(0, I[:1], t.ones(1, 2))", "1, 2 1, 3"),
    ("X.topk(4)", "4 3"), ("X.sort(3)", "3"), ("X.masked_select(Y > 0)", "3 5"), ("X.take(t.tensor([9]))", "9"), ("X.take_along_dim(V.long(), 0)", "1 2"), ("X.masked_fill(V > 0, t.ones(2))", "2"),
    ("float(X)", "6"), ("int(V)", "3"), ("bool(X)", "6"), ("X.item()", "6"), ("[1, 2][X]", ""), ("len(t.tensor(1.0))", "0"), ("iter(t.tensor(1.0))", "0"), ("f'{X:.2f}'", ""),
    ("t.ones(2, requires_grad=True).numpy()", ""), ("t.tensor([[1], [2, 3]])", ""), ("t.tensor('a')", ""), ("t.tensor([1], requires_grad=True)", "int64"), ("t.zeros(-1)", "-1"), ("t.zeros(2.5)", "float"),
    ("t.arange(5, 1)", "5 1"), ("t.arange(0, 5, 0)", "0"), ("t.randint(3, 3, (2,))", "3"), ("t.linspace(0, 1, -1)", "-1"), ("t.from_numpy([1])", "list"), ("t.multinomial(t.ones(2), 3)", "3 2"),
    ("t.multinomial(-t.ones(2), 1)", ""), ("t.multinomial(t.zeros(2), 1)", "0"), ("t.normal(0.0, -1.0, (2,))", "-1"), ("t.bernoulli(X * 0 + 2)", "2"), ("t.eye(-1)", "-1"), ("X.to('nowhere')", "nowhere"),
    ("-(X > 0)", "bool"), ("(X > 0) - (X > 0)", "bool"), ("X & X", "float32"), ("~X", "float32"), ("t.clamp(X)", "min max"), ("X.long() ** -1", "-1"), ("t.div(X, 2, rounding_mode='up')", "up"),
    ("t.div(X.long(), 0, rounding_mode='floor')", "zero"), ("X.long() // 0", "zero"), ("t.exp(1.0)", "float"), ("t.exp([1.0])", "list"), ("t.cat([1, 2])", "int"), ("X + 'a'", "str"), ("X @ 2", "int"), ("X + None", "None"),
    ("t.where(X, X, X)", "float32"), ("X.abs(3)", ""), ("X.sum(foo=1)", "foo"), ("X.reshape('a')", "str"), ("X.sum('a')", "str"), ("X.no_such_name", "no_such_name"), ("t.FloatTensor('a')", ""),
    ("X.long().add_(0.5)", "float int64"), ("X.add_(t.ones(4, 2, 3))", "4, 2, 3"), ("t.ones(2, requires_grad=True).add_(1)", "2"), ("X.expand(4, 2, 3).add_(1)", "4, 2, 3"), ("X.copy_(Y)", "4, 5"), ("X.fill_(V)", "1"),
    ("t.finfo(t.int64)", "int64"), ("t.iinfo(t.float32)", "float32"), ("t.isclose(X, 1.0)", "float"), ("X.equal(1)", "int"), ("t.full((2,), 'a')", "str"), ("t.ones(2).requires_grad_(True).mul_(2)", "2"),
    ("X.view(t.tensor(1.5))", ""), ("X.log(base=2)", "base"), ("t.triu(V)", "3"), ("t.stack([X, V])", "2, 3 3"), ("t.lerp(X, V.double(), 0.5)", "float32 float64"), ("t.hstack([X, Y])", "2 4"), ("t.vstack([X, Y])", "3 5"),
]  # fmt: skip


def raised_by(library, call: str) -> BaseException | None:
    x, y = library.arange(6.0).reshape(2, 3), library.ones(4, 5)
    names = call.replace("library", "t")
    inputs = [x, y, library.ones(3), library.tensor([0, 5])]
    for letter, name in zip("XYVI", "xyzw", strict=True):
        names = re.sub(rf"\b{letter}\b", name, names)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(library, names, inputs)
    except Exception as error:
        return error
    return None


def test_there_are_many():
    assert len({call for call, _ in WRONG}) >= 60


@pytest.mark.parametrize(("call", "named"), WRONG, ids=[call for call, _ in WRONG])
def test_wrong_call_raises_as_torch_and_names_the_numbers(call: str, named: str):
    theirs, ours = raised_by(torch, call), raised_by(tg, call)
    assert theirs is not None, "PyTorch accepts this call"
    assert type(ours) is type(theirs), f"{ours!r}, torch {theirs!r}"
    missing = [part for part in named.split() if part.strip(",") not in str(ours)]
    assert not missing, f"{str(ours)!r} does not name {missing}"
