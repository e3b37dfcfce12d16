"""NumPy's warnings never reach the user, and the user's error state is never changed, whatever numbers come in.

Every public function is called on zeros, infinities, NaN, numbers at the ends of the range and a mixture of all. Where
NumPy's error state is "raise" and every warning an error, it gives the numbers and the gradients that it gives by default.
The calls are the forms of tests/torch_style, and those below for the functions that have no form there.
"""

from __future__ import annotations

import ast
import contextlib
import math
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim
from tinygrad_rnn.nn import functional as F

from .torch_style import forms_modules, forms_tensors
from .torch_style.test_surface import gradients, plain

UNARY = [
    "absolute",
    "argsort",
    "ceil",
    "expm1",
    "isfinite",
    "isinf",
    "log1p",
    "log2",
    "logical_not",
    "negative",
    "prod",
    "reciprocal",
    "rsqrt",
    "sign",
    "trunc",
    "nan_to_num",
    "count_nonzero",
    "bitwise_not",
]
BINARY = [
    "fmod",
    "divide",
    "floor_divide",
    "ge",
    "isclose",
    "le",
    "logaddexp",
    "logical_and",
    "logical_or",
    "logical_xor",
    "minimum",
    "mul",
    "multiply",
    "outer",
    "remainder",
    "sub",
    "subtract",
    "true_divide",
    "xlogy",
]
IN_PLACE = ["abs_", "exp_", "floor_", "log_", "neg_", "reciprocal_", "relu_", "round_", "sigmoid_", "sqrt_", "tanh_"]
CELLS = [
    "CoupledLSTMCell",
    "GRUCell",
    "IRNNCell",
    "LayerNormLSTMCell",
    "LSTMCell",
    "MGUCell",
    "PeepholeLSTMCell",
    "RHNCell",
    "RNNCell",
    "RowVectorLSTMCell",
]
MORE = {
    "one argument": [f"torch.{name}(x)" for name in UNARY if hasattr(tg, name)],
    "two arguments": [f"torch.{name}(x, y)" for name in BINARY if hasattr(tg, name) and name != "outer"],
    "two arguments, the gradient": [f"torch.{name}(p, y)" for name in ("xlogy", "logaddexp", "remainder", "pow", "div")],
    "with a number": ["1 / p", "p / 0", "p ** -1", "p ** 0.5", "2 ** p", "p % 0", "p // 0", "p - math.inf", "p * 1e38"],
    "in place": [f"x.{name}(); x" for name in IN_PLACE] + [
        "x.sub_(y); x", "x.pow_(2); x", "x.floor_divide_(y); x", "x.remainder_(y); x", "x.addcdiv_(y, y); x",
        "x.addcmul_(y, y, value=2); x", "x.lerp_(y, 0.3); x", "x.clamp_min_(0.0); x", "x.clamp_max_(y); x",
        "h = p * 1; h /= 0; h", "x[0] = v; x.index_fill_(0, k, 2.0); x", "x.half().add_(y); x",
    ],
    "reductions": [
        "p.amax(1)", "p.amin(0)", "p.argmin(1)", "p.prod(1)", "p.cumprod(1)", "p.logcumsumexp(1)", "torch.var_mean(p)",
        "p.std()", "p.var(0)", "p[:1].var(0)", "p[:0].mean()", "p[:0].var(0)", "p.norm(1)", "p.norm(math.inf)", "p.norm(3, dim=1)",
        "torch.linalg.vector_norm(p, 2)", "torch.linalg.vector_norm(p, -1)", "p.cumsum(0)", "p.logsumexp((0, 1))", "p.mean()",
    ],
    "products": [
        "torch.baddbmm(b3[:, :, :3], b3, b3.mT)", "torch.mv(p, v)", "torch.outer(v, v)", "torch.addcdiv(p, x, y)",
        "torch.addcmul(p, x, y)", "torch.lerp(p, y, 0.7)", "p.matmul(v)", "torch.linalg.vector_norm(b3 @ sq)",
    ],
    "choosing": [
        "torch.where(p > 0, p / p, p)", "p.clip(-1, math.nan)", "torch.clamp_min(p, 0)", "torch.clamp_max(p, v)",
        "p.scatter_add(1, ids2, y)", "p.index_add(0, ids[:2] % 2, y)", "torch.take_along_dim(p, ids2, 1)", "p.sort(1)",
    ],
    "casts": [f"(x * 3).{to}()" for to in ("long", "int", "byte", "bool", "half", "float", "double", "short")] + [
        "x.double().mul(1e300).float()", "x.double().mul(1e300).half()", "x.half() + y.double()", "p.half().float()",
        "x.to(torch.int8)", "x.int().float() / 0", "ids.half() * 1e5", "x.double().type_as(ids)", "p.double() * 1e200",
    ],
    "creation": [
        "torch.tensor(x.double().mul(1e200).tolist())", "torch.full((2,), 1e300)", "torch.full_like(x, math.inf)",
        "torch.tensor([1e300, -1e300], dtype=torch.half)", "x.new_full((2,), 1e300)", "x.new_tensor([1e300])",
        "torch.from_numpy(np.array([1e300, np.nan])).float()", "torch.linspace(0, 1e38, 3)", "x.fill_(1e300)", "x[0] = 1e300; x",
        "torch.logspace(0, 50, 3) if hasattr(torch, 'logspace') else x", "torch.tensor(np.float64(1e300), dtype=torch.float32)",
    ],
    "printing": ["str(x)", "repr(p / 0)", "str(x.half())", "str(x.double() * 1e200)", "f'{x}'", "str(x[:, 1:] * 1e-30)", "str(b3.exp())"],
    "scalars": ["x.max().item()", "float(x.sum())", "x.tolist()", "x.allclose(y)", "x.equal(x)", "x[0, 0] in (1, 2)", "bool(x[0, 0])"],
    "F": [
        "F.adaptive_avg_pool1d(b3, 2)", "F.avg_pool1d(c3, 2)", "F.batch_norm(p, torch.zeros(3), torch.ones(3), training=True)",
        "F.batch_norm(p, v, v)", "F.bilinear(p, y, b3[:, :, :3])", "F.elu(p)", "F.group_norm(c3, 2)", "F.huber_loss(p, y)",
        "F.l1_loss(p, y)", "F.relu6(p)", "F.rms_norm(p, (3,))", "F.layer_norm(p, (3,), q, q)", "F.instance_norm(c3)" if hasattr(F, "instance_norm") else "x",
        "F.softmax(torch.full((2, 3), -math.inf), 1)", "F.log_softmax(torch.full((2, 3), -math.inf), 1)", "F.gelu(p, approximate='tanh')",
        "F.ctc_loss(b3[:, :2].log_softmax(2), torch.tensor([[1], [2]]), torch.tensor([2, 2]), torch.tensor([1, 1]))",
        "F.normalize(p, dim=1)", "F.cosine_similarity(p, y)", "F.dropout(p, 1.0)", "F.threshold(p, 0, 1)" if hasattr(F, "threshold") else "x",
        "F.nll_loss(p, ids[:2], weight=torch.zeros(3))", "F.cross_entropy(p, ids[:2], ignore_index=1, label_smoothing=0.1)",
        "F.cross_entropy(p[:0], ids[:0])", "F.poisson_nll_loss(p, y)" if hasattr(F, "poisson_nll_loss") else "x",
        "F.embedding(ids % 2, p, max_norm=1.0)", "F.scaled_dot_product_attention(b3, b3, b3, attn_mask=torch.full((3, 3), -math.inf))",
        "F.binary_cross_entropy_with_logits(p, y, pos_weight=v)", "F.softplus(p, beta=2)", "F.mse_loss(p, y)", "F.smooth_l1_loss(p, y)",
    ],
    "layers": [f"fill(nn.{name}(3, 4))(p)" for name in CELLS] + [
        "fill(nn.Highway(3))(p)", "fill(nn.RMSNorm(3))(p)", "fill(nn.LayerNorm(3))(p)", "fill(nn.BatchNorm1d(3))(p)",
        "fill(nn.GroupNorm(2, 4))(c3)", "fill(nn.LearnedEncoding(4, 9) if 0 else nn.Linear(3, 3))(p)", "nn.SinusoidalEncoding(4)(b3)",
        "fill(nn.TCN(3, [4], 2))(b3)", "fill(nn.CausalConv1d(3, 2, 2))(b3)", "nn.ReLU6()(p)", "nn.LogSigmoid()(p)", "nn.SiLU()(p)",
        "fill(nn.AdditiveAttention(4, 4, 4))(b3[:, 0], b3)", "nn.DotAttention()(b3[:, 0], b3)", "nn.CosineAttention()(b3[:, 0], b3)",
        "fill(nn.Recurrent(nn.GRUCell(4, 3)))(b3)", "fill(nn.RNN(4, 3, nonlinearity='relu'))(b3)", "fill(nn.LinearStateSpace(4, 3))(b3)",
        "with torch.unrolled(): a = fill(nn.LSTM(4, 3))(b3)\na", "fill(nn.MultiheadAttention(4, 2))(b3, b3, b3)",
        "fill(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0))(b3)", "fill(nn.GRU(4, 3, reset='before'))(b3)",
        "l = fill(nn.LSTM(4, 3)); a, _ = l(b3); torch.autograd.grad(a.sum(), l.weight_hh_l0, create_graph=True)[0].sum().backward(); l.weight_ih_l0.grad",
        "l = fill(nn.Linear(3, 2)); nn.utils.weight_norm(l)(p)" if hasattr(nn.utils, "weight_norm") else "x",
        "nn.init.kaiming_normal_(x).shape", "nn.init.orthogonal_(sq).shape", "nn.init.normal_(x, math.inf)",
    ],
    "gradients": [
        "torch.autograd.grad((p ** 3).sum(), p, create_graph=True)[0].sum().backward(); p.grad",
        "torch.autograd.grad((1 / p).sum(), p, create_graph=True)[0].sum().backward(); p.grad",
        "(p * 2).backward(x); (p * 2).backward(x); p.grad", "p.grad = x; (p * math.inf).sum().backward(); p.grad",
        "torch.utils.checkpoint.checkpoint(lambda a: a.exp().log(), p)", "torch.autograd.functional.jacobian(lambda a: 1 / a, p)",
    ],
    "clipping": [
        f"p.grad = x * {scale}; (nn.utils.clip_grad_norm_([p], {bound}, norm_type={kind}), p.grad)"
        for scale, bound, kind in (("1", "1.0", "2.0"), ("1e20", "1", "2"), ("1", "math.inf", "1"), ("1", "1", "math.inf"), ("1", "1", "3"), ("1", "1", "0.5"))
    ] + ["p.grad = x.half(); nn.utils.clip_grad_norm_(p, 1e-9); p.grad", "p.grad = x; nn.utils.clip_grad_value_(p, 1); p.grad"],
    "optimizers": [
        f"o = optim.{made}\nfor g2 in (x, y, x): p.grad = g2; o.step()\np"
        for made in (
            "SGD([p], 0.1, momentum=0.9, weight_decay=0.1)", "SGD([p], 1e38, nesterov=True, momentum=0.9)", "Adam([p], amsgrad=True)",
            "Adam([p], eps=0.0, weight_decay=1e30)", "AdamW([p], 1e38)", "RMSprop([p], momentum=0.9, centered=True)", "RMSprop([p], eps=0.0)",
            "Adagrad([p], lr_decay=0.1)", "Adagrad([p], eps=0.0)", "Adadelta([p])", "Adadelta([p], eps=0.0)", "Adam([p], maximize=True)",
        )
    ] + [
        "o = optim.LBFGS([p], line_search_fn=s)\ndef f(): o.zero_grad(); l = (p ** 4 / x).sum(); l.backward(); return l\no.step(f); p".replace("=s)", kind)
        for kind in (")", "='strong_wolfe')")
    ],
    "schedulers": [
        f"o = optim.SGD([p], 0.1); s = optim.lr_scheduler.{made}\nfor _ in range(3): o.step(); s.step({loss})\ns.get_last_lr()"
        for made, loss in (
            ("ReduceLROnPlateau(o, patience=0)", "x[0, 0]"), ("ReduceLROnPlateau(o, patience=0)", "float(x[1, 1])"), ("LinearLR(o)", ""),
            ("ExponentialLR(o, 1e-200)", ""), ("StepLR(o, 1, 1e300)", ""), ("CosineAnnealingLR(o, 2)", ""),
        )
    ],
}  # fmt: skip

SKIPPED = {  # forms about numbers that the form itself hands to NumPy or Python, about time, processes or random numbers
    "nn.init", "DataLoader", "samplers and sets", "save and load", "print, format", "devices", "dtypes",
}  # fmt: skip
TABLES = (
    forms_tensors.FUNCTIONS, forms_tensors.METHODS, {"get": forms_tensors.GET}, {"set": forms_tensors.SET},
    forms_tensors.OPERATORS, forms_tensors.BUILTINS, forms_tensors.BEHAVIOURS,
    forms_modules.MODULES, forms_modules.FUNCTIONAL, forms_modules.OPTIM, MORE,
)  # fmt: skip
FORMS = [
    pytest.param(form, id=f"{row}: {form.strip()[-70:]}")
    for table in TABLES
    for row, forms in table.items()
    if row not in SKIPPED
    for form in forms
]

EXTREMES = {
    "zeros": [0.0, -0.0],
    "infinities": [np.inf, -np.inf],
    "NaN": [np.nan],
    "huge": [3e38, -2e38, 1e38],
    "tiny": [1e-45, -1e-39, 2e-38],
    "a mixture": [0.0, np.inf, 1.0, -np.inf, 3e38, np.nan, -1e-45, -0.0, -2.0, 1e-30, 88.0, -104.0, 6e4],
}


def inputs(extremes: list[float]) -> dict[str, Any]:
    """The names that forms use, as in tests/torch_style, the tensors full of `extremes`."""
    start = iter(range(100))

    def floats(*shape: int) -> Any:
        return tg.tensor(np.resize(np.roll(np.float32(extremes), -next(start)), shape))

    filled = []

    def fill(module: Any) -> Any:
        filled.append(module)
        for n, parameter in enumerate(module.parameters()):
            parameter.data.copy_(tg.tensor(np.sin(np.arange(parameter.numel()) + n).reshape(parameter.shape)))
        return module

    tg.manual_seed(0)
    return {
        "x": floats(2, 3), "y": floats(2, 3), "v": floats(3), "sq": floats(4, 4), "b3": floats(2, 3, 4), "c3": floats(2, 4, 5),
        "p": floats(2, 3).requires_grad_(), "q": floats(3).requires_grad_(),
        "ids": tg.tensor([1, 0, 2]), "ids2": tg.tensor([[0, 2, 1], [1, 0, 2]]), "k": tg.tensor(1),
        "mask": tg.tensor([[True, False, True], [False, False, True]]),
        "mask8": tg.tensor([[1, 0, 1], [0, 0, 1]], dtype=tg.uint8),
        "device": tg.device("cpu"), "g": tg.Generator().manual_seed(1), "fill": fill, "filled": filled,
        "torch": tg, "nn": nn, "F": F, "optim": optim, "rnn": nn.utils.rnn, "data": tg.utils.data, "np": np, "math": math,
    }  # fmt: skip


def outcome(form: str, extremes: list[float]) -> str:
    """What the last expression of a form gives, and the gradients that its sum leaves; or the error."""
    *statements, last = ast.parse(form.strip()).body
    names = inputs(extremes)
    try:
        exec(compile(ast.Module(statements, []), form, "exec"), names)
        result = eval(compile(ast.Expression(last.value), form, "eval"), names)
        return repr((plain(result), plain(gradients(result, names))))
    except Exception as error:
        return repr(error)


@contextlib.contextmanager
def strict():
    """Every floating-point error and every warning raises, but those that are not about numbers."""
    with np.errstate(all="raise"), warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        before = np.geterr()
        yield
        assert np.geterr() == before


@pytest.mark.parametrize("form", FORMS)
def test_extreme_numbers_give_the_same_in_silence(form):
    for name, extremes in EXTREMES.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = outcome(form, extremes)
        with strict():
            assert outcome(form, extremes) == expected, name
