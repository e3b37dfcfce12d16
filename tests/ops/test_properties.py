"""Properties that hold for all shapes and indices: drawn by hypothesis, compared with NumPy."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as arrays

import tinygrad_rnn as tg

few = settings(max_examples=60, deadline=None)
shapes = arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
broadcastable = arrays.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3)


def filled(shape) -> np.ndarray:
    """Distinct numbers, so that a wrong element shows."""
    return np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape)


@few
@given(broadcastable)
def test_broadcasting_and_its_gradient(drawn):
    a, b = (filled(shape) for shape in drawn.input_shapes)
    x, y = tg.tensor(a, requires_grad=True), tg.tensor(b, requires_grad=True)
    z = x * y
    assert z.shape == drawn.result_shape
    np.testing.assert_array_equal(z.detach().numpy(), a * b)
    z.sum().backward()
    np.testing.assert_allclose(x.grad.numpy().sum(), np.broadcast_to(b, drawn.result_shape).sum())
    assert x.grad.shape == x.shape
    assert y.grad.shape == y.shape


@few
@given(st.data())
def test_basic_index_reads_and_writes_as_numpy(data):
    a = filled(data.draw(arrays.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)))
    index = data.draw(arrays.basic_indices(a.shape, allow_newaxis=True, allow_ellipsis=True))
    if any(isinstance(part, slice) and (part.step or 1) < 0 for part in np.atleast_1d(np.array(index, object))):
        return  # PyTorch has no negative steps
    x = tg.tensor(a, requires_grad=True)
    y = x[index]
    np.testing.assert_array_equal(y.detach().numpy(), a[index])
    (y * y).sum().backward()
    expected = np.zeros_like(a)
    expected[index] = 2 * a[index]
    np.testing.assert_array_equal(x.grad.numpy(), expected)
    written, b = x.detach().clone(), a.copy()
    written[index] = 7.0
    b[index] = 7.0
    np.testing.assert_array_equal(written.numpy(), b)


@few
@given(st.data())
def test_array_index_adds_up_repeats_in_the_gradient(data):
    a = filled(data.draw(arrays.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)))
    index = data.draw(arrays.integer_array_indices(a.shape, dtype=np.dtype("int64")))
    x = tg.tensor(a, requires_grad=True)
    y = x[tuple(tg.from_numpy(np.asarray(part)) for part in index)]
    np.testing.assert_array_equal(y.detach().numpy(), a[index])
    y.sum().backward()
    expected = np.zeros_like(a)
    np.add.at(expected, index, 1.0)
    np.testing.assert_array_equal(x.grad.numpy(), expected)


@few
@given(st.data())
def test_mask_index(data):
    a = filled(data.draw(arrays.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4)))
    mask = data.draw(arrays.arrays(bool, a.shape))
    x = tg.tensor(a, requires_grad=True)
    np.testing.assert_array_equal(x[tg.from_numpy(mask)].detach().numpy(), a[mask])
    x[tg.from_numpy(mask)].sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), mask.astype(float))


@few
@given(st.data())
def test_reduction_over_any_axes(data):
    a = filled(data.draw(arrays.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=3)))
    dims = data.draw(st.lists(st.integers(-a.ndim, a.ndim - 1), min_size=1, unique_by=lambda d: d % a.ndim))
    keepdim = data.draw(st.booleans())
    x = tg.tensor(a, requires_grad=True)
    for ours, numpys in ((x.sum, a.sum), (x.mean, a.mean), (x.amax, a.max), (x.amin, a.min)):
        found = ours(tuple(dims), keepdim).detach().numpy()
        np.testing.assert_allclose(found, numpys(axis=tuple(dims), keepdims=keepdim), rtol=1e-12)
    x.mean(tuple(dims)).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 1 / np.prod([a.shape[d] for d in dims]))


@few
@given(st.data())
def test_moving_axes_and_back_is_the_identity(data):
    a = filled(data.draw(shapes))
    order = data.draw(st.permutations(range(a.ndim)))
    x = tg.tensor(a)
    moved = x.permute(*order) if a.ndim else x
    np.testing.assert_array_equal(moved.numpy(), a.transpose(order))
    back = moved.permute(*np.argsort(order).tolist()) if a.ndim else moved
    np.testing.assert_array_equal(back.numpy(), a)
    assert back.reshape(-1).reshape(a.shape).equal(x)
    assert x.unsqueeze(0).squeeze(0).equal(x)


@few
@given(st.data())
def test_pieces_join_to_the_whole(data):
    a = filled(data.draw(arrays.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5)))
    dim = data.draw(st.integers(-a.ndim, a.ndim - 1))
    x = tg.tensor(a, requires_grad=True)
    size = data.draw(st.integers(1, 6))
    for pieces in (x.split(size, dim), x.chunk(size, dim)):
        assert tg.cat(pieces, dim).equal(x)
    assert tg.stack(x.unbind(dim), dim).equal(x)
    tg.cat(x.split(size, dim)[::-1], dim).sum().backward()
    assert x.grad.equal(tg.ones_like(x))


@few
@given(st.data())
def test_sorting_and_gathering(data):
    a = data.draw(arrays.arrays(np.float64, arrays.array_shapes(min_dims=1, max_dims=3, max_side=5),
                                elements=st.integers(-3, 3).map(float)))  # fmt: skip
    dim = data.draw(st.integers(-a.ndim, a.ndim - 1))
    x = tg.tensor(a)
    values, indices = x.sort(dim)
    np.testing.assert_array_equal(values.numpy(), np.sort(a, dim))
    assert x.gather(dim, indices).equal(values)
    k = data.draw(st.integers(0, a.shape[dim]))
    np.testing.assert_array_equal(x.topk(k, dim).values.numpy(), np.flip(np.sort(a, dim), dim).take(range(k), dim))


@few
@given(st.data())
def test_matrix_products_of_any_batch_shape(data):
    drawn = data.draw(arrays.mutually_broadcastable_shapes(signature="(n,m),(m,k)->(n,k)", max_dims=2, max_side=3))
    a, b = (filled(shape) for shape in drawn.input_shapes)
    z = tg.tensor(a) @ tg.tensor(b)
    np.testing.assert_allclose(z.numpy(), a @ b, rtol=1e-12)
