"""Spectral normalisation: a weight divided by its largest singular value σ, w / σ (Miyato et al. 2018).

σ = uᵀ W v, where u and v are followed from call to call by power iterations; in evaluation they rest.
"""

from __future__ import annotations

from typing import Any

from ..._mode import no_grad
from ..._tensor import Tensor
from ..convolution import ConvTranspose1d, ConvTranspose2d
from ..functional import normalize
from ..module import Module
from .parametrize import register_parametrization
from .weight_norm import install, removed, taken


def _matrix(weight: Tensor, dim: int) -> Tensor:
    """(size of `dim`, the rest)"""
    return weight.movedim(dim, 0).flatten(1)


def _unit(v: Tensor, eps: float) -> Tensor:
    return normalize(v, dim=0, eps=eps)


def _divided(weight: Tensor, dim: int, u: Tensor, v: Tensor) -> Tensor:
    """w / σ, by copies of u and v: the next iteration changes them, and backward needs them as they are."""
    return weight / u.clone().dot(_matrix(weight, dim).mv(v.clone()))


def _dim_of(module: Any, dim: int | None) -> int:
    return int(isinstance(module, (ConvTranspose1d, ConvTranspose2d))) if dim is None else dim


def _checked(n_power_iterations: int) -> int:
    if n_power_iterations <= 0:
        raise ValueError(f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}")
    return n_power_iterations


class SpectralNorm:
    """Called before a module's forward: puts `name`_orig / σ in the place of the weight."""

    arguments: tuple[str, ...] = ("name", "n_power_iterations", "dim", "eps")  # what it consists of, for files

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12):
        self.name: str = name
        self.n_power_iterations: int = _checked(n_power_iterations)
        self.dim: int = dim
        self.eps: float = eps
        self.makes: str = name

    def weight(self, module: Any, iterations: int = 0) -> Tensor:
        """The weight by the present u and v, or after some iterations more."""
        weight, u, v = (getattr(module, self.name + part) for part in ("_orig", "_u", "_v"))
        with no_grad():
            matrix = _matrix(weight, self.dim)
            for _ in range(iterations):
                v.copy_(_unit(matrix.t().mv(u), self.eps))
                u.copy_(_unit(matrix.mv(v), self.eps))
        return _divided(weight, self.dim, u, v)

    def __call__(self, module: Any, args: Any) -> None:
        module.__dict__[self.name] = self.weight(module, self.n_power_iterations if module.training else 0)


def spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """Divide the parameter `name`, now `name`_orig, by its largest singular value before each forward; returns the module.

    u and v are the buffers `name`_u and `name`_v, improved by `n_power_iterations` at each forward in training; `dim` is the
    axis of the outputs (0, or 1 of a transposed convolution), `eps` the least length that a vector is divided by.
    """
    rule = SpectralNorm(name, n_power_iterations, _dim_of(module, dim), eps)
    weight = taken(module, name, SpectralNorm)
    module.register_parameter(f"{name}_orig", weight)
    for part, size in zip(("_u", "_v"), _matrix(weight, rule.dim).shape, strict=True):
        module.register_buffer(name + part, _unit(weight.new_empty(size).normal_(), eps))
    install(module, rule)
    return module


def remove_spectral_norm(module: Any, name: str = "weight") -> Any:
    """Make `name` a parameter again, with its present value; returns the module."""
    return removed(module, name, SpectralNorm, "_orig", "_u", "_v")


class DividedBySpectrum(Module):
    """What makes a weight of `original`, with the buffers `_u` and `_v`; a vector is divided by its length."""

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12):
        super().__init__()
        self.n_power_iterations: int = _checked(n_power_iterations)
        self.dim: int = dim
        self.eps: float = eps
        if weight.ndim > 1:
            for name, size in zip(("_u", "_v"), _matrix(weight, dim).shape, strict=True):
                self.register_buffer(name, _unit(weight.new_empty(size).normal_(), eps))
            self._iterate(weight, 15)

    def _iterate(self, weight: Tensor, n: int) -> None:
        with no_grad():
            matrix = _matrix(weight, self.dim)
            for _ in range(n):
                self._u.copy_(_unit(matrix.mv(self._v), self.eps))
                self._v.copy_(_unit(matrix.t().mv(self._u), self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        """w / σ"""
        if weight.ndim == 1:
            return _unit(weight, self.eps)
        if self.training:
            self._iterate(weight, self.n_power_iterations)
        return _divided(weight, self.dim, self._u, self._v)

    def right_inverse(self, value: Tensor) -> Tensor:
        """`value`, which is taken to have σ = 1."""
        return value


def parametrized_spectral_norm(
    module: Any, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> Any:
    """As `spectral_norm`, with the names of `torch.nn.utils.parametrizations`: parametrizations.weight.original, 0._u, 0._v.

    u and v start from 15 iterations; each reading of the weight in training adds `n_power_iterations`.
    """
    rule = DividedBySpectrum(getattr(module, name), n_power_iterations, _dim_of(module, dim), eps)
    return register_parametrization(module, name, rule)
