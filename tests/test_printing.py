"""How tensors print, written out: PyTorch's text, in the test command that has no PyTorch."""

from __future__ import annotations

import pytest

import tinygrad_rnn as tg

t = tg.tensor


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (t(2.5), "tensor(2.5000)"),
        (t(3), "tensor(3)"),
        (t([1.0, 2.0]), "tensor([1., 2.])"),
        (t([0.1, -0.25]), "tensor([ 0.1000, -0.2500])"),
        (t([1e5, 1.5]), "tensor([1.0000e+05, 1.5000e+00])"),
        (t([123456.0, 200000.5]), "tensor([123456.0000, 200000.5000])"),
        (t([99999992.0]), "tensor([99999992.])"),
        (t([2e9]), "tensor([2.0000e+09])"),
        (t([1e-5, 2e-5]), "tensor([1.0000e-05, 2.0000e-05])"),
        (t([-0.0, 1.0]), "tensor([-0., 1.])"),
        (t([float("nan"), float("inf"), 1.5]), "tensor([   nan,    inf, 1.5000])"),
        (t([True, False]), "tensor([ True, False])"),
        (t([1, -20]), "tensor([  1, -20])"),
        (t([]), "tensor([])"),
        (tg.zeros(2, 0), "tensor([], size=(2, 0))"),
        (t([1.0], dtype=tg.float64), "tensor([1.], dtype=float64)"),
        (t([1], dtype=tg.int32), "tensor([1], dtype=int32)"),
        (t([[1.0, 2.0], [3.0, 4.0]]), "tensor([[1., 2.],\n        [3., 4.]])"),
        (tg.zeros(2, 1, 1), "tensor([[[0.]],\n\n        [[0.]]])"),
        (t([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (t([1.0], requires_grad=True) * 2, "tensor([2.], grad_fn=<MulBackward0>)"),
        (tg.arange(1001), "tensor([   0,    1,    2,  ...,  998,  999, 1000])"),
        (tg.zeros(7, 200), "tensor([[0., 0., 0.,  ..., 0., 0., 0.],\n" + " " * 8 + "[0., 0., 0.,  ..., 0., 0., 0.],\n" + " " * 8 + "[0., 0., 0.,  ..., 0., 0., 0.],\n" + " " * 8 + "...,\n" + (" " * 8 + "[0., 0., 0.,  ..., 0., 0., 0.],\n") * 2 + " " * 8 + "[0., 0., 0.,  ..., 0., 0., 0.]])"),
    ],
)  # fmt: skip
def test_text(tensor, text):
    assert repr(tensor) == str(tensor) == text


def test_a_thousand_elements_are_shown_in_lines_of_at_most_eighty_characters():
    lines = repr(tg.arange(1000)).splitlines()
    assert "..." not in "".join(lines)
    assert max(map(len, lines)) == 77  # (80 - 7) // (3 + 2) = 14 numbers in a line; a 15th would end at 82
    assert len(lines) == 72
