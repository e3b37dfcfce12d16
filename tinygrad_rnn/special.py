"""PyTorch's `torch.special`: functions that stand elsewhere too, some under the names that SciPy gives them."""

from __future__ import annotations

from typing import Any

from ._missing_names import missing as _missing
from ._tensor import Tensor

_SAME = "digamma erf erfc exp2 expm1 log1p logit logsumexp softmax log_softmax round sinc xlogy".split()  # noqa: SIM905
_OTHER = {"expit": "sigmoid", "gammaln": "lgamma", "psi": "digamma"}


def entr(input: Tensor) -> Tensor:
    """-x ln x, which is 0 at 0."""
    return -input.xlogy(input)


def __getattr__(name: str) -> Any:
    if name in _SAME or name in _OTHER:
        return getattr(Tensor, _OTHER.get(name, name))
    raise _missing(f"module {__name__!r}", name, __dir__())


def __dir__() -> list[str]:
    return sorted(["entr", *_SAME, *_OTHER])
