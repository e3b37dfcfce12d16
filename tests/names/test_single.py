"""What one CPU answers, what it refuses, and PyTorch's oldest ways of saying things."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, optim


def test_paths_lead_to_the_same_classes():
    import tinygrad_rnn.nn.modules.rnn as rnn
    from tinygrad_rnn.nn.modules.loss import _Loss

    from tinygrad_rnn.functional import einsum
    from tinygrad_rnn.nn.parallel import DistributedDataParallel
    from tinygrad_rnn.optim.adam import Adam
    from tinygrad_rnn.serialization import save
    from tinygrad_rnn.utils.data.distributed import DistributedSampler

    assert rnn.LSTM is nn.LSTM
    assert issubclass(nn.MSELoss, _Loss)
    assert einsum is tg.einsum
    assert Adam is optim.Adam
    assert save is tg.save
    assert issubclass(DistributedDataParallel, nn.DataParallel)
    shares = [[*DistributedSampler(range(5), 2, rank)] for rank in (0, 1)]
    assert [len(share) for share in shares] == [3, 3]
    assert {k for share in shares for k in share} == {0, 1, 2, 3, 4}
    assert nn.modules.activation.SELU is nn.SELU


def test_wrappers_pass_through():
    model = nn.Linear(2, 1)
    wrapped = nn.DataParallel(model, device_ids=[0])
    x = tg.ones(3, 2)
    assert tg.equal(wrapped(x), model(x))
    assert list(wrapped.state_dict()) == ["module.weight", "module.bias"]
    assert tg.compile(model) is model
    assert tg.jit.script(model) is model
    assert tg.compile(mode="reduce-overhead")(model) is model
    d = tg.distributed
    assert (d.is_available(), d.is_initialized(), d.get_rank(), d.get_world_size()) == (False, False, 0, 1)
    with pytest.raises(RuntimeError, match=r"state_dict.*safetensors"):
        d.init_process_group("gloo")


def test_amp_changes_nothing_and_says_so_once():
    from tinygrad_rnn import amp

    amp._said = False
    with pytest.warns(UserWarning, match="float32"):
        scaler = tg.cuda.amp.GradScaler()
    w = nn.Parameter(tg.ones(2))
    optimizer = optim.SGD([w], lr=0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with tg.autocast("cuda"):
            loss = (w * 2).sum()
    scaler.scale(loss).backward()
    scaler.unscale_(optimizer), scaler.step(optimizer), scaler.update()
    np.testing.assert_allclose(w.tolist(), [0.8, 0.8], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tg.zeros(2).to(tg.device("cuda:0")), "cuda:0"),
        (lambda: tg.zeros(2, device="cuda"), "cuda"),
        (lambda: tg.cuda.set_device(0), "cuda"),
        (lambda: tg.cuda.FloatTensor(2), "cuda"),
        (lambda: tg.device("nowhere"), "nowhere"),
    ],
)
def test_gpus_can_be_named_and_not_used(call, said):
    with pytest.raises(RuntimeError, match=said):
        call()


@pytest.mark.parametrize("name", ["bfloat16", "complex64", "cdouble"])
def test_types_that_numpy_lacks_say_what_to_use(name):
    with pytest.raises(TypeError, match=r"use (float32|two float)"):
        tg.zeros(2, dtype=getattr(tg, name))


def test_functions_of_numpy_on_tensors():
    x = tg.tensor([1.0, 4.0])
    assert isinstance(np.sqrt(x), tg.Tensor)
    assert np.sqrt(x).tolist() == [1.0, 2.0]
    assert isinstance(np.ones(2) * x, tg.Tensor)
    assert (np.ones(2) > x).tolist() == [False, False]
    assert np.sum(x) == 5.0
    assert np.mean(x, axis=0) == 2.5
    with pytest.raises(RuntimeError, match=r"exp.*detach"):
        np.exp(x.requires_grad_())
    assert (np.ones(2) * x).requires_grad


def test_attributes_of_tensors_and_old_arguments():
    x = tg.ones(2, requires_grad=True)
    x.note = "mine"
    assert x.note == "mine"
    assert nn.Parameter(tg.ones(1)).__dict__ == {}
    with pytest.warns(UserWarning, match="volatile"):
        tg.autograd.Variable(x, volatile=True)
    y = (x * x).sum()
    with pytest.warns(UserWarning, match="retain_graph"):
        y.backward(retain_variables=True)
    y.backward()
    assert x.grad.tolist() == [4.0, 4.0]
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        nn.utils.clip_grad_norm([x], 1.0)
    with pytest.warns(FutureWarning, match="constant_"):
        nn.init.constant(x, 2.0)
    assert x.tolist() == [2.0, 2.0]
    with pytest.warns(UserWarning, match="reduction='sum'"):
        assert nn.MSELoss(size_average=False)(tg.ones(2), tg.zeros(2)) == 2.0


@pytest.mark.parametrize(
    ("make", "shape", "settled"),
    [
        (lambda: nn.LazyLinear(4), (2, 3), "Linear"),
        (lambda: nn.LazyConv1d(4, 3), (2, 5, 7), "Conv1d"),
        (lambda: nn.LazyConv2d(4, 3, padding=1), (5, 7, 6), "Conv2d"),
        (lambda: nn.LazyBatchNorm1d(), (4, 3), "BatchNorm1d"),
    ],
)
def test_lazy_modules_learn_their_size(make, shape, settled):
    layer = make()
    given = list(layer.parameters())
    layer(tg.randn(shape)).sum().backward()
    assert type(layer).__name__ == settled
    assert all(p is q for p, q in zip(given, layer.parameters(), strict=True))
    assert all(p.grad is not None and p.grad.shape == p.shape and type(p) is nn.Parameter for p in given)


def test_profile_tells_operations_by_time():
    layer = nn.LSTM(3, 4)
    with tg.profiler.profile() as prof, tg.profiler.record_function("all of it"):
        layer(tg.randn(5, 2, 3))[0].sum().backward()
    table = prof.key_averages().table(sort_by="cpu_time_total", row_limit=20)
    for name in ("FusedLSTM", "FusedLSTMBackward0", "Sum", "all of it", "# of Calls"):
        assert name in table


def test_assert_close_says_where():
    tg.testing.assert_close([tg.ones(2), 1.0], [tg.ones(2) + 1e-7, 1.0])
    with pytest.raises(AssertionError, match=r"\[0\].*\n\nMismatched elements: 1 / 2\n.*index \(1,\)"):
        tg.testing.assert_close([tg.tensor([1.0, 2.0])], [tg.tensor([1.0, 3.0])])
    with pytest.raises(AssertionError, match=r"float32 != float64"):
        tg.testing.assert_close(tg.ones(2), tg.ones(2).double())


def test_printing_can_be_set():
    try:
        tg.set_printoptions(precision=2, sci_mode=False)
        assert repr(tg.tensor([0.12345, 1e-6])) == "tensor([0.12, 0.00])"
    finally:
        tg.set_printoptions(profile="default")
    assert repr(tg.tensor([0.12345])) == "tensor([0.1235])"


def test_a_hook_after_the_gradient_was_added():
    x, seen = tg.ones(2, requires_grad=True), []
    handle = x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.tolist()))
    for _ in range(2):
        (x * 3).sum().backward()
    handle.remove()
    x.sum().backward()
    assert seen == [[3.0, 3.0], [6.0, 6.0]]
    with pytest.raises(RuntimeError, match="leaf"):
        (x * 2).register_post_accumulate_grad_hook(print)


def test_masks_of_bytes_choose_with_a_warning():
    mask = tg.tensor([1, 0], dtype=tg.uint8)
    with pytest.warns(UserWarning, match="uint8"):
        assert tg.where(mask, tg.ones(2), tg.zeros(2)).tolist() == [1.0, 0.0]
