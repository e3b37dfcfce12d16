"""Tensors to print, as texts; `t` is the library."""

import numpy as np

R = np.random.default_rng(0).standard_normal(1200)
CASES = [
    "t.tensor(1.)", "t.tensor(3)", "t.tensor(True)", "t.tensor(2.5)", "t.tensor([1., 2.])",
    "t.tensor([1.5, 2.25, -3.])", "t.tensor([[1., 2.], [3., 4.]])", "t.tensor([1, 2, 300])",
    "t.tensor([[1, -2], [30, 4]])", "t.tensor([True, False])", "t.tensor([])", "t.zeros(2, 0)", "t.zeros(0, 3)",
    "t.tensor([], dtype=t.int64)", "t.zeros(3, dtype=t.float64)", "t.tensor([1, 2], dtype=t.int32)",
    "t.tensor([1e-5, 1.])", "t.tensor([1e5, 1.])", "t.tensor([1e9, 1.5])", "t.tensor([1e10])", "t.tensor(1e-5)",
    "t.tensor(1e10)", "t.tensor(123456.789)", "t.tensor([123456.789, 1.5])", "t.tensor([float('nan'), 1.])",
    "t.tensor([float('inf'), 1.5])", "t.tensor(float('nan'))", "t.tensor(float('-inf'))",
    "t.tensor([float('inf'), 2.])", "t.tensor([float('nan'), float('nan')])", "t.arange(2000)", "t.arange(1001.)",
    "t.arange(1000)", "t.arange(40.)", "t.arange(40.).reshape(4, 10)", "t.arange(10000.).reshape(100, 100)",
    "t.zeros(20, 20, 20)", "t.arange(24.).reshape(2, 3, 4)", "t.arange(24).reshape(2, 3, 4)",
    "t.tensor([1., 2.], requires_grad=True)", "t.tensor([1., 2.], requires_grad=True)*2",
    "t.tensor([[1., 2.]], requires_grad=True).sum()", "t.tensor([1., 2.], requires_grad=True).exp()",
    "t.tensor([0.1, 0.22, 0.333, 0.4444, 0.55555])", "t.tensor([1000., 2.5])", "t.tensor([10000.5, 2.])",
    "t.tensor([0.0001, 1])", "t.tensor([0.00001, 0.00002])", "t.tensor([-1., 2.])", "t.tensor([-0.5, 2.25])",
    "t.from_numpy(R[:5])", "t.from_numpy(R[:60].reshape(6, 10))", "t.from_numpy(R[:60].reshape(6, 10)*1000)",
    "t.from_numpy(R[:60].reshape(3, 20)*1e-6)", "t.from_numpy(R.reshape(40, 30)).float()",
    "t.tensor([[True, False], [False, True]])", "t.tensor([1, 2], dtype=t.uint8)", "t.tensor([1.5], dtype=t.float16)",
    "t.ones(2, 3, requires_grad=True)", "t.tensor([0., 0.])", "t.tensor(-0.)", "t.tensor([1e-45])",
    "t.arange(300).float()", "t.tensor([3., 1e8])", "t.tensor([1e8])", "t.tensor([99999999.])",
    "t.tensor([1., 1e-8])", "t.tensor([1e3, 1e-1])", "t.tensor([1e4, 1e-1])", "t.tensor([100000., 1e2+.5])",
    "t.ones(1, 1, 1)", "t.zeros(3, 1001)", "t.arange(12.).reshape(3, 4).t()", "t.tensor([[[[1.]]]])",
    "t.ones(2, dtype=t.float64, requires_grad=True).sum()", "t.tensor([1., 2.], requires_grad=True).detach()",
    "t.tensor(5, dtype=t.int32)", "t.tensor(0.1+0.2, dtype=t.float64)", "t.arange(100.).reshape(10, 10)[:,  ::2]",
    "t.full((3, ), 0.333333)", "t.zeros(1, 0, 2)", "t.tensor([[], []])", "t.zeros((),  dtype=t.bool)",
    "t.tensor([1, -1])", "t.tensor([12345678., 1])", "t.tensor([12345678., 0.5])",
]  # fmt: skip
