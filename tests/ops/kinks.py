"""Calls at kinks and bounds, with PyTorch's values and derivatives of them: kinks.json, written by

    python -m tests.ops.kinks          (needs PyTorch; the file says which version)

Each line is a call and its inputs x, y, z, float64. Kept are the result, the gradients of Σ (k + 1) result_k, and the
gradients of Σ (k + 1) gradient_k, both by all inputs, with 0 where nothing depends on an input.
"""

from __future__ import annotations

import json
import math
import pathlib
import warnings
from typing import Any

import numpy as np

FILE = pathlib.Path(__file__).with_name("kinks.json")

ALL = "[-inf, -2.0, -1.0, -0.0, 0.0, 1.0, 2.0, inf, nan]"
POSITIVE = "[0.0, 1.0, inf, nan]"
BOUNDS = "[-2.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 2.0]"
HALVES = "[-2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5]"
ZEROS = "[[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]]"
TIES = "[[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [-1.0, 0.0, -1.0]]"
DEAD = "[[0.0, -inf], [-inf, -inf], [inf, 1.0], [inf, inf], [nan, 1.0], [800.0, -800.0]]"
PAIRS = "[0.0, 0.0, 0.0, 1.0, -1.0, -2.0, 2.0, inf, 0.0, 1.0, 2.0] | [0.0, 1.0, 2.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.5, 2.0, 0.5]"
NUMBERS = "[-1.0, 0.0, 1.0, 1.0, 2.0, inf, -inf] | [-1.0, -0.0, 1.0, 2.0, 1.0, inf, -inf]"
EQUAL = "[-1.0, 0.0, 1.0, 1.0, 2.0, inf, -inf, nan, 1.0] | [-1.0, -0.0, 1.0, 2.0, 1.0, inf, -inf, 1.0, nan]"

CALLS = f"""
abs(x)                                          | {ALL}
-x                                              | {ALL}
x.sign()                                        | {ALL}
x.relu()                                        | {ALL}
x.exp()                                         | {ALL}
x.expm1()                                       | {ALL}
x.log()                                         | {POSITIVE}
x.log2()                                        | {POSITIVE}
x.log10()                                       | {POSITIVE}
x.log1p()                                       | [-1.0, 0.0, 1.0, inf]
x.sqrt()                                        | {POSITIVE}
x.rsqrt()                                       | {POSITIVE}
x.reciprocal()                                  | {ALL}
x.square()                                      | {ALL}
x.sin()                                         | {ALL}
x.cos()                                         | {ALL}
x.erf()                                         | {ALL}
x.erfc()                                        | {ALL}
x.erfc()                                        | [-6.0, 4.5, 6.0, 9.0]
x.tan()                                         | {ALL}
x.sinh()                                        | [-inf, -800.0, -1.0, -0.0, 0.0, 1.0, 800.0, inf, nan]
x.cosh()                                        | [-inf, -800.0, -1.0, -0.0, 0.0, 1.0, 800.0, inf, nan]
x.asin()                                        | {ALL}
x.acos()                                        | {ALL}
x.atan()                                        | {ALL}
x.asinh()                                       | {ALL}
x.acosh()                                       | [0.5, 1.0, 2.0, inf, nan]
x.atanh()                                       | {ALL}
x.atan2(y)                                      | [0.0, -0.0, 1.0, -1.0, 0.0, -0.0, inf, 1.0, nan] | [1.0, 1.0, 0.0, 0.0, -1.0, -1.0, inf, -inf, 1.0]
x.fmod(y)                                       | [2.5, -2.5, 2.5, -2.5, 3.0, 0.0, 1.0, inf, nan, 1.0] | [2.0, 2.0, -2.0, -2.0, 1.5, 2.0, 0.0, 1.0, 1.0, inf]
x.fmod(2.0)                                     | [-4.0, -2.5, -2.0, -0.0, 0.0, 2.0, 2.5, inf, nan]
x.tanh()                                        | {ALL}
x.sigmoid()                                     | [-inf, -800.0, -1.0, 0.0, 1.0, 800.0, inf, nan]
x.floor()                                       | {HALVES}
x.ceil()                                        | {HALVES}
x.trunc()                                       | {HALVES}
x.round()                                       | {HALVES}
x.nan_to_num()                                  | {ALL}
x.nan_to_num(3.0, 4.0, -5.0)                    | {ALL}
x ** 0                                          | {ALL}
x ** 1                                          | {ALL}
x ** 2                                          | {ALL}
x ** 3                                          | {BOUNDS}
x ** 0.5                                        | {POSITIVE}
x ** -1                                         | [-1.0, 1.0, 2.0, inf]
x ** 1.5                                        | {POSITIVE}
2.0 ** x                                        | [-inf, 0.0, 1.0, inf]
x / y                                           | [0.0, 1.0, -1.0, 1.0, inf, 0.0] | [1.0, 0.0, 0.0, inf, 2.0, 0.0]
x * y                                           | [0.0, inf, nan, 0.0] | [inf, 0.0, 0.0, nan]
t.div(x, y, rounding_mode='floor')              | [1.0, -1.0, 0.0, 7.0, -7.0] | [0.5, 2.0, 1.0, 7.0, 7.0]
x % y                                           | [1.0, -1.0, 0.0, 7.0, -7.0] | [0.5, 2.0, 1.0, -2.0, 2.0]
t.xlogy(x, y)                                   | [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 2.0] | [0.0, 1.0, inf, nan, 1.0, 2.0, 2.0, inf]
t.maximum(x, y)                                 | {EQUAL}
t.minimum(x, y)                                 | {EQUAL}
t.where(x > 0, x, y)                            | {EQUAL}
t.where(x > 0, x.sqrt(), y)                     | [0.0, 1.0, 4.0] | [5.0, 6.0, 7.0]
t.lerp(x, y, 0.0)                               | [0.0, 1.0] | [1.0, 2.0]
t.addcdiv(x, y, z)                              | [1.0, 2.0] | [0.0, 1.0] | [2.0, -2.0]
x.clamp(-1, 1)                                  | {ALL}
x.clamp(-0.5, 0.5)                              | {BOUNDS}
x.clamp(min=0)                                  | {ALL}
x.clamp(max=0)                                  | {ALL}
x.clamp(1, -1)                                  | {BOUNDS}
x.clamp(min=y)                                  | {NUMBERS}
x.clamp(max=y)                                  | {NUMBERS}
x.clamp(y, z)                                   | [0.0, 1.0, 2.0, 1.0] | [0.0, 0.0, 1.0, 2.0] | [1.0, 1.0, 1.0, 0.0]
x.clamp(y, z)                                   | [0.0, 1.0, 2.0] | [1.0, 1.0, 1.0] | [1.0, 1.0, 1.0]
x.masked_fill(x > 0, 2.0)                       | {ALL}
F.leaky_relu(x, 0.1)                            | {ALL}
F.leaky_relu(x, -0.5)                           | {BOUNDS}
F.leaky_relu(x, 0.0)                            | {BOUNDS}
F.elu(x, 0.5)                                   | [-inf, -2.0, -1.0, -0.0, 0.0, 1.0, 2.0, inf]
F.gelu(x)                                       | [-40.0, -1.0, -0.0, 0.0, 1.0, 40.0, nan]
F.gelu(x, approximate='tanh')                   | [-40.0, -1.0, -0.0, 0.0, 1.0, 40.0, nan]
F.silu(x)                                       | [-800.0, -1.0, -0.0, 0.0, 1.0, 800.0, nan]
F.logsigmoid(x)                                 | [-800.0, -1.0, 0.0, 1.0, 800.0, nan]
F.hardtanh(x)                                   | {ALL}
F.hardtanh(x, -0.5, 2.0)                        | {BOUNDS}
F.relu6(x)                                      | [-1.0, -0.0, 0.0, 3.0, 6.0, 7.0, nan]
F.glu(x)                                        | [[0.0, 1.0, 800.0, -800.0]]
F.pad(x, (1, 1), value=2.0)                     | [0.0, nan]
x.softmax(0)                                    | [0.0, -inf, 0.0]
x.softmax(-1)                                   | {DEAD}
x.log_softmax(-1)                               | {DEAD}
x.sum()                                         | [1.0, inf, nan]
x.sum(1)                                        | [[inf, -inf], [inf, 1.0], [0.0, -0.0]]
x.mean(1)                                       | [[inf, -inf], [inf, 1.0], [0.0, -0.0]]
x.amax(1)                                       | {TIES}
x.amin(1)                                       | {TIES}
x.amax()                                        | {TIES}
x.max()                                         | {TIES}
x.min()                                         | {TIES}
x.max(1)[0]                                     | {TIES}
x.min(1)[0]                                     | {TIES}
x.max(1)[0]                                     | [[nan, 1.0], [1.0, nan], [inf, inf]]
x.sort(dim=1, stable=True)[0]                          | {TIES}
x.sort(dim=1, descending=True, stable=True)[0]      | {TIES}
x.topk(1, 1)[0]                                 | [[1.0, 3.0], [2.0, 1.0]]
x.prod()                                        | [2.0, 3.0, 4.0]
x.prod()                                        | [2.0, 0.0, 4.0]
x.prod()                                        | [0.0, 0.0, 4.0]
x.prod(1)                                       | {ZEROS}
x.prod(0)                                       | {ZEROS}
x.cumprod(1)                                    | {ZEROS}
x.cumprod(0)                                    | {ZEROS}
x.cumsum(1)                                     | [[inf, -inf, 1.0], [1.0, nan, 1.0], [0.0, 0.0, 0.0]]
x.logsumexp(1)                                  | {DEAD}
x.logsumexp(0)                                  | [0.0, -inf]
x.logcumsumexp(0)                               | [0.0, 0.0, 800.0, -800.0]
x.norm(1)                                       | [0.0, -2.0]
x.norm(1, 1)                                    | [[0.0, 0.0], [3.0, 0.0], [-3.0, 4.0]]
x.norm(3, 1)                                    | [[0.0, 0.0], [3.0, 0.0], [-3.0, 4.0]]
x.norm(0, 1)                                    | [[0.0, 0.0], [3.0, 0.0], [-3.0, 4.0]]
x.norm(inf, 1)                                  | [[0.0, 0.0], [3.0, 3.0], [-3.0, 3.0], [-4.0, 3.0]]
x.norm(-inf, 1)                                 | [[0.0, 0.0], [3.0, 3.0], [-3.0, 3.0], [-4.0, 3.0]]
x.var(0)                                        | [2.0]
x.var(0, unbiased=False)                        | [2.0]
x.var()                                         | [2.0, 2.0]
x.var(0, correction=2)                          | [2.0, 3.0, 5.0]
x.std()                                         | [2.0, 2.0]
x.std(0)                                        | [2.0]
x.std(0, unbiased=False)                        | [2.0]
x.std(1)                                        | [[2.0, 2.0], [1.0, 3.0]]
x @ y                                           | [[0.0, inf], [1.0, nan]] | [[1.0, 0.0], [0.0, 1.0]]
t.addmm(x, y, z, beta=0)                        | [[nan, inf]] | [[1.0, 2.0]] | [[1.0, 2.0], [3.0, 4.0]]
t.addmm(x, y, z, beta=1, alpha=0)               | [[1.0, 2.0]] | [[1.0, 2.0]] | [[1.0, 2.0], [3.0, 4.0]]
t.baddbmm(x, y, z, beta=0)                      | [[[nan, inf]]] | [[[1.0, 2.0]]] | [[[1.0, 2.0], [3.0, 4.0]]]
t.baddbmm(x, y, z, beta=0.5, alpha=2)           | [[[1.0, 2.0]]] | [[[1.0, 2.0]]] | [[[1.0, 2.0], [3.0, 4.0]]]
x.tril()                                        | [[nan, inf], [1.0, nan]]
t.diag(x)                                       | [0.0, nan]
x[[0, 0, 1]]                                    | [0.0, inf]
x.index_add(0, t.tensor([0, 0]), y)             | [0.0, 1.0] | [2.0, inf]
x.scatter(0, t.tensor([1]), y)                  | [0.0, nan] | [2.0]
F.cosine_similarity(x, y, 1)                    | [[3.0, 4.0], [1.0, 1.0]] | [[4.0, 3.0], [1.0, -1.0]]
F.layer_norm(x, (3,))                           | [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]
F.batch_norm(x, None, None, None, None, True)   | [[1.0, 2.0], [1.0, 4.0], [1.0, 0.0]]
F.l1_loss(x, y, reduction='none')               | [0.0, 1.0, -1.0] | [0.0, 2.0, -2.0]
F.mse_loss(x, y, reduction='none')              | [0.0, 1.0, -1.0] | [0.0, 2.0, -2.0]
F.smooth_l1_loss(x, y, reduction='none')        | [0.0, 1.0, -1.0, 0.5, 3.0] | [0.0, 0.0, 0.0, 0.0, 0.0]
F.huber_loss(x, y, reduction='none', delta=2.0) | [0.0, 2.0, -2.0, 0.5, 3.0] | [0.0, 0.0, 0.0, 0.0, 0.0]
F.kl_div(x, y, reduction='none')                | [0.0, -1.0, -2.0] | [0.0, 1.0, 0.5]
F.binary_cross_entropy(x, y, reduction='none')  | [0.25, 0.5, 0.75] | [0.0, 1.0, 0.5]
F.binary_cross_entropy_with_logits(x, y, reduction='none') | [-800.0, 800.0, -800.0, 800.0, 0.0] | [0.0, 0.0, 1.0, 1.0, 0.5]
F.cross_entropy(x, t.tensor([0, 1, 1]))         | [[800.0, -800.0], [800.0, -800.0], [0.0, 0.0]]
F.cross_entropy(x, t.tensor([0, 1, 1]), reduction='none') | [[0.0, -inf], [0.0, -inf], [0.0, 0.0]]
F.nll_loss(x, t.tensor([1, 0]), reduction='none') | [[0.0, -inf], [nan, 1.0]]
"""  # fmt: skip

# PyTorch's second derivative is NaN where ours has a number, or that of the other side: only the first is kept.
FIRST = f"""
t.atan2(x, y)                                   | [0.0, -0.0] | [0.0, -0.0]
0.0 ** x                                        | [0.0, 1.0, 2.0]
x ** y                                          | {PAIRS}
t.logaddexp(x, y)                               | [0.0, 1.0, -800.0, 800.0, 3.0] | [0.0, -inf, 800.0, 800.0, 3.0]
F.softplus(x)                                   | [-800.0, -1.0, 0.0, 1.0, 19.9, 20.0, 20.1, 800.0]
F.softplus(x, 2.0, 1.0)                         | [-800.0, -1.0, 0.0, 0.4, 0.5, 0.6, 800.0]
x.norm()                                        | [0.0, 0.0]
x.norm()                                        | [3.0, 4.0]
x.norm(dim=1)                                   | [[0.0, 0.0], [3.0, 0.0], [-3.0, 4.0]]
F.normalize(x)                                  | [[3.0, 4.0], [0.0, 1.0], [0.0, 0.0]]
"""


def rows() -> list[tuple[str, list[str]]]:
    """Each call with the texts of its inputs."""
    lines = [line.split(" | ") for line in (CALLS + FIRST).strip().splitlines() if line]
    return [(call.strip(), [text.strip() for text in texts]) for call, *texts in lines]


def compute(library: Any, functional: Any, grad: Any, call: str, texts: list[str]) -> dict[str, Any]:
    """Value, gradients and second derivatives, as lists."""
    numbers = [np.array(eval(text, {"inf": math.inf, "nan": math.nan})) for text in texts]
    inputs = [library.tensor(x, requires_grad=True) for x in numbers]
    names = dict(zip("xyz", inputs, strict=False), t=library, F=functional, inf=math.inf)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = eval(call, names)

        def counted(t: Any) -> Any:
            return library.tensor(np.arange(1.0, t.numel() + 1).reshape(tuple(t.shape)))

        first = second = [None] * len(inputs)
        if y.requires_grad:
            first = grad([y], inputs, [counted(y)], create_graph=True, allow_unused=True)
            ends = [g for g in first if g is not None and g.requires_grad]
            if ends:
                second = grad(ends, inputs, [counted(g) for g in ends], allow_unused=True)

    def listed(gradients: Any) -> list[Any]:
        """As lists; 0 where there is none. (PyTorch may keep zeros without memory: adding to them gives them one.)"""
        return [
            np.zeros(x.shape).tolist() if g is None else (g.detach() + 0).tolist()
            for g, x in zip(gradients, inputs, strict=True)
        ]

    return {"value": y.tolist(), "gradient": listed(first), "second": listed(second)}


def main() -> None:
    """Write kinks.json."""
    import torch

    found = {"torch": torch.__version__}
    for call, texts in rows():
        numbers = compute(torch, torch.nn.functional, torch.autograd.grad, call, texts)
        if any(line.startswith(call + " ") for line in FIRST.splitlines()):
            del numbers["second"]
        found[" | ".join([call, *texts])] = numbers
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
    FILE.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
