"""How results lie in memory: as PyTorch's do, so that `view` works and refuses where PyTorch's does; and no op takes
the order of its input's memory for that of its numbers, in the paths of large inputs either."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.nn import functional as F

from ..layouts import LAYOUTS, agree, leaf, swapped, transposed

# Calls on x (2, 3, 4), index (2, 3, 4) of 0 and 1, and at = [1, 0, 1]. Their results are in reading order, however x lies.
IN_READING_ORDER = """
x.sum(0); x.sum((0, 2)); x.sum(1, keepdim=True); x.mean(0); x.mean(-1); x.var(0); x.std(1); x.amax(0); x.amin(1)
x.max(0)[0]; x.max(0)[1]; x.min(2)[0]; x.argmax(0); x.argmin(2); x.prod(0); x.norm(dim=0); x.norm(1, dim=0)
x.logsumexp(0); x.cumsum(0); x.cumsum(-1); x.cumprod(1); x.logcumsumexp(2); x.any(0); x.all(0); t.count_nonzero(x, 0)
x.softmax(0); x.softmax(-1); x.log_softmax(1); (x * 100).softmax(0); (x * 100).log_softmax(-1)
t.cat([x, x], 1); t.cat([x, x]); t.cat([x]); t.stack([x, x]); t.stack([x, x], -1); t.hstack([x, x]); t.vstack([x, x])
x.roll(1, 0); x.roll(1); x.tril(); x.triu(); x.repeat(1, 2, 1); x.repeat(1, 1, 1); x.tile((2,))
x.repeat_interleave(2, 1); x.contiguous(); x[:, [1, 0], [2, 1]]; x.index_select(1, at); x.gather(0, index)
x.gather(2, index); x.take(at); x.masked_select(x > 0); x.take_along_dim(index, 2); x.scatter(0, index, 1.0)
x.scatter(0, index, x); x.scatter_add(0, index, x); x.masked_fill(x > 0, 2.0); x.masked_scatter(x > 0, x)
x.index_add(0, at[:2], x); x.topk(2)[0]; x.topk(2)[1]; x.topk(2, 0)[0]; (x > 0).nonzero(as_tuple=True)[0]
x @ x.mT; x.mT @ x; x @ x[0].t(); t.einsum('bij,bkj->bki', x, x); t.einsum('bij,bkj->bik', x, x); t.bmm(x, x.mT)
t.baddbmm(x[..., :3], x, x.mT); t.addmm(x[0, :, :3], x[0], x[0].t()); t.outer(x[0, 0], x[0, 0]); 2**x
F.linear(x, x[0]); F.layer_norm(x[0], (4,)); F.layer_norm(x, (4,)); F.layer_norm(x, (3, 4)); F.group_norm(x, 3); F.rms_norm(x, (4,))
F.batch_norm(x, None, None, training=True); F.max_pool1d(x, 2); F.pad(x, (1, 1)); F.pad(x, (1, 1), mode='reflect')
F.embedding(at, x[0]); F.embedding(index[0].t(), x[0]); F.one_hot(index.transpose(0, 2)); F.logsigmoid(x)
F.scaled_dot_product_attention(x, x, x); F.cosine_similarity(x, x, 1); F.bilinear(x, x, x.new_ones(2, 4, 4))
F.cross_entropy(x, index[:, 0], reduction='none'); F.nll_loss(x, index[:, 0], reduction='none')
"""

# Results ordered in memory as x is.
IN_THE_ORDER_OF_X = """
-x; x + 1; 2 * x; x * x; x / 2; 1 / x; x**2; x**0.5; x**x; x > 0; x == x; ~(x > 0); x.abs(); x.exp(); x.expm1()
x.log(); x.log1p(); x.sqrt(); x.rsqrt(); x.reciprocal(); x.square(); x.sin(); x.cos(); x.erf(); x.tanh(); x.sigmoid()
x.relu(); x.sign(); x.floor(); x.round(); x // 2; x % 2; x.clamp(-1, 1); x.clamp(min=x); t.maximum(x, x)
t.where(x > 0, x, 0.0); x.lerp(x, 0.5); x.addcmul(x, x); x.addcdiv(x, x); t.logaddexp(x, x); t.xlogy(x, x); x.isnan()
x.logical_not(); x.long(); x.long().floor(); x.float(); x.clone(); x.flip(0); x.flip(1, 2); x.index_fill(0, at[:1], 1.0)
t.zeros_like(x); t.ones_like(x); t.full_like(x, 2.0); t.empty_like(x); t.rand_like(x); t.randn_like(x); x.detach()
t.randint_like(x, 5); x.clone().add_(1); x.clone().masked_fill_(x > 0, 1.0); F.gelu(x); F.gelu(x, approximate='tanh')
F.silu(x); F.elu(x); F.leaky_relu(x); F.softplus(x); F.hardtanh(x); F.dropout(x, 0.5, False)
F.mse_loss(x, x * 2, reduction='none'); F.huber_loss(x, x * 2, reduction='none')
"""

ORDERS = {"F": np.asfortranarray, "swapped": swapped, "rows": lambda x: x.swapaxes(1, 2).copy().swapaxes(1, 2)}
NUMBERS = np.linspace(0.1, 0.9, 24).reshape(2, 3, 4)
INDEX = (np.arange(24) % 2).reshape(2, 3, 4)


def calls(text: str) -> list[str]:
    return [call.strip() for call in text.replace("\n", ";").split(";") if call.strip()]


def strides(y) -> tuple:
    """Steps along the axes that have more than one entry."""
    return tuple(step for step, n in zip(y.stride(), y.shape, strict=True) if n > 1)


def run(call: str, order: str, library=tg, functional=F):
    """x and the result of the call."""
    x, index = library.from_numpy(ORDERS[order](NUMBERS)), library.from_numpy(ORDERS[order](INDEX))
    names = {"t": library, "F": functional, "x": x, "index": index, "at": library.tensor([1, 0, 1])}
    return x, eval(call, names)  # the texts above


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("call", calls(IN_READING_ORDER))
def test_joins_reductions_and_picked_elements_are_in_reading_order(call: str, order: str):
    _, y = run(call, order)
    assert y.is_contiguous()
    assert y.view(-1).data_ptr() == y.data_ptr()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("call", calls(IN_THE_ORDER_OF_X))
def test_elementwise_results_keep_the_order_of_the_input(call: str, order: str):
    x, y = run(call, order)
    assert y.stride() == x.stride()


@pytest.mark.torch
@pytest.mark.parametrize("call", [*calls(IN_READING_ORDER), *calls(IN_THE_ORDER_OF_X)])
def test_results_lie_in_memory_as_those_of_torch(call: str):
    torch = pytest.importorskip("torch")
    for order in ORDERS:
        assert strides(run(call, order)[1]) == strides(run(call, order, torch, torch.nn.functional)[1])


def made(layout: str, shape=(2, 3, 4)) -> tg.Tensor:
    return tg.Tensor._of(LAYOUTS[layout](np.arange(float(np.prod(shape))).reshape(shape)))


VIEWS = [  # the view, and on which layouts it needs no copy: as in PyTorch (negative steps it does not have)
    ("x.view(2, 3, 4)", "transposed swapped every_second backwards inside expanded"),
    ("x.view(2, 1, 3, 4)", "transposed swapped every_second backwards inside expanded"),
    ("x.view(2, 3, 2, 2)", "transposed swapped every_second backwards inside expanded"),
    ("x.view(-1)", "backwards"),
    ("x.view(6, 4)", "backwards"),
    ("x.view(2, 12)", "backwards expanded"),
    ("x.view(4, 6)", "backwards"),
    ("x.permute(2, 1, 0).view(12, 2)", "transposed"),
    ("x.permute(2, 1, 0).view(-1)", "transposed"),
    ("x.transpose(0, 1).view(-1)", "swapped"),
    ("x[:1].view(-1)", "backwards expanded"),
    ("x[0].view(3, 2, 2)", "transposed swapped every_second backwards inside expanded"),
    ("x.sum(0).view(-1)", "transposed swapped every_second backwards inside expanded"),
    ("x[:, :, :1].view(-1)", "backwards"),
    ("x[:, :0].view(0, 7)", "transposed swapped every_second backwards inside expanded"),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("call", "works"), VIEWS)
def test_view_works_where_strides_allow_and_only_there(call: str, works: str, layout: str):
    x = made(layout)
    if layout not in works.split():
        with pytest.raises(RuntimeError, match="reshape"):
            eval(call, {"x": x})
        return
    y = eval(call, {"x": x})
    same = eval(call.replace("view", "reshape"), {"x": tg.tensor(np.array(x.array, order="C"))})
    assert tg.equal(y, same)


@pytest.mark.torch
@pytest.mark.parametrize(("call", "works"), VIEWS)
def test_view_works_where_that_of_torch_works(call: str, works: str):
    torch = pytest.importorskip("torch")
    for layout in set(LAYOUTS) - {"backwards"}:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a broadcast array cannot be written to
            x = torch.from_numpy(made(layout).array)
        if layout in works.split():
            eval(call, {"x": x})
        else:
            with pytest.raises(RuntimeError):
                eval(call, {"x": x})


def test_a_clone_and_a_contiguous_copy_do_not_share_memory():
    for layout in LAYOUTS:
        x = made(layout)
        for y in (x.clone(), x.repeat(1, 1, 1), x.flip(0), x.flip(0).flip(0), x + 0, tg.cat([x])):
            assert not np.may_share_memory(x.array, y.array)
            assert y.array.flags.writeable
        assert (x.contiguous() is x) == x.is_contiguous()


# What works by other paths when there is much of it: more than 256 rows, 4096, 8192 or 65536 numbers; float32.
LARGE = {
    "where": (lambda x: tg.where(x > 0, x, 0.0), (70, 80)),
    "where not": (lambda x: tg.where(x > 0, 0.0, x), (70, 80)),
    "relu": (lambda x: x.relu(), (70, 80)),
    "erf": (lambda x: x.erf(), (90, 110)),
    "gelu": (lambda x: F.gelu(x), (90, 110)),
    "sum": (lambda x: x.sum(0), (300, 230)),
    "mean": (lambda x: x.mean(1), (300, 230)),
    "bias": (lambda x: F.linear(x, x[:3] * 1, x[0, :3] * 1), (600, 8)),
    "broadcast": (lambda x: x + x[0], (600, 8)),
    "layer_norm": (lambda x: F.layer_norm(x, (900,), x[0], x[1]), (310, 900)),
    "embedding": (lambda x: F.embedding(tg.arange(600) % 7, x), (7, 8)),
    "cross_entropy": (lambda x: F.cross_entropy(x * 30, tg.arange(600) % 8), (600, 8)),
    "softmax": (lambda x: (x * 30).softmax(0), (300, 8)),
    "wide softmax": (lambda x: x.softmax(-1), (8, 300)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", LARGE)
def test_much_of_it_may_lie_in_memory_in_any_way(name: str, layout: str):
    function, shape = LARGE[name]
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    agree(function, [x], LAYOUTS[layout], second=False, tolerance=2e-5)
    if name in ("where", "relu", "erf", "gelu") and layout != "expanded":
        laid = LAYOUTS[layout](x)
        assert function(leaf(laid)).stride() == tg.empty_like(tg.Tensor._of(laid)).stride()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_of_broadcast_inputs_are_summed_in_any_layout(layout: str):
    random = np.random.default_rng(0)
    arrays = [random.normal(size=shape) for shape in [(2, 3, 4), (3, 4), (2, 1, 4), (1, 3, 1)]]
    agree(lambda x, y, z, w: x * y * z + x / (w * w + 2), arrays, LAYOUTS[layout])


def test_writes_through_overlapping_views_of_one_memory_see_the_old_numbers():
    numbers = np.arange(16.0).reshape(4, 4)
    for name, write, expected in [
        ("add_ transposed", lambda x: x.add_(x.t()), numbers + numbers.T),
        ("mul_ reversed", lambda x: x.mul_(tg.Tensor._of(x.array[::-1])), numbers * numbers[::-1]),
        ("copy_ transposed", lambda x: x.copy_(x.t()), numbers.T),
        ("copy_ reversed", lambda x: x.copy_(tg.Tensor._of(x.array[:, ::-1])), numbers[:, ::-1]),
        ("shifted slice", lambda x: x.__setitem__(slice(1, None), x[:-1]), numbers[[0, 0, 1, 2]]),
        ("shifted slice back", lambda x: x.__setitem__(slice(None, -1), x[1:]), numbers[[1, 2, 3, 3]]),
        ("shifted rows", lambda x: x.__setitem__([1, 2, 3], x[:-1]), numbers[[0, 0, 1, 2]]),
        ("add_ to a slice", lambda x: x[1:].add_(x[:-1]), numbers + np.r_[np.zeros((1, 4)), numbers[:-1]]),
    ]:
        for order in (np.array, transposed):
            x = tg.Tensor._of(order(numbers))
            write(x)
            np.testing.assert_array_equal(x.array, expected, err_msg=name)


def test_in_place_functions_write_the_same_numbers_into_any_layout():
    numbers = np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)
    for layout in (transposed, swapped, LAYOUTS["every_second"], LAYOUTS["backwards"], LAYOUTS["inside"]):
        for write in (
            lambda x: x.add_(x, alpha=2).mul_(x.exp()),
            lambda x: x.sub_(1).clamp_(-1, 0.5).relu_(),
            lambda x: x.view(2, 3, 2, 2)[:, 1:].fill_(7.0),
            lambda x: x.scatter_(0, tg.zeros(1, 3, 4, dtype=tg.int64), 2.0),
            lambda x: x.index_add_(1, tg.tensor([2, 0]), x[:, :2]),
            lambda x: x.masked_fill_(x > 0, 3.0),
            lambda x: x.__setitem__((slice(None), [2, 0]), x[:, :2] * 2),
            lambda x: x.permute(2, 0, 1)[1:].copy_(tg.ones(2, 3)),
            lambda x: x.transpose_(0, 2).unsqueeze_(0).add_(1),
            lambda x: nn.init.orthogonal_(x, 2.0).add_(x),
            lambda x: x.apply_(lambda v: v + 1),
        ):
            tg.manual_seed(0)
            x, plain = tg.Tensor._of(layout(numbers)), tg.tensor(numbers)
            write(x)
            tg.manual_seed(0)
            write(plain)
            np.testing.assert_array_equal(x.array, plain.array)


def test_a_change_in_place_in_a_graph_reaches_the_gradient_of_any_layout():
    def changed(x):
        y = x * 2
        y[:, 1:].mul_(x[:, :2])
        y.view(*y.shape)[0] = x[1] * 3
        y.permute(2, 1, 0)[1].add_(x[:, :, 0].t())
        return y.sin()

    numbers = np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)
    for layout in LAYOUTS.values():
        agree(changed, [numbers], layout)


def test_a_graph_written_into_memory_of_any_layout_finds_its_places():
    numbers = np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)

    def gradient(layout):
        x, y = tg.tensor(numbers, requires_grad=True), tg.Tensor._of(layout(numbers * 0.5))
        early = y[:, :2]
        y[0] = x[1] * 3
        y[:, 1:].mul_(x[:, :2])
        y.permute(2, 1, 0)[1].add_(x[:, :, 0].t())
        ((y * y).sum() + (early * x[:, 1:]).sum()).backward()
        assert x.grad is not None
        return [x.grad.array, y.array, early.array]

    plain = gradient(np.copy)
    for name in set(LAYOUTS) - {"expanded"}:
        for a, b in zip(gradient(LAYOUTS[name]), plain, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, err_msg=name)


def test_gradients_own_their_memory_in_reading_order():
    for layout in LAYOUTS.values():
        x = leaf(layout(np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4)))
        x.expand(2, 2, 3, 4).permute(3, 0, 2, 1).sum().backward()
        assert x.grad is not None
        assert x.grad.is_contiguous()
        assert x.grad.array.flags.writeable
        assert tg.equal(x.grad, tg.full_like(x.grad, 2.0))


def test_printing_and_python_lists_read_any_layout():
    for layout in LAYOUTS.values():
        x = layout(np.linspace(-1.0, 1.0, 24).reshape(2, 3, 4))
        plain = np.array(x, order="C")
        assert repr(tg.Tensor._of(x)) == repr(tg.tensor(plain))
        assert tg.Tensor._of(x).tolist() == plain.tolist()
        assert [row.tolist() for row in tg.Tensor._of(x)] == plain.tolist()
        large = layout(np.arange(2400.0).reshape(2, 40, 30))
        assert str(tg.Tensor._of(large)) == str(tg.tensor(np.array(large, order="C")))
