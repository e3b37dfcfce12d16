"""Modules equal PyTorch's with the same weights: names, outputs, all gradients, buffers, starting values, printing."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

from .twins import assert_same, same_weights, torch, twins

pytestmark = pytest.mark.torch


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


CLASSES = np.array([0, 3, 1, -100, 2])
ACTIVATIONS = ["ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Hardtanh", "ReLU6", "LogSigmoid", "GLU"]

# name, constructor arguments, options, inputs
ROWS = [
    ("Linear", (4, 3), {}, [normal(2, 5, 4)]),
    ("Linear", (4, 3), {"bias": False}, [normal(2, 4)]),
    ("Bilinear", (4, 3, 5), {}, [normal(2, 4), normal(2, 3)]),
    ("Identity", (1, "anything"), {"x": 2}, [normal(2, 4)]),
    ("Flatten", (), {}, [normal(2, 3, 4)]),
    ("Flatten", (0, 1), {}, [normal(2, 3, 4)]),
    ("Unflatten", (1, (2, -1)), {}, [normal(3, 6)]),
    ("Embedding", (5, 3), {}, [np.array([[0, 4], [1, 1]])]),
    ("Embedding", (5, 3), {"padding_idx": 1}, [np.array([[0, 4], [1, 1]])]),
    *[(name, (), {}, [normal(3, 4)]) for name in [*ACTIVATIONS, "Sigmoid", "Tanh"]],
    ("GELU", ("tanh",), {}, [normal(3, 4)]),
    ("Softmax", (1,), {}, [normal(3, 4)]),
    ("LogSoftmax", (), {"dim": -1}, [normal(3, 4)]),
    ("CosineSimilarity", (), {}, [normal(3, 4), normal(3, 4) + 1]),
    ("LayerNorm", (4,), {}, [normal(2, 3, 4)]),
    ("LayerNorm", ((3, 4),), {"bias": False}, [normal(2, 3, 4)]),
    ("LayerNorm", (4,), {"elementwise_affine": False, "eps": 0.1}, [normal(2, 4)]),
    ("RMSNorm", (4,), {}, [normal(2, 3, 4)]),
    ("GroupNorm", (2, 6), {}, [normal(3, 6, 5)]),
    ("GroupNorm", (3, 6), {"affine": False}, [normal(3, 6)]),
    ("BatchNorm1d", (4,), {}, [normal(5, 4)]),
    ("BatchNorm1d", (4,), {"momentum": None}, [normal(5, 4, 3)]),
    ("BatchNorm1d", (4,), {"affine": False, "track_running_stats": False}, [normal(5, 4, 3)]),
    ("Conv1d", (4, 6, 3), {}, [normal(2, 4, 9)]),
    ("Conv1d", (4, 6, 3), {"stride": 2, "padding": 2, "dilation": 2, "groups": 2, "bias": False}, [normal(4, 9)]),
    ("Conv1d", (4, 6, 4), {"padding": "same"}, [normal(2, 4, 9)]),
    *[
        ("Conv1d", (4, 6, 3), {"padding": 2, "padding_mode": mode}, [normal(2, 4, 9)])
        for mode in ("reflect", "replicate", "circular")
    ],
    ("Conv1d", (4, 6, 4), {"padding": "same", "padding_mode": "circular"}, [normal(2, 4, 9)]),
    ("MaxPool1d", (2,), {}, [normal(2, 3, 9)]),
    ("AvgPool1d", (3,), {"stride": 2, "padding": 1, "count_include_pad": False}, [normal(2, 3, 9)]),
    ("AdaptiveAvgPool1d", (4,), {}, [normal(2, 3, 9)]),
    *[(name, (), {}, [normal(3, 4), normal(4, 3).T]) for name in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss")],
    ("KLDivLoss", (), {"reduction": "batchmean"}, [normal(3, 4), np.full((3, 4), 0.25)]),
    ("BCELoss", (), {}, [np.full((3, 4), 0.3), np.full((3, 4), 0.25)]),
    ("BCEWithLogitsLoss", (), {"reduction": "sum"}, [normal(3, 4), np.full((3, 4), 0.25)]),
    ("CrossEntropyLoss", (), {}, [normal(5, 4), CLASSES]),
    ("CrossEntropyLoss", (), {"label_smoothing": 0.1, "reduction": "none"}, [normal(5, 4), CLASSES]),
    ("NLLLoss", (), {}, [normal(5, 4), CLASSES]),
    ("Dropout", (0.0,), {}, [normal(3, 4)]),
    ("Dropout1d", (0.0,), {}, [normal(3, 4, 2)]),
    ("Dropout2d", (0.0,), {}, [normal(3, 4, 2, 2)]),
]


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
