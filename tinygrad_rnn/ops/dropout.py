"""Dropout: multiplication by a random mask that is drawn once and used again in backward."""

from __future__ import annotations

from .function import Function, call


class Dropout(Function):
    """y = x · mask, where mask is 0 with probability p and 1 / (1 - p) else          dL/dx = dL/dy · mask"""

    def forward(ctx, x, mask):
        ctx.mask = mask
        return x * mask

    def backward(ctx, g):
        return call(Dropout, g, mask=ctx.mask)
