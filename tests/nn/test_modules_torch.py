"""Modules equal PyTorch's with the same weights: names, outputs, all gradients, buffers, starting values, printing."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

from .rows_modules import ROWS, normal
from .twins import assert_same, same_weights, torch, twins

pytestmark = pytest.mark.torch


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch's, about a copy it makes
@pytest.mark.parametrize(("name", "args", "options", "arrays"), ROWS, ids=lambda x: x if isinstance(x, str) else "")
def test_module(name, args, options, arrays):
    ours, theirs = twins(name, *args, **options)
    assert_same(ours, theirs, arrays)
    assert repr(ours).split("(")[0] == repr(theirs).split("(")[0]


def test_ctc_loss():
    arrays = [normal(6, 2, 4), np.array([[1, 2], [3, 0]])]
    ours, theirs = twins("CTCLoss", blank=0)
    assert_same(ours, theirs, arrays, lambda m, x, t: m(x.log_softmax(2), t, (6, 4), (2, 1)))


@pytest.mark.parametrize("momentum", [0.3, None])
def test_batch_norm_remembers_what_it_saw(momentum):
    ours, theirs = twins("BatchNorm1d", 4, momentum=momentum)
    for k in range(3):
        ours(tg.tensor(normal(5, 4) * k))
        theirs(torch.tensor(normal(5, 4) * k))
    ours.eval(), theirs.eval()
    assert_same(ours, theirs, [normal(3, 4)])
    assert ours.num_batches_tracked.item() == 3
    ours.reset_running_stats()
    assert ours.running_var.tolist() == [1.0] * 4


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (lambda nn: nn.Linear(300, 200), {"weight": "uniform", "bias": "uniform"}),
        (lambda nn: nn.Bilinear(100, 20, 200), {"weight": "uniform", "bias": "uniform"}),
        (lambda nn: nn.Conv1d(40, 200, 5), {"weight": "uniform", "bias": "uniform"}),
        (lambda nn: nn.Embedding(300, 50), {"weight": "normal"}),
        (lambda nn: nn.MultiheadAttention(120, 4), {"in_proj_weight": "uniform", "out_proj.weight": "uniform"}),
        (lambda nn: nn.MultiheadAttention(120, 4, kdim=60), {"q_proj_weight": "uniform", "k_proj_weight": "uniform"}),
        (lambda nn: nn.LayerNorm(50), {"weight": "constant", "bias": "constant"}),
        (lambda nn: nn.GroupNorm(5, 50), {"weight": "constant", "bias": "constant"}),
    ],
)
def test_starting_values_have_the_same_distribution(make, names):
    tg.manual_seed(0), torch.manual_seed(0)
    ours, theirs = make(nn).state_dict(), make(torch.nn).state_dict()
    for name, kind in names.items():
        a, b = ours[name].numpy(), theirs[name].numpy()
        assert a.shape == b.shape
        if kind == "constant":
            np.testing.assert_array_equal(a, b)
        else:
            assert a.std() == pytest.approx(b.std(), rel=0.2)
            assert abs(a).max() == pytest.approx(abs(b).max(), rel=0.1 if kind == "uniform" else 0.5)


def test_a_sequential_model():
    def make(nn):
        return nn.Sequential(
            nn.Embedding(7, 4),
            nn.Flatten(),
            nn.Linear(12, 6),
            nn.LayerNorm(6),
            nn.GELU(),
            nn.Dropout(0.0),
            nn.Linear(6, 2),
        )

    ours, theirs = same_weights(make(nn), make(torch.nn))
    assert_same(ours, theirs, [np.array([[0, 3, 6], [1, 1, 2]])])


def test_from_pretrained_shares_and_freezes():
    table = tg.tensor(normal(5, 3))
    layer = nn.Embedding.from_pretrained(table)
    assert not layer.weight.requires_grad
    assert np.shares_memory(layer.weight.array, table.array)
    assert nn.Embedding.from_pretrained(table, freeze=False).weight.requires_grad
