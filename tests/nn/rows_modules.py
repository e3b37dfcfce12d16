"""Modules over their options: name, constructor arguments, options, inputs."""

from __future__ import annotations

import numpy as np


def normal(*shape):
    return np.random.default_rng(sum(shape)).normal(size=shape)


CLASSES = np.array([0, 3, 1, -100, 2])
ACTIVATIONS = ["ReLU", "LeakyReLU", "ELU", "GELU", "SiLU", "Softplus", "Hardtanh", "ReLU6", "LogSigmoid", "GLU"]

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
    ("Conv2d", (4, 6, 3), {}, [normal(2, 4, 7, 6)]),
    ("Conv2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (2, 1), "groups": 2, "bias": False}, [normal(4, 9, 6)]),
    ("Conv2d", (4, 6, (3, 5)), {"padding": "same", "padding_mode": "circular"}, [normal(1, 4, 6, 7)]),
    ("Conv2d", (4, 6, 3), {"padding": (1, 2), "padding_mode": "reflect"}, [normal(2, 4, 6, 7)]),
    ("ConvTranspose1d", (4, 6, 3), {"stride": 2, "padding": 1, "output_padding": 1}, [normal(2, 4, 5)]),
    ("ConvTranspose2d", (4, 6, (3, 2), 2), {"groups": 2, "dilation": (1, 2)}, [normal(2, 4, 5, 3)]),
    ("MaxPool2d", ((2, 3),), {"stride": 2}, [normal(2, 3, 9, 8)]),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "count_include_pad": False}, [normal(2, 3, 9, 8)]),
    ("AdaptiveAvgPool2d", ((4, None),), {}, [normal(2, 3, 9, 8)]),
    ("AdaptiveMaxPool1d", (4,), {}, [normal(2, 3, 9)]),
    ("AdaptiveMaxPool2d", (4,), {}, [normal(2, 3, 9, 8)]),
    ("BatchNorm2d", (4,), {}, [normal(5, 4, 2, 3)]),
    ("InstanceNorm1d", (4,), {}, [normal(5, 4, 3)]),
    ("InstanceNorm1d", (4,), {"affine": True, "track_running_stats": True}, [normal(5, 4, 3)]),
    ("InstanceNorm2d", (4,), {"affine": True}, [normal(4, 3, 2)]),
    *[
        (name, (2,), {}, [normal(2, 3, 5)])
        for name in ("ReflectionPad1d", "ReplicationPad1d", "CircularPad1d", "ZeroPad1d")
    ],
    *[
        (name, ((2, 1, 0, 3),), {}, [normal(2, 3, 5, 4)])
        for name in ("ReflectionPad2d", "ReplicationPad2d", "CircularPad2d", "ZeroPad2d")
    ],
    *[
        (name, (), {}, [normal(3, 4)])
        for name in ("SELU", "CELU", "Mish", "Hardshrink", "Softshrink", "Tanhshrink", "Softsign")
    ],
    ("CELU", (0.5,), {}, [normal(3, 4)]),
    ("Softmin", (1,), {}, [normal(3, 4)]),
    ("Softmax2d", (), {}, [normal(2, 3, 4, 2)]),
    ("Threshold", (0.1, -2.0), {}, [normal(3, 4)]),
    ("RReLU", (0.2, 0.2), {}, [normal(3, 4)]),
    ("PReLU", (4,), {}, [normal(3, 4, 2)]),
    ("PReLU", (), {"init": 0.1}, [normal(3, 4)]),
    ("PairwiseDistance", (1.0,), {"keepdim": True}, [normal(3, 4), normal(3, 4) + 1]),
    ("MarginRankingLoss", (0.5,), {}, [normal(3, 4), normal(4, 3).T, np.ones((3, 4))]),
    ("CosineEmbeddingLoss", (0.1,), {}, [normal(3, 4), normal(4, 3).T, np.array([1, -1, 1])]),
    ("HingeEmbeddingLoss", (), {"reduction": "sum"}, [normal(3, 4), np.where(np.eye(3, 4), 1, -1)]),
    ("SoftMarginLoss", (), {}, [normal(3, 4), np.where(np.eye(3, 4), 1, -1)]),
    ("MultiLabelSoftMarginLoss", (), {}, [normal(3, 4), np.eye(3, 4)]),
    ("MultiMarginLoss", (2,), {}, [normal(3, 4), np.array([1, 0, 3])]),
    ("TripletMarginLoss", (), {"swap": True}, [normal(3, 4), normal(4, 3).T, normal(3, 4) + 1]),
    ("GaussianNLLLoss", (), {"full": True}, [normal(3, 4), normal(4, 3).T, np.full((3, 4), 0.5)]),
    ("PoissonNLLLoss", (), {"full": True}, [normal(3, 4), np.full((3, 4), 2.0)]),
    ("ConstantPad1d", ((2, -1), 0.5), {}, [normal(2, 3, 5)]),
    ("ConstantPad2d", (1, 0.5), {}, [normal(2, 3, 5, 4)]),
    ("Upsample", (), {"scale_factor": 2, "mode": "linear"}, [normal(2, 3, 5)]),
    ("UpsamplingNearest2d", ((7, 9),), {}, [normal(2, 3, 5, 4)]),
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
