"""Numbers of one tensor with those of another, or of its own: Kronecker and cross products, covariances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .checks import need_tensor
from .function import Recorded
from .widening import widening

if TYPE_CHECKING:
    from .._tensor import Tensor


class Pairing(Recorded):
    """Tensor's products of pairs."""

    __slots__ = ()

    def kron(input: Tensor, other: Tensor) -> Tensor:
        """Each number of input times all of other, set in its place."""
        need_tensor("kron", input)
        need_tensor("kron", other, "other")
        n = max(input.ndim, other.ndim)
        a, b = ([*[1] * (n - x.ndim), *x.shape] for x in (input, other))
        x = input.reshape([k for size in a for k in (size, 1)]) * other.reshape([k for size in b for k in (1, size)])
        return x.reshape([i * j for i, j in zip(a, b, strict=True)])

    @widening
    def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
        """The vectors at right angles to both, of size 3 along `dim` (default the first axis of that size)."""
        need_tensor("cross", input)
        need_tensor("cross", other, "other")
        dim = next((d for d, n in enumerate(input.shape) if n == 3), -1) if dim is None else dim
        if input.shape[dim] != 3 or other.shape[dim] != 3:
            raise RuntimeError(
                f"cross(): 3 numbers along dim {dim} are wanted, got {list(input.shape)} and {list(other.shape)}"
            )
        return input.roll(-1, dim) * other.roll(1, dim) - input.roll(1, dim) * other.roll(-1, dim)

    @widening
    def cov(input: Tensor, *, correction: int = 1) -> Tensor:
        """The covariances (V, V) of V variables in rows, over n observations; n - correction counts."""
        need_tensor("cov", input)
        away = input.reshape(-1, input.shape[-1] if input.ndim else 1)
        away = away - away.mean(1, keepdim=True)
        return (away @ away.mT / (away.shape[1] - correction)).reshape([input.shape[0]] * 2 if input.ndim > 1 else [])

    @widening
    def corrcoef(input: Tensor) -> Tensor:
        """The correlations (V, V) of V variables in rows."""
        need_tensor("corrcoef", input)
        c: Any = input.cov()
        spread = c.diagonal().sqrt() if c.ndim else c.sqrt()
        return (c / spread / spread.unsqueeze(-1)).clamp(-1, 1) if c.ndim else c / c
