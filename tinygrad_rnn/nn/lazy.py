"""Modules that learn the size of their input from the first one: `LazyLinear(4)` is `Linear(n, 4)` after a call."""

from __future__ import annotations

from typing import Any

from .._tensor import Tensor
from ..create import empty
from .convolution import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, _Convolution
from .linear import Linear
from .module import Module
from .normalization import BatchNorm1d, BatchNorm2d, InstanceNorm1d, InstanceNorm2d
from .parameter import Parameter


class UninitializedParameter(Parameter):
    """A parameter whose shape is not known yet: it holds no numbers."""

    __slots__ = ()

    def __init__(self, requires_grad: bool = True, device: Any = None, dtype: Any = None):
        super().__init__(empty(0, dtype=dtype, device=device), requires_grad)


class _Lazy(Module):
    """Makes itself with `size` features when it is first called, and becomes the class it is named after."""

    settled: Any  # the class to become
    axis: int = 1  # where the features stand in the input

    def __init__(self, *arguments: Any, **options: Any):
        """Remember how to make it; until then there are parameters without numbers, so that optimisers can have them."""
        Module.__init__(self)  # the settled class's own waits for the first input
        object.__setattr__(self, "_made_with", (arguments, options))
        self.weight: UninitializedParameter = UninitializedParameter()
        if options.get("bias", True):
            self.bias: UninitializedParameter = UninitializedParameter()

    def has_uninitialized_params(self) -> bool:
        """Are there parameters without numbers?"""
        return "_made_with" in self.__dict__

    def extra_repr(self) -> str:
        arguments, options = self._made_with
        return ", ".join(["0", *map(repr, arguments), *(f"{name}={value!r}" for name, value in options.items())])

    def _settle(self, size: int) -> None:
        """The same object as a `settled` module, its parameters those that were given away before."""
        arguments, options = self.__dict__.pop("_made_with")
        early = {name: p for name, p in self._parameters.items() if p is not None}
        made = self.settled(size, *arguments, **options)
        training = self.training
        for name, p in made._parameters.items():
            if p is not None and name in early:
                early[name].data = p.data
                made._parameters[name] = early[name]
                early[name].__class__ = Parameter
        for place in ("_scope_name", "_forward_hooks", "_forward_pre_hooks", "_backward_hooks"):
            object.__setattr__(made, place, self.__dict__[place])
        self.__dict__.clear()
        self.__dict__.update(made.__dict__)
        self.__class__ = self.settled
        self.train(training)

    def forward(self, input: Tensor) -> Any:
        """As the settled module."""
        self._settle(input.shape[self.axis if input.ndim > self._least() else self.axis - 1])
        return self.forward(input)

    def _least(self) -> int:
        """How many axes an input without a batch has."""
        if issubclass(self.settled, InstanceNorm1d):
            return self.settled.dims[0]
        return self.settled.axes + 1 if issubclass(self.settled, _Convolution) else 1


class LazyLinear(_Lazy, Linear):
    """`Linear(in_features, out_features, …)` whose in_features are the last axis of the first input."""

    settled = Linear
    axis = -1

    def forward(self, input: Tensor) -> Tensor:
        """As Linear's."""
        self._settle(input.shape[-1])
        return self.forward(input)


class LazyConv1d(_Lazy, Conv1d):
    """`Conv1d` whose in_channels are those of the first input."""

    settled = Conv1d


class LazyConv2d(_Lazy, Conv2d):
    """`Conv2d` whose in_channels are those of the first input."""

    settled = Conv2d


class LazyConvTranspose1d(_Lazy, ConvTranspose1d):
    """`ConvTranspose1d` whose in_channels are those of the first input."""

    settled = ConvTranspose1d


class LazyConvTranspose2d(_Lazy, ConvTranspose2d):
    """`ConvTranspose2d` whose in_channels are those of the first input."""

    settled = ConvTranspose2d


class LazyBatchNorm1d(_Lazy, BatchNorm1d):
    """`BatchNorm1d` whose num_features are the channels of the first input."""

    settled = BatchNorm1d


class LazyBatchNorm2d(_Lazy, BatchNorm2d):
    """`BatchNorm2d` whose num_features are the channels of the first input."""

    settled = BatchNorm2d


class LazyInstanceNorm1d(_Lazy, InstanceNorm1d):
    """`InstanceNorm1d` whose num_features are the channels of the first input."""

    settled = InstanceNorm1d


class LazyInstanceNorm2d(_Lazy, InstanceNorm2d):
    """`InstanceNorm2d` whose num_features are the channels of the first input."""

    settled = InstanceNorm2d
