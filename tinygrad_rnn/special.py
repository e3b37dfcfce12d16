"""PyTorch's `torch.special`: functions that stand elsewhere too, under the names that SciPy gives them."""

from __future__ import annotations

from typing import Any

from ._missing_names import missing as _missing
from ._tensor import Tensor

expit = Tensor.sigmoid
gammaln = Tensor.lgamma
psi = digamma = Tensor.digamma
erf = Tensor.erf
erfc = Tensor.erfc
exp2 = Tensor.exp2
expm1 = Tensor.expm1
log1p = Tensor.log1p
logit = Tensor.logit
logsumexp = Tensor.logsumexp
softmax = Tensor.softmax
log_softmax = Tensor.log_softmax
round = Tensor.round
sinc = Tensor.sinc
xlogy = Tensor.xlogy


def entr(input: Tensor) -> Tensor:
    """-x ln x, which is 0 at 0."""
    return -input.xlogy(input)


def __getattr__(name: str) -> Any:
    raise _missing(f"module {__name__!r}", name, globals())
