"""Arrays and tensors of other libraries: memory is shared both ways where it can be, and refused in words where not."""

import subprocess
import sys

import numpy as np
import pytest

import tinygrad_rnn as tg

KINDS = ["float16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool"]


@pytest.mark.parametrize("kind", KINDS)
def test_numpy_shares_memory_both_ways(kind):
    ours = tg.ones(2, 3, dtype=kind)
    theirs = np.from_dlpack(ours)
    theirs[0, 1] = 0
    assert theirs.dtype == np.dtype(kind)
    assert ours[0, 1].item() == 0
    back = tg.from_dlpack(theirs)
    back[1, 2] = 0
    assert ours.array[1, 2] == 0
    assert back.dtype is ours.dtype


@pytest.mark.torch
@pytest.mark.parametrize("kind", KINDS)
def test_pytorch_shares_memory_both_ways(kind):
    torch = pytest.importorskip("torch")
    ours = tg.ones(2, 3, dtype=kind)
    theirs = torch.from_dlpack(ours)
    theirs[0, 1] = 0
    assert theirs.dtype == getattr(torch, kind)
    assert ours[0, 1].item() == 0
    back = tg.from_dlpack(theirs.T)
    back[2, 1] = 0
    assert ours.array[1, 2] == 0
    assert back.shape == (3, 2)
    assert back.dtype is ours.dtype
    assert torch.equal(torch.tensor(ours), theirs)
    assert torch.equal(torch.as_tensor(ours.T), theirs.T)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1,), (2, 3)])
def test_every_shape_passes(shape):
    assert np.from_dlpack(tg.zeros(shape)).shape == shape == tg.from_dlpack(np.zeros(shape)).shape


@pytest.mark.torch
def test_pytorchs_tensors_are_data_like_any_other():
    torch = pytest.importorskip("torch")
    theirs = torch.arange(6.0).reshape(2, 3)
    weight = torch.nn.Parameter(theirs.clone())
    for given in (theirs, weight, theirs.bfloat16(), [theirs[0], theirs[1]], [list(row) for row in weight]):
        made = tg.tensor(given)
        assert made.dtype == tg.float32
        assert made.tolist() == theirs.tolist()
        assert not made.requires_grad
    assert tg.tensor(theirs.long()).dtype == tg.int64
    assert tg.tensor(theirs, dtype=tg.float64).dtype == tg.float64
    tg.tensor(theirs).zero_()
    assert theirs[1, 2] == 5  # a copy
    tg.as_tensor(theirs)[1, 2] = 7
    assert theirs[1, 2] == 7  # the same memory
    assert torch.tensor(tg.tensor(4)).item() == 4


def test_what_cannot_be_shared_is_refused():
    array = np.zeros(3)
    array.flags.writeable = False
    with pytest.raises(BufferError, match=r"shape \[3\]\) is read-only; tensor\(x\) makes a copy"):
        tg.from_dlpack(array)
    with pytest.raises(TypeError, match="expected an object with __dlpack__, got list"):
        tg.from_dlpack([1.0])
    with pytest.raises(TypeError, match="complex64 is not supported"):
        tg.from_dlpack(np.zeros(2, "complex64"))
    with pytest.raises(BufferError, match=r"x\.detach\(\)"):
        np.from_dlpack(tg.ones(2, requires_grad=True))
    with pytest.raises(BufferError, match=r"shape \[4\], strides \(-8,\)\).*x\.clone\(\)"):
        np.from_dlpack(tg.from_numpy(np.arange(4.0)[::-1]))
    with pytest.raises(BufferError, match=r"read-only.*shape \[3\]"):
        np.from_dlpack(tg.from_numpy(array))


@pytest.mark.torch
def test_pytorchs_that_cannot_be_shared_are_refused():
    torch = pytest.importorskip("torch")
    with pytest.raises(BufferError, match="makes a copy that NumPy can hold"):
        tg.from_dlpack(torch.zeros(2).bfloat16())
    with pytest.raises(BufferError, match="detach"):
        tg.from_dlpack(torch.zeros(2, requires_grad=True))
    with pytest.raises(TypeError, match="complex64 is not supported"):
        tg.tensor(torch.zeros(2) + 0j)


def test_pytorch_is_never_loaded_by_it():
    code = "import sys, numpy, tinygrad_rnn as tg; tg.from_dlpack(numpy.ones(2)); print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
