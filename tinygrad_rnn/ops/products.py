"""Matrix products in all their forms: each ends in one batched matrix product."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..arrays import plain
from ..recording import record_op, record_pair
from .basic import Reshape, sum_of_rows
from .checks import broadcast_shapes, need_numbers, need_tensor
from .function import Array, Function, Recorded, Saves, Value, call
from .inplace import in_place
from .widening import all_half, narrow, widen, widening
from .words import worded

if TYPE_CHECKING:
    from .._tensor import Tensor


def times(x: Value, y: Value) -> Value:
    """x @ y. The method `dot` of arrays does the same for two matrices, with a microsecond less before the work starts."""
    return x.dot(y) if x.__class__ is np.ndarray and x.ndim == y.ndim == 2 else x @ y


def rows_of(x: Value) -> Value:
    """x (…, n) as a matrix of its rows. The number of rows is worked out: with n = 0, -1 could be any number."""
    return x if x.ndim == 2 else call(Reshape, x, shape=(math.prod(x.shape[:-1]), x.shape[-1]))


class MatMul(Function):
    """Z = X Y (…, n, m) @ (…, m, k)          dL/dX = dL/dZ Yᵀ,   dL/dY = Xᵀ dL/dZ

    Both have at least two dimensions here; `functions.matmul` adds and removes them for vectors.
    """

    widens = "always"
    promotes = "common"
    saves: Saves = {"x": "y", "y": "x"}
    fresh = True

    def forward(ctx, x: Array, y: Array) -> Array:
        return times(x, y)

    def backward(ctx, g: Value) -> Value:
        x, y = ctx.saved_tensors
        to_x, to_y = ctx.edges
        return times(g, y.mT) if to_x else None, times(x.mT, g) if to_y else None


class Linear(Function):
    """y = x Wᵀ + b, x (…, I), W (O, I), b (O,)          dL/dx = dL/dy W,   dL/dW = dL/dyᵀ x,   dL/db = Σ dL/dy"""

    widens = "always"
    saves: Saves = {"x": "weight", "weight": "x"}
    fresh = True

    def forward(ctx, x: Array, weight: Array, bias: Array) -> Array:
        if x.dtype is not weight.dtype or (bias is not None and bias.dtype is not x.dtype):
            raise TypeError("linear needs one dtype")
        if weight.ndim != 2:
            raise TypeError("linear needs a matrix as its weight")
        if x.ndim == 2:
            y = x.dot(weight.T)
        else:
            y = np.dot(rows_of(x), weight.T).reshape(*x.shape[:-1], weight.shape[0])
        if bias is not None:
            y += bias
        return y

    def backward(ctx, g: Value) -> Value:
        x, weight = ctx.saved_tensors
        to_x, to_weight, to_bias = ctx.edges
        dx = dweight = dbias = None
        rows_g = rows_of(g)
        if to_x:
            dx = times(rows_g, weight)
            if g.ndim != 2:
                dx = call(Reshape, dx, shape=(*g.shape[:-1], weight.shape[1]))
        if to_weight:
            dweight = times(rows_g.mT, rows_of(x))
        if to_bias:
            dbias = sum_of_rows(rows_g)
        return dx, dweight, dbias


class Products(Recorded):
    """Tensor's products."""

    __slots__ = ()

    @worded
    def matmul(input: Tensor, other: Any) -> Tensor:
        """Matrix product of the last two axes, broadcasting over the others; vectors gain and lose an axis."""
        need_tensor("matmul", input)
        need_tensor("matmul", other, "other")
        x, y = input.array.shape, other.array.shape
        kind = input.array.dtype
        if len(x) == len(y) == 2 and x[1] == y[0] and kind is other.array.dtype and kind.kind == "f":
            return record_pair(MatMul, input, other)  # two matrices that fit: the usual case
        if not x or not y:
            raise RuntimeError(
                f"matmul(): both arguments need at least 1 dimension, got shapes {list(x)} and {list(y)} (a 0-d tensor is a number: use *)"
            )
        _same_type("matmul", input, other)
        need_numbers("matmul", input)
        if x[-1] != y[-2 if len(y) > 1 else 0]:
            raise RuntimeError(f"matmul(): shapes {list(x)} and {list(y)} cannot be multiplied ({x[-1]} columns against "
                               f"{y[-2 if len(y) > 1 else 0]} rows)")  # fmt: skip
        if len(x) > 1 and len(y) > 1:
            if len(x) > 2 or len(y) > 2:
                broadcast_shapes("matmul", x[:-2], y[:-2], of=f"the batches of {list(x)} and {list(y)}, ")
            return record_op(MatMul, input, other)
        left = input if len(x) > 1 else input.reshape(1, -1)
        right = other if len(y) > 1 else other.reshape(-1, 1)
        product = record_op(MatMul, left, right)
        shape = product.array.shape
        return product.reshape(
            (*shape[:-2], *(shape[-2:-1] if len(x) > 1 else ()), *(shape[-1:] if len(y) > 1 else ()))
        )

    @worded
    def mm(input: Tensor, mat2: Tensor) -> Tensor:
        """Matrix product of two matrices, without broadcasting."""
        _dimensions("mm", 2, input=input, mat2=mat2)
        return input.matmul(mat2)

    @worded
    def bmm(input: Tensor, mat2: Tensor) -> Tensor:
        """Matrix products of two batches (B, n, m) and (B, m, k), without broadcasting."""
        _dimensions("bmm", 3, input=input, mat2=mat2)
        if input.array.shape[0] != mat2.array.shape[0]:
            raise RuntimeError(f"bmm(): batch sizes differ: {list(input.shape)} and {list(mat2.shape)}")
        return input.matmul(mat2)

    @worded
    def mv(input: Tensor, vec: Tensor) -> Tensor:
        """Matrix times vector."""
        _dimensions("mv", 2, input=input)
        _dimensions("mv", 1, vec=vec)
        return input.matmul(vec)

    @widening
    def dot(input: Tensor, tensor: Tensor) -> Tensor:
        """The inner product of two vectors of one length."""
        _dimensions("dot", 1, input=input, tensor=tensor)
        if input.array.shape != tensor.array.shape:
            raise RuntimeError(f"dot(): vectors of {input.array.shape[0]} and {tensor.array.shape[0]} elements")
        _same_type("dot", input, tensor)
        need_numbers("dot", input)
        return (input * tensor).sum(dtype=input.dtype)

    @widening
    def outer(input: Tensor, vec2: Tensor) -> Tensor:
        """All products of an element of one vector and an element of the other: (n,), (m,) -> (n, m)."""
        _dimensions("outer", 1, input=input, vec2=vec2)
        return input.unsqueeze(1) * vec2

    @widening
    def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta · input + alpha · mat1 @ mat2."""
        need_tensor("addmm", input)
        return _added("addmm", input, mat1.mm(mat2), beta, alpha)

    addmm_: Final = in_place(addmm)

    @widening
    def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
        """beta · input + alpha · batch1 @ batch2, for batches of matrices."""
        need_tensor("baddbmm", input)
        return _added("baddbmm", input, batch1.bmm(batch2), beta, alpha)

    def __matmul__(self: Tensor, other: Any) -> Tensor:
        return self.matmul(self._of(plain("matmul", other)) if isinstance(other, np.ndarray) else other)

    def __rmatmul__(self: Tensor, other: Any) -> Tensor:
        return self._of(plain("matmul", np.asanyarray(other))).matmul(self)


def einsum(equation: str, *operands: Any) -> Tensor:
    """Sums of products by index letters, for example "bij,bjk->bik". Pairs of operands go one after the other.

    Supports repeated letters in an operand (a diagonal), `...`, implicit output, and any number of operands.
    """
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    for k, x in enumerate(operands):
        need_tensor("einsum", x, f"operands[{k}]")
    if all_half(operands):
        return narrow(einsum(equation, *[widen(x) for x in operands]))
    inputs, output, operands = _parse(equation, operands)
    terms, tensors = list(inputs), list(operands)
    for k in range(len(terms)):
        terms[k], tensors[k] = _take_diagonals(terms[k], tensors[k])
    while len(tensors) > 1:
        a, x, b, y = terms.pop(0), tensors.pop(0), terms.pop(0), tensors.pop(0)
        if next((letter in b for letter in output if (letter in a) != (letter in b)), False):
            a, x, b, y = b, y, a, x  # the output's order, so that the product need not be transposed
        needed = set(output).union(*terms)
        term, product = _contract(a, x, b, y, needed)
        terms.insert(0, term)
        tensors.insert(0, product)
    (term,), (x,) = terms, tensors
    gone = tuple(d for d, letter in enumerate(term) if letter not in output)
    if gone:
        x = x.sum(gone)
        term = [letter for letter in term if letter in output]
    return x.permute([term.index(letter) for letter in output]) if len(output) > 1 else x


def _same_type(name, *tensors):
    kinds = {x.dtype for x in tensors}
    if len(kinds) > 1:
        raise RuntimeError(
            f"{name}(): expected all tensors to have the same dtype, got {' and '.join(str(x.dtype) for x in tensors)}; "
            f"convert one with .to(dtype)"
        )


def _dimensions(name, wanted, **tensors):
    for argument, x in tensors.items():
        need_tensor(name, x, argument)
        if x.array.ndim != wanted:
            raise RuntimeError(f"{name}(): {argument} must be {wanted}-dimensional, got shape {list(x.shape)}")


def _added(name, input, product, beta, alpha):
    need_tensor(name, input)
    _same_type(name, input, product)
    fits = input.array.ndim <= product.array.ndim and all(
        n in (1, m) for n, m in zip(input.array.shape[::-1], product.array.shape[::-1], strict=False)
    )
    if not fits:
        raise RuntimeError(
            f"{name}(): input of shape {list(input.shape)} does not broadcast to the product's {list(product.shape)}"
        )
    product = _scaled(product, alpha)
    return product if beta == 0 else _scaled(input, beta) + product  # with beta 0, NaN in input is ignored


def _scaled(x, factor):
    """factor · x; on integers only the whole part of the factor counts, as in PyTorch."""
    if x.array.dtype.kind != "f":
        factor = int(factor)
    return x if factor == 1 else x * factor


def _parse(equation, operands):
    """Letters of each operand and of the output; `...` becomes letters that no one can type."""
    text = equation.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        raise RuntimeError(f"einsum(): {equation!r} names {len(terms)} operands, got {len(operands)}")
    hidden = max(
        [x.array.ndim - len(term.replace("...", "")) for term, x in zip(terms, operands, strict=True) if "..." in term],
        default=0,
    )
    parsed, sizes = [], {}
    for term, x in zip(terms, operands, strict=True):
        named = len(term.replace("...", ""))
        extra = x.array.ndim - named
        if extra < 0 or (extra and "..." not in term):
            raise RuntimeError(f"einsum(): {term!r} names {named} axes of a tensor of shape {list(x.shape)}")
        before, dots, after = term.partition("...")
        middle = [f"…{k}" for k in range(hidden - extra, hidden)] if dots else []
        letters = [*before, *middle, *after]
        parsed.append(letters)
        for letter, size in zip(letters, x.array.shape, strict=True):
            known = sizes.get(letter, 1)
            if known != size and 1 not in (known, size):
                raise RuntimeError(
                    f"einsum(): axis {letter!r} of {equation!r} is {known} in one operand, {size} in another"
                )
            sizes[letter] = size if known == 1 else known
    if arrow:
        before, dots, after = right.partition("...")
        output = [*before, *([f"…{k}" for k in range(hidden)] if dots else []), *after]
    else:
        every = [letter for letters in parsed for letter in letters]
        dots = [f"…{k}" for k in range(hidden)]
        output = dots + sorted(letter for letter in set(every) if every.count(letter) == 1 and letter not in dots)
    for letter in output:
        if letter not in sizes or output.count(letter) > 1:
            raise RuntimeError(f"einsum(): output axis {letter!r} of {equation!r} is unknown or repeated")
    return parsed, output, operands


def _take_diagonals(term, x):
    """Replace a letter that stands twice in one operand by the diagonal."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = x.diagonal(0, first, second)
            term = [other for d, other in enumerate(term) if d not in (first, second)] + [letter]
    return term, x


def _contract(a, x, b, y, needed):
    """The product of two operands, summed over letters that nobody needs any more, by one matmul."""
    shared = [letter for letter in a if letter in b]
    batch = [letter for letter in shared if letter in needed]
    summed = [letter for letter in shared if letter not in needed]
    only_a = [letter for letter in a if letter not in b]
    only_b = [letter for letter in b if letter not in a]
    sizes = {}
    for letter, n in (*zip(a, x.array.shape, strict=True), *zip(b, y.array.shape, strict=True)):
        sizes[letter] = n if sizes.get(letter, 1) == 1 else sizes[letter]

    def arranged(term, z, order):
        z = z.permute([term.index(letter) for letter in order]) if len(order) > 1 else z
        return z.expand([sizes[letter] for letter in order]) if order else z

    def joined(letters):
        return math.prod(sizes[letter] for letter in letters)

    left = arranged(a, x, batch + only_a + summed).reshape(joined(batch), joined(only_a), joined(summed))
    right = arranged(b, y, batch + summed + only_b).reshape(joined(batch), joined(summed), joined(only_b))
    letters = batch + only_a + only_b
    product = left.matmul(right) if summed else left * right
    return letters, product.reshape([sizes[letter] for letter in letters])
