"""PyTorch's `torch.special`: functions that stand elsewhere too, under the names that SciPy gives them."""

from __future__ import annotations

from typing import Any, Final as _Final

from ._missing_names import missing as _missing
from ._tensor import Tensor

expit: _Final = Tensor.sigmoid
gammaln: _Final = Tensor.lgamma
psi: _Final = Tensor.digamma
digamma: _Final = Tensor.digamma
erf: _Final = Tensor.erf
erfc: _Final = Tensor.erfc
exp2: _Final = Tensor.exp2
expm1: _Final = Tensor.expm1
log1p: _Final = Tensor.log1p
logit: _Final = Tensor.logit
logsumexp: _Final = Tensor.logsumexp
softmax: _Final = Tensor.softmax
log_softmax: _Final = Tensor.log_softmax
round: _Final = Tensor.round
sinc: _Final = Tensor.sinc
xlogy: _Final = Tensor.xlogy


def entr(input: Tensor) -> Tensor:
    """-x ln x, which is 0 at 0."""
    return -input.xlogy(input)


def __getattr__(name: str) -> Any:
    raise _missing(f"module {__name__!r}", name, globals())
