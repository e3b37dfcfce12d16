"""Random expression graphs, built the same way in two libraries: values and gradients must agree.

A program is a list of steps drawn from a seed. Each step takes earlier tensors (often the same one
twice), so sub-expressions are shared; some steps make views, some write in place into them. By hand:

    python -m tests.parity.random_graphs 2000 [first seed]
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np

import tinygrad_rnn as tg

SHAPES = [(3,), (2, 3), (1, 3), (2, 1), (), (4, 2, 3), (3, 3)]

# functions that keep values moderate, so that long chains neither overflow nor vanish
ONE = [
    lambda t, x: t.tanh(x), lambda t, x: x.sigmoid(), lambda t, x: t.sin(x), lambda t, x: t.cos(x), lambda t, x: x.abs(), lambda t, x: -x,
    lambda t, x: x * 0.5, lambda t, x: 1 - x, lambda t, x: x.clamp(-1, 1), lambda t, x: t.log(x * x + 1), lambda t, x: (x * x + 0.5).sqrt(),
    lambda t, x: t.exp(-x * x), lambda t, x: x.relu(), lambda t, x: t.erf(x), lambda t, x: (x * x + 1) ** -0.5, lambda t, x: x**2 * 0.3, lambda t, x: 1 / (x * x + 1),
    lambda t, x: x.sum(-1, keepdim=True) * 0.3 if x.ndim else x, lambda t, x: x.mean(), lambda t, x: t.logsumexp(x, -1, keepdim=True) if x.ndim else x,
    lambda t, x: t.softmax(x, -1) if x.ndim else x, lambda t, x: x.max(), lambda t, x: x.amax(-1, keepdim=True) if x.ndim else x,
    lambda t, x: x.cumsum(-1) * 0.4 if x.ndim else x, lambda t, x: x.var(-1, keepdim=True) if x.ndim and x.shape[-1] > 1 else x, lambda t, x: t.where(x > 0, x, 0.1 * x),
    lambda t, x: x.masked_fill(x > 1, 0.5), lambda t, x: x.type_as(x).double(), lambda t, x: x.clone(), lambda t, x: t.cat([x, x], -1).narrow(-1, 1, x.shape[-1]) if x.ndim else x,
    lambda t, x: x.flip(0) if x.ndim else x, lambda t, x: x.roll(1, -1) if x.ndim else x, lambda t, x: x.tril() if x.ndim > 1 else x, lambda t, x: x.sort(-1)[0] if x.ndim else x,
    lambda t, x: x[[0, 0]] if x.ndim else x, lambda t, x: x[..., [0, -1]] if x.ndim else x, lambda t, x: x.repeat(2, *[1] * (x.ndim - 1)) if x.ndim else x,
    lambda t, x: x.prod(-1, keepdim=True) if x.ndim else x, lambda t, x: t.stack([x, x * 2], 0).sum(0) * 0.3, lambda t, x: x.norm(2, -1, True) if x.ndim else x,
    lambda t, x: x @ x.transpose(-1, -2) * 0.2 if x.ndim > 1 else x, lambda t, x: sum(t.unbind(x)) * 0.4 if x.ndim else x, lambda t, x: x.detach() * 0.5 + x,
    lambda t, x: t.einsum("...i,...i->...", x, x) * 0.2 if x.ndim else x, lambda t, x: x.logcumsumexp(-1) if x.ndim else x,
]  # fmt: skip
TWO = [
    lambda t, x, y: x + y, lambda t, x, y: x - y, lambda t, x, y: x * y, lambda t, x, y: x / (y * y + 1), lambda t, x, y: t.maximum(x, y), lambda t, x, y: t.minimum(x, y),
    lambda t, x, y: t.where(x > y, x, y * 0.5), lambda t, x, y: t.lerp(x, y, 0.3), lambda t, x, y: t.addcmul(x, x, y, value=0.5), lambda t, x, y: t.logaddexp(x, y),
    lambda t, x, y: (x * x + 0.5) ** (y.sigmoid()), lambda t, x, y: x.add(y, alpha=-0.5), lambda t, x, y: x.clamp(y, y + 1), lambda t, x, y: t.cat([x.reshape(-1), y.reshape(-1)])[:6],
]  # fmt: skip
VIEWS = [
    lambda t, x: x[0] if x.ndim else x, lambda t, x: x[..., -1] if x.ndim else x, lambda t, x: x[..., :2] if x.ndim else x, lambda t, x: x.reshape(-1), lambda t, x: x.transpose(0, -1) if x.ndim else x,
    lambda t, x: x.unsqueeze(0), lambda t, x: x.squeeze(), lambda t, x: x[None, ..., ::2] if x.ndim else x, lambda t, x: x.permute(*range(x.ndim - 1, -1, -1)) if x.ndim else x, lambda t, x: x.narrow(0, 0, 1) if x.ndim else x,
    lambda t, x: x.expand(2, *x.shape) * 0.5, lambda t, x: x.chunk(2, 0)[-1] * 1.5 if x.ndim else x, lambda t, x: x.split(1, -1)[0].sin() if x.ndim else x, lambda t, x: x.diagonal(0, -2, -1) if x.ndim > 1 else x,
]  # fmt: skip
IN_PLACE = [
    lambda t, x, y: x.mul_(0.7), lambda t, x, y: x.add_(y.mean()), lambda t, x, y: x.tanh_(), lambda t, x, y: x.sub_(y.sum() * 0.1), lambda t, x, y: x.zero_() if x.ndim > 1 else x.mul_(2), lambda t, x, y: x.clamp_(-1, 1),
    lambda t, x, y: x.__setitem__(0, y.mean()) if x.ndim else None, lambda t, x, y: x.__setitem__((..., -1), 0.5) if x.ndim else None, lambda t, x, y: x.__setitem__(x > 0.5, 0.25), lambda t, x, y: x.masked_fill_(x < -0.5, 0.0),
    lambda t, x, y: x[0].mul_(0.5) if x.ndim else None, lambda t, x, y: x.__setitem__((..., slice(None, None, 2)), y.sin().mean()) if x.ndim else None, lambda t, x, y: x.copy_(y.mean()), lambda t, x, y: x.sigmoid_(), lambda t, x, y: x.neg_(),
]  # fmt: skip


def build(library: Any, seed: int) -> tuple[Any, list[Any]]:
    """The loss and the leaves of the program with this seed. Steps that do not fit (shapes) are drawn again."""
    rng = np.random.default_rng(seed)
    leaves: list[Any] = []
    for _ in range(3):
        values = np.asarray(rng.standard_normal(SHAPES[rng.integers(len(SHAPES))]))
        leaves.append(library.from_numpy(values).requires_grad_())
    made = [leaf * 1.0 for leaf in leaves] + leaves
    for _ in range(int(rng.integers(5, 41))):
        kind, which = rng.random(), rng.integers(1 << 30)
        x, y = made[rng.integers(len(made))], made[rng.integers(len(made))]
        if kind < 0.42:
            new = ONE[which % len(ONE)](library, x)
        elif kind < 0.75:
            new = TWO[which % len(TWO)](library, x, y) if fits(x, y) else x + y.sum()
        elif kind < 0.9:
            new = VIEWS[which % len(VIEWS)](library, x)
        else:
            new = write(library, IN_PLACE[which % len(IN_PLACE)], x, y, leaves)
        if new is not None and new.numel() and float(new.detach().abs().max()) > 20:
            new = new.tanh()  # the sine of a large number would show nothing but rounding
        if new is not None and new.numel() <= 500:
            made.append(new)
    loss = sum(part.sin().mean() for part in made[-6:])
    return loss, leaves


def fits(x: Any, y: Any) -> bool:
    """Do the shapes broadcast?"""
    return all(a == b or 1 in (a, b) for a, b in zip(tuple(x.shape)[::-1], tuple(y.shape)[::-1], strict=False))


def write(library: Any, change: Any, x: Any, y: Any, leaves: list[Any]) -> Any:
    """Change `x` in place where that is allowed, else a copy of it."""
    shared = any(step == 0 and n > 1 for step, n in zip(x.stride(), x.shape, strict=True))  # after expand
    if shared or x.numel() == 0 or x.data_ptr() in {leaf.data_ptr() for leaf in leaves}:
        x = x.clone()
    change(library, x, y)
    return x


def outcome(library: Any, seed: int) -> Any:
    """The loss and the gradients of the leaves (zeros where there is none), or the error's type."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loss, leaves = build(library, seed)
            loss.backward()
        except RuntimeError as error:
            return f"RuntimeError: {error}"
    return [loss.item()] + [0 * x.detach().numpy() if x.grad is None else x.grad.numpy() for x in leaves]


def check(torch: Any, seed: int) -> str:
    """'' if both libraries agree on the program with this seed, else what differs.

    "refused" if PyTorch refuses it: a value that backward needs was changed. Here an in-place function keeps
    the old values that its own backward needs, so fewer programs are refused.
    """
    theirs, ours = outcome(torch, seed), outcome(tg, seed)
    if isinstance(theirs, str):
        return "refused"
    if isinstance(ours, str):
        return f"seed {seed}: {ours}"
    for k, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if not np.allclose(a, b, rtol=1e-7, atol=1e-9, equal_nan=True):
            return f"seed {seed}: {'loss' if k == 0 else f'gradient of leaf {k}'} is {a}, torch {b}"
    return ""


def main(count: int, first: int = 0) -> int:
    """Compare programs until `count` ran in both libraries; print what differs."""
    import torch

    failures, refused, seed = [], 0, first
    while seed - first - refused < count:
        text = check(torch, seed)
        refused += text == "refused"
        if text not in ("", "refused"):
            failures.append(text)
        seed += 1
    print("\n".join(failures[:20]))
    print(f"{count} graphs compared, {len(failures)} differ; PyTorch refused {refused} more")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
