"""NumPy's warnings never reach the user, and the user's error state is never changed, whatever numbers come in.

Every public function is called on zeros, infinities, NaN, numbers at the ends of the range and a mixture of all. Where
NumPy's error state is "raise" and every warning an error, it gives the numbers and the gradients that it gives by default.
The calls are the forms of tests/torch_style, and those below for the functions that have no form there.
"""

from __future__ import annotations

import ast
import asyncio
import contextlib
import contextvars
import functools
import inspect
import math
import re
import signal
import threading
import warnings
from typing import Any

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim
from tinygrad_rnn._mode import thread
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.ops.function import Function
from tinygrad_rnn.recording import record_op
from tinygrad_rnn.viz.page.summary import summary

from .parity import rows_further
from .torch_style import forms_modules, forms_tensors
from .torch_style.test_surface import gradients, plain

ONE = (
    "absolute argsort ceil count_nonzero expm1 isfinite isinf log1p log2 logical_not nan_to_num negative prod reciprocal "
    "rsqrt sign trunc"
)
TWO = (
    "divide floor_divide ge isclose le logaddexp logical_and logical_or logical_xor minimum mul multiply remainder sub "
    "subtract true_divide xlogy"
)
IN_PLACE = "abs_ exp_ floor_ log_ neg_ reciprocal_ relu_ round_ sigmoid_ sqrt_ tanh_"
CELLS = (
    "CoupledLSTMCell GRUCell IRNNCell LayerNormLSTMCell LSTMCell MGUCell PeepholeLSTMCell RHNCell RNNCell "
    "RowVectorLSTMCell"
)
MORE = {
    "one argument": [f"torch.{name}(p)" for name in ONE.split()],
    "two arguments": [f"torch.{name}(p, y)" for name in TWO.split()],
    "with a number": ["1 / p", "p / 0", "p ** -1", "p ** 0.5", "2 ** p", "p % 0", "p // 0", "p - math.inf", "p * 1e38"],
    "in place": [f"x.{name}(); x" for name in IN_PLACE.split()] + [
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
        "torch.addcmul(p, x, y)", "torch.lerp(p, y, 0.7)", "p.matmul(v)", "torch.linalg.vector_norm(b3 @ sq)", "torch.linalg.matrix_norm(p)", "torch.linalg.norm(p, dim=0)",
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
        "torch.empty_like(x).normal_(0, 1e38)", "torch.tensor(np.float64(1e300), dtype=torch.float32)",
    ],
    "printing": ["str(x)", "repr(p / 0)", "str(x.half())", "str(x.double() * 1e200)", "f'{x}'", "str(x[:, 1:] * 1e-30)", "str(b3.exp())"],
    "scalars": ["x.max().item()", "float(x.sum())", "x.tolist()", "x.allclose(y)", "x.equal(x)", "x[0, 0] in (1, 2)", "bool(x[0, 0])"],
    "F": [
        "F.adaptive_avg_pool1d(b3, 2)", "F.avg_pool1d(c3, 2)", "F.batch_norm(p, torch.zeros(3), torch.ones(3), training=True)",
        "F.batch_norm(p, v, v)", "F.bilinear(p, y, b3[:, :, :3])", "F.elu(p)", "F.group_norm(c3, 2)", "F.huber_loss(p, y)",
        "F.l1_loss(p, y)", "F.relu6(p)", "F.rms_norm(p, (3,))", "F.layer_norm(p, (3,), q, q)",
        "F.softmax(torch.full((2, 3), -math.inf), 1)", "F.log_softmax(torch.full((2, 3), -math.inf), 1)", "F.gelu(p, approximate='tanh')",
        "F.ctc_loss(b3[:, :2].log_softmax(2), torch.tensor([[1], [2]]), torch.tensor([2, 2]), torch.tensor([1, 1]))",
        "F.normalize(p, dim=1)", "F.cosine_similarity(p, y)", "F.dropout(p, 1.0)", "F.dropout1d(c3)", "F.dropout2d(c3[None])",
        "F.nll_loss(p, ids[:2], weight=torch.zeros(3))", "F.cross_entropy(p, ids[:2], ignore_index=1, label_smoothing=0.1)",
        "F.cross_entropy(p[:0], ids[:0])",
        "F.embedding(ids % 2, p, max_norm=1.0)", "F.scaled_dot_product_attention(b3, b3, b3, attn_mask=torch.full((3, 3), -math.inf))",
        "F.binary_cross_entropy_with_logits(p, y, pos_weight=v)", "F.softplus(p, beta=2)", "F.mse_loss(p, y)", "F.smooth_l1_loss(p, y)",
    ],
    "layers": [f"fill(nn.{name}(3, 4))(p)" for name in CELLS.split()] + [
        "fill(nn.Highway(3))(p)", "fill(nn.RMSNorm(3))(p)", "fill(nn.LayerNorm(3))(p)", "fill(nn.BatchNorm1d(3))(p)",
        "fill(nn.GroupNorm(2, 4))(c3)", "fill(nn.LearnedEncoding(5, 4))(b3)", "nn.SinusoidalEncoding(4)(b3)",
        "fill(nn.TCN(3, [4], 2))(b3)", "fill(nn.CausalConv1d(3, 2, 2))(b3)", "nn.ReLU6()(p)", "nn.LogSigmoid()(p)", "nn.SiLU()(p)",
        "fill(nn.AdditiveAttention(4, 4, 4))(b3[:, 0], b3)", "nn.DotAttention()(b3[:, 0], b3)", "nn.CosineAttention()(b3[:, 0], b3)",
        "fill(nn.Recurrent(nn.GRUCell(4, 3)))(b3)", "fill(nn.RNN(4, 3, nonlinearity='relu'))(b3)", "fill(nn.LinearStateSpace(4, 3))(b3)",
        "with torch.unrolled(): a = fill(nn.LSTM(4, 3))(b3)\na", "fill(nn.MultiheadAttention(4, 2))(b3, b3, b3)",
        "fill(nn.TransformerEncoderLayer(4, 2, 8, dropout=0.0))(b3)", "fill(nn.GRU(4, 3, reset='before'))(b3)",
        "l = fill(nn.LSTM(4, 3)); a, _ = l(b3); torch.autograd.grad(a.sum(), l.weight_hh_l0, create_graph=True)[0].sum().backward(); l.weight_ih_l0.grad",
        "nn.utils.weight_norm(fill(nn.Linear(3, 2)))(p)", "fill(nn.GeneralAttention(4, 4))(b3[:, 0], b3)", "nn.ScaledDotAttention()(b3[:, 0], b3)",
        "fill(nn.TransformerLM(5, 4, 2, 1, 8)).eval()(ids2)", "nn.GLU()(b3)", "nn.HuberLoss()(p, y)", "nn.AvgPool1d(2)(b3)",
        "nn.max_over_time(b3)", "nn.mean_over_time(b3)", "nn.last_output(b3)", "fill(nn.ManyToOne(4, 3, 2))(b3)",
        "nn.ctc_beam(b3.log_softmax(2), width=3)", "nn.ctc_greedy(b3.log_softmax(2))",
        "from tinygrad_rnn.nn import generate; generate.sample(lambda s, c: (b3[:, 0], s), None, ids[:2], 2, temperature=1e-300).tokens",
        "from tinygrad_rnn.nn import generate; generate.beam_search(lambda s, c: (b3.view(6, 4)[:len(c)], s), None, ids[:2], 2, 2).scores",
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
        f"o = optim.LBFGS([p], line_search_fn={kind})\ndef f(): o.zero_grad(); l = (p ** 4 / x).sum(); l.backward(); return l\no.step(f); p"
        for kind in ("None", "'strong_wolfe'")
    ],
    "schedulers": [
        f"o = optim.SGD([p], 0.1); s = optim.lr_scheduler.{made}\nfor _ in range(3): o.step(); s.step({loss})\ns.get_last_lr()"
        for made, loss in (
            ("ReduceLROnPlateau(o, patience=0)", "x[0, 0]"), ("ReduceLROnPlateau(o, patience=0)", "float(x[1, 1])"), ("LinearLR(o)", ""),
            ("ExponentialLR(o, 1e-200)", ""), ("StepLR(o, 1, 1e300)", ""), ("CosineAnnealingLR(o, 2)", ""),
        )
    ],
}  # fmt: skip

HARD = "selu celu mish hardsigmoid hardswish hardshrink softshrink tanhshrink softsign softmin rrelu"
FURTHER = {  # the calls that are compared with PyTorch: `t` is the library there, and x, y and z are the inputs
    "further": [re.sub(r"\bx\b", "p", re.sub(r"\bz\b", "v", re.sub(r"\bt\.", "torch.", call)))
                for row in rows_further.ROWS for call in row.calls if ".t()" not in call],
    "further functions": [f"F.{name}(p)" for name in HARD.split()] + [
        *[f"F.{name}(x)" for name in ["celu_", "elu_", "hardtanh_", "leaky_relu_", "relu_", "rrelu_", "selu_"]], "F.alpha_dropout(p, 1.0, True)",
        "x.multiply_(y)", "x.subtract_(y)", "x.divide_(y)", "x.true_divide_(y)", "x.clip_(-1, 1)",
        "F.threshold(p, 0.1, 2.0)", "F.threshold_(x, 0.1, 2.0)", "F.prelu(p, v[:1])", "F.gumbel_softmax(p)", "F.instance_norm(c3)",
        "F.conv2d(b3, sq.view(2, 2, 2, 2))", "F.conv_transpose1d(b3, b3[0].view(3, 2, 2).transpose(0, 1))", "F.conv_transpose2d(b3, sq.view(2, 2, 2, 2))",
        "F.max_pool2d(b3, 2)", "F.avg_pool2d(b3, 2)", "F.adaptive_avg_pool2d(b3, 2)", "F.adaptive_max_pool1d(b3, 2)", "F.adaptive_max_pool2d(b3, 2)",
        "F.interpolate(c3, 7, mode='linear')", "F.interpolate(c3[None], (3, 7), mode='bicubic')", "F.embedding_bag(ids2, sq)",
        "F.margin_ranking_loss(p, y, y.sign())", "F.hinge_embedding_loss(p, y.sign())", "F.cosine_embedding_loss(p, y, v[:2].sign())", "F.soft_margin_loss(p, y)",
        "F.multilabel_soft_margin_loss(p, y)", "F.multi_margin_loss(p, ids[:2])", "F.triplet_margin_loss(p, y, x)", "F.gaussian_nll_loss(p, y, x.abs())",
        "F.poisson_nll_loss(p, y, full=True)", "x.exponential_(); x.shape",
        "torch.arccosh(p)", "x.acos_(); x", "x.asin_(); x", "x.cosh_(); x", "x.addmm_(p, sq[:3, :3]); x",  "x.char()",
    ],
}  # fmt: skip

TABLES = (
    FURTHER, forms_tensors.FUNCTIONS, forms_tensors.METHODS, {"set": forms_tensors.SET}, forms_tensors.OPERATORS,
    forms_modules.MODULES, forms_modules.FUNCTIONAL, forms_modules.OPTIM, MORE,
)  # fmt: skip
SKIPPED = {  # rows that move numbers, or ask for other things
    "nn.init", "devices", "dtypes", "view", "size, shape", "squeeze, unsqueeze", "transpose, permute", "expand, repeat", "shapes",
    "backward, grad", "data", "optimizer objects", "iterate", "modules",
}  # fmt: skip
FORMS = [
    pytest.param(form, id=f"{row}: {form.strip()[-70:]}")
    for table in TABLES
    for row, forms in table.items()
    if row not in SKIPPED
    for form in forms
]

EXTREMES = {
    "zeros": [0.0, -0.0],
    "infinities": [np.inf, -np.inf, 1.0, -np.inf],
    "huge and tiny": [3e38, -2e38, 1e38, 1e-45, -1e-39],
    "a mixture": [0.0, np.inf, 1.0, -np.inf, 3e38, np.nan, -1e-45, -0.0, -2.0, 1e-30, 88.0, -104.0, 6e4],
}


@functools.cache
def rolled(extremes: str, by: int, shape: tuple[int, ...]) -> np.ndarray:
    return np.resize(np.roll(np.float32(EXTREMES[extremes]), -by), shape)


def inputs(extremes: str) -> dict[str, Any]:
    """The names that forms use, as in tests/torch_style, the tensors full of the extremes of that name."""
    start = iter(range(100))

    def floats(*shape: int) -> Any:
        return tg.from_numpy(rolled(extremes, next(start), shape).copy())

    filled = []

    def fill(module: Any) -> Any:
        filled.append(module)
        for n, parameter in enumerate(module.parameters()):
            parameter.data.copy_(tg.from_numpy(np.sin(np.arange(parameter.numel()) + n).reshape(parameter.shape)))
        return module

    return {
        "x": floats(2, 3), "y": floats(2, 3), "v": floats(3), "sq": floats(4, 4), "b3": floats(2, 3, 4), "c3": floats(2, 4, 5),
        "p": floats(2, 3).requires_grad_(), "q": floats(3).requires_grad_(),
        "ids": tg.tensor([1, 0, 2]), "ids2": tg.tensor([[0, 2, 1], [1, 0, 2]]), "k": tg.tensor(1),
        "mask": tg.tensor([[True, False, True], [False, False, True]]),
        "mask8": tg.tensor([[1, 0, 1], [0, 0, 1]], dtype=tg.uint8),
        "device": tg.device("cpu"), "fill": fill, "filled": filled,
        "torch": tg, "nn": nn, "F": F, "optim": optim, "rnn": nn.utils.rnn, "np": np, "math": math,
    }  # fmt: skip


def outcome(program: list[Any], extremes: str) -> Any:
    """What the last expression of a form gives, and the gradients that its sum leaves; or the error."""
    statements, last = program
    names = inputs(extremes)
    tg.manual_seed(0)
    try:
        exec(statements, names)
        result = eval(last, names)
        return exact(plain(result)), exact(plain(gradients(result, names)))
    except Exception as error:
        return repr(error)


def exact(result: Any) -> Any:
    """A `plain` result with arrays as bytes: NaN equals NaN, and -0 is not 0."""
    if isinstance(result, np.ndarray):
        return result.tobytes()
    if isinstance(result, dict):
        return {key: exact(value) for key, value in result.items()}
    return [exact(part) for part in result] if isinstance(result, (list, tuple)) else repr(result)


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
    *statements, last = ast.parse(form.strip()).body
    program = [compile(ast.Module(statements, []), form, "exec"), compile(ast.Expression(last.value), form, "eval")]
    for extremes in EXTREMES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = outcome(program, extremes)
        with strict():
            assert outcome(program, extremes) == expected, extremes


WITHOUT_ARITHMETIC = """solve inv inverse cholesky det slogdet logdet pinverse cholesky_solve cholesky_inverse qr svd matrix_power matrix_exp matrix_rank chain_matmul eigh eigvalsh lstsq multi_dot pinv solve_triangular svdvals vecdot spectral_norm remove_spectral_norm get_total_norm kron cross cov corrcoef heaviside scatter_reduce scatter_reduce_ poisson trapezoid trapz register_post_accumulate_grad_hook split_with_sizes fill_diagonal_ argwhere bitwise_and bitwise_or bitwise_xor broadcast_tensors broadcast_to concat concatenate diag
    element_size empty_like from_dlpack hstack is_complex is_floating_point masked_scatter meshgrid moveaxis movedim ndimension new_empty
    new_ones normal promote_types rand_like random_ randn_like register_hook register_post_accumulate_grad_hook repeat_interleave reshape_as result_type scatter
    scatter_add_ bitwise_not index_fill squeeze_ swapaxes swapdims take tile transpose_ unflatten vstack bernoulli_ CharTensor HalfTensor ShortTensor
    are_deterministic_algorithms_enabled compile get_float32_matmul_precision
    set_default_tensor_type set_float32_matmul_precision set_num_interop_threads set_printoptions use_deterministic_algorithms bfloat16 is_pinned
    is_shared masked_scatter_ set_ share_memory_ fix_ clip_grad_norm show_config use_kernels warm_up get_num_threads get_rng_state is_inference_mode_enabled scope seed set_num_threads set_rng_state"""


@pytest.mark.parametrize(
    "place", [tg, tg.Tensor, F, tg.linalg, nn.utils, optim, optim.lr_scheduler], ids=lambda m: m.__name__
)
def test_every_function_has_a_form(place):
    names = getattr(place, "__all__", None) or [name for name in dir(place) if not name.startswith("_")]
    texts = inspect.getsource(forms_tensors), inspect.getsource(forms_modules), *[form.values[0] for form in FORMS]
    said = set(re.findall(r"\w+", " ".join(texts))) | set(WITHOUT_ARITHMETIC.split())
    functions = [
        name for name in names if callable(getattr(place, name)) and not isinstance(getattr(place, name), type)
    ]
    assert not [name for name in functions if name not in said]


@pytest.mark.torch
def test_casts_of_what_does_not_fit_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    numbers = [math.nan, math.inf, -math.inf, 300.0, -1.0, 1e10, -1e20, 3e38, 2.7, -2.7, 2.0**31, -129.0, 255.5, 7e4]
    for kind in (np.float32, np.float64):
        for to in ("int64", "int32", "int16", "int8", "uint8", "bool", "float16"):
            with strict():
                ours = tg.from_numpy(np.array(numbers, kind)).to(getattr(tg, to)).numpy()
            theirs = torch.from_numpy(np.array(numbers, kind)).to(getattr(torch, to)).numpy()
            np.testing.assert_array_equal(ours, theirs, err_msg=f"{kind.__name__} to {to}")


# --- pictures and checks, which compute with NumPy themselves ---------------------------------------------


def test_a_picture_of_extreme_numbers(tmp_path):
    with strict(), tg.record() as seen:
        x = tg.tensor([1e300, np.inf, -np.inf, np.nan, 0.0, 1e-300], dtype=tg.float64, requires_grad=True)
        y = (x * x).sum() + (1 / x).prod()
        y.backward(tg.tensor(1e300, dtype=tg.float64))
        for end in ("svg", "dot", "html"):
            tg.draw(y, str(tmp_path / f"graph.{end}"))
        assert summary(x.detach().numpy())["norm"] == "NaN"
        assert seen is not None


def test_printing_numbers_of_both_ends():
    with strict():
        assert str(tg.tensor([1e308, -1e-308], dtype=tg.float64)).startswith("tensor([ 1.0000e+308, -1.0000e-308]")
        assert (
            str(tg.tensor([6e4, np.inf, np.nan], dtype=tg.float16)) == "tensor([60000.,    inf,    nan], dtype=float16)"
        )


def test_gradcheck_compares_infinities_in_silence():
    with strict(), pytest.raises(tg.autograd.GradcheckError):
        tg.autograd.gradcheck(lambda x: 1 / x, tg.zeros(2, dtype=tg.float64, requires_grad=True))


# --- the user's own error state ---------------------------------------------------------------------------

STATE = {"divide": "raise", "over": "print", "under": "warn", "invalid": "ignore"}


class Spy(tg.autograd.Function):
    """Notes NumPy's error state and a context variable of the user in both directions."""

    seen: list[Any] = []

    @staticmethod
    def forward(ctx, x):
        note(Spy.seen)
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        note(Spy.seen)
        return g.clone()


users_variable: contextvars.ContextVar[str] = contextvars.ContextVar("users_variable", default="lost")


def note(seen: list[Any]) -> None:
    seen.append((np.geterr(), users_variable.get()))
    with strict():
        assert (tg.zeros(2) / 0).isnan().all()  # what the library computes there is silent all the same


def users_code(seen: list[Any]) -> dict[str, Any]:
    """Ways to have the library call the user's code, by name."""

    def noted(*args: Any) -> Any:
        note(seen)

    def passed_on(x: Any) -> Any:
        note(seen)
        return x * 2

    def of_tensor(w: Any) -> None:
        h = w * 2
        h.register_hook(noted)
        w.register_hook(noted)
        h.sum().backward()

    def of_module(w: Any) -> None:
        layer = nn.Linear(2, 2)
        layer.register_full_backward_hook(noted)
        layer.register_forward_hook(noted)
        layer.register_forward_pre_hook(noted)
        layer(w).sum().backward()

    def of_function(w: Any) -> None:
        Spy.seen = seen
        Spy.apply(w).sum().backward()

    def of_function_twice(w: Any) -> None:
        Spy.seen = seen
        (first,) = tg.autograd.grad((Spy.apply(w) ** 2).sum(), w, create_graph=True)
        first.sum().backward()

    def of_checkpoint(w: Any) -> None:
        def hooked(x: Any) -> Any:
            y = passed_on(x)
            y.register_hook(noted)
            return y * 2

        tg.utils.checkpoint.checkpoint(hooked, w).sum().backward()

    def of_backward_in_a_hook(w: Any) -> None:
        h = w * 2
        h.register_hook(tg.enable_grad()(lambda g: of_tensor(tg.ones(2, requires_grad=True))))
        h.sum().backward()
        note(seen)

    def of_optimizer(w: Any) -> None:
        def closure() -> Any:
            note(seen)
            w.grad = None
            loss = (w**2).sum()
            loss.backward()
            return loss

        for optimizer in (optim.SGD([w], 0.1), optim.LBFGS([w], line_search_fn="strong_wolfe")):
            optimizer.step(closure)

    def of_anomaly(w: Any) -> None:
        with tg.autograd.detect_anomaly():
            seen.append((np.geterr(), users_variable.get()))
            w.register_hook(lambda g: seen.append((np.geterr(), users_variable.get())))
            (w * 2).sum().backward()

    def of_gradcheck(w: Any) -> None:
        tg.autograd.gradcheck(passed_on, w.detach().double().requires_grad_())

    def of_fused(w: Any) -> None:
        layer = nn.LSTM(2, 2)
        h, _ = layer(tg.ones(3, 1, 2))
        h.register_hook(noted)
        (first,) = tg.autograd.grad(h.sum(), layer.weight_hh_l0, create_graph=True)
        first.sum().backward()

    return {name: made for name, made in locals().items() if name.startswith("of_")}


@pytest.mark.parametrize("way", sorted(users_code([])))
def test_code_of_the_user_sees_the_error_state_and_the_context_of_the_user(way):
    seen: list[Any] = []
    token = users_variable.set("here")
    try:
        with np.errstate(**STATE):
            users_code(seen)[way](tg.ones(2, requires_grad=True))
            assert np.geterr() == STATE
    finally:
        users_variable.reset(token)
    assert seen
    assert all(state == STATE and variable == "here" for state, variable in seen)


def test_a_backward_inside_a_hook_has_the_error_state_of_that_place():
    seen = []
    w = tg.ones(2, requires_grad=True)
    inner = w * 2
    inner.register_hook(lambda g: seen.append(np.geterr()["over"]))
    inner_loss, outer = inner.sum(), w * 3

    @outer.register_hook
    def hook(g: Any) -> None:
        with np.errstate(over="print"):
            inner_loss.backward()
        seen.append(np.geterr()["over"])

    with np.errstate(over="call"):
        outer.sum().backward()
    assert seen == ["print", "call"]


class Stop(Exception):
    pass


def stop(*args: Any) -> Any:
    raise Stop


class StopsForward(Function):
    """Raises what it is given, as a key pressed during an operation would."""

    def forward(ctx, x, error):
        raise error


class StopsBackward(tg.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        raise Stop


def exceptions() -> dict[str, Any]:
    """What raises, by where."""
    w = tg.ones(2, requires_grad=True)
    hooked = w * 2
    hooked.register_hook(stop)
    inner = w * 2
    inner.register_hook(lambda g: hooked.sum().backward())
    return {
        "an operation": lambda: w + tg.ones(3),
        "a KeyboardInterrupt in an operation": lambda: record_op(StopsForward, w, error=KeyboardInterrupt()),
        "a RuntimeError in an operation": lambda: record_op(StopsForward, w, error=RuntimeError("its own")),
        "a hook": lambda: hooked.sum().backward(),
        "a hook in a hook": lambda: inner.sum().backward(),
        "a rule": lambda: StopsBackward.apply(w).sum().backward(),
        "a closure": lambda: optim.SGD([w], 0.1).step(stop),
        "a closure of LBFGS": lambda: optim.LBFGS([w]).step(stop),
        "a checkpoint": lambda: tg.utils.checkpoint.checkpoint(stop, w),
        "clipping": lambda: nn.utils.clip_grad_norm_([Holder()], 1.0, error_if_nonfinite=True),
    }


class Holder:
    grad = tg.full((2,), math.nan)


@pytest.mark.parametrize("where", sorted(exceptions()))
def test_nothing_changes_for_the_user_when_an_exception_passes(where):
    raises = exceptions()[where]
    with np.errstate(**STATE):
        with pytest.raises((Stop, RuntimeError, KeyboardInterrupt)):
            raises()
        assert np.geterr() == STATE
        assert thread.mode.outside is None
    with strict():  # and nothing stayed entered: the next operation and the next backward are silent
        w = tg.zeros(2, requires_grad=True)
        (1 / w).sum().backward()
        assert w.grad is not None


# --- operations inside operations -------------------------------------------------------------------------


class Inquisitive(Function):
    """Calls other operations while it computes, as a debugger, a signal handler or a finaliser may."""

    def forward(ctx, x, ask):
        ctx.heard = ask()
        return x.copy()


@pytest.mark.parametrize("ask", [lambda x: 1 / x, lambda x: x.log(), lambda x: tg.cat([x, x]) * math.inf, lambda x: x @ x],
                         ids=["pair", "one", "any", "product"])  # fmt: skip
def test_an_operation_may_run_while_another_one_computes(ask):
    x = tg.zeros(2)
    heard = []
    with strict():
        record_op(Inquisitive, x, ask=lambda: heard.append(ask(x)))
        np.testing.assert_array_equal(heard[0].numpy(), ask(x).numpy())


def test_errors_of_an_operation_inside_another_one_are_its_own():
    x = tg.zeros(2)

    def ask() -> None:
        with pytest.raises(RuntimeError, match="must match the size"):
            x + tg.zeros(3)
        with pytest.raises(RuntimeError, match="its own"):
            record_op(StopsForward, x, error=RuntimeError("its own"))

    record_op(Inquisitive, x, ask=ask)
    with pytest.raises(RuntimeError, match="its own"):
        record_op(StopsForward, x, error=RuntimeError("its own"))


def test_a_signal_handler_may_compute():
    heard: list[Any] = []
    before = signal.signal(signal.SIGUSR1, lambda *_: heard.append(tg.zeros(2) / 0))
    try:
        with strict():
            record_op(Inquisitive, tg.zeros(2), ask=lambda: signal.raise_signal(signal.SIGUSR1))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert heard[0].isnan().all()


# --- threads and tasks ------------------------------------------------------------------------------------


def test_each_thread_is_silent_and_has_its_own_error_state():
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def work(state: str) -> None:
        try:
            with np.errstate(all=state):
                start.wait()
                for _ in range(200):
                    w = tg.zeros(3, requires_grad=True)
                    (1 / w).exp().sum().backward()
                    assert set(np.geterr().values()) == {state}
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(state,)) for state in ("raise", "warn", "ignore", "raise")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failed


def test_tasks_that_take_turns_keep_their_error_states():
    async def work(state: str) -> None:
        with np.errstate(all=state):
            for _ in range(5):
                assert (tg.zeros(2) / 0).isnan().all()
                await asyncio.sleep(0)
                assert set(np.geterr().values()) == {state}

    async def both() -> None:
        await asyncio.gather(work("raise"), work("ignore"))

    asyncio.run(both())
