"""jacobian, hessian, vjp, jvp, hvp, vhp: the same numbers and forms as PyTorch's."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.autograd import functional, gradcheck

A = np.array([[0.3, -0.8, 1.2], [0.5, 0.9, -0.4]])
B = np.array([0.7, -0.2, 0.4])


def both(call, *arrays):
    """`call(functional, *tensors)` in both libraries, flattened to arrays, with the nesting it had."""
    torch = pytest.importorskip("torch")
    results = []
    for library, module in ((tg, functional), (torch, torch.autograd.functional)):
        results.append(flat(call(module, *[library.tensor(a, dtype=library.float64) for a in arrays])))
    (ours, our_form), (theirs, their_form) = results
    assert our_form == their_form
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def flat(result):
    if isinstance(result, tuple):
        parts = [flat(part) for part in result]
        return [array for arrays, _ in parts for array in arrays], tuple(form for _, form in parts)
    return [result.detach().numpy()], "tensor"


def vector(x):
    return (x * x).sum(-1).exp()


def two_outputs(x, y):
    return (x * y).tanh(), (x @ y).exp()


def scalar(x):
    return (x.tanh() ** 3).sum() * x.sum()


def scalar_of_two(x, y):
    return ((x @ y).tanh() ** 2).sum() + (y**3).sum()


CALLS = {
    "jacobian": lambda f, x, y: f.jacobian(vector, x),
    "jacobian of a scalar": lambda f, x, y: f.jacobian(scalar, x),
    "jacobian, one input in a tuple": lambda f, x, y: f.jacobian(vector, (x,)),
    "jacobian, several inputs": lambda f, x, y: f.jacobian(scalar_of_two, (x, y)),
    "jacobian, several outputs": lambda f, x, y: f.jacobian(two_outputs, (x, y)),
    "jacobian, unused input": lambda f, x, y: f.jacobian(lambda x, y: x * 2, (x, y)),
    "jacobian, constant": lambda f, x, y: f.jacobian(lambda x: y.clone(), x),
    "hessian": lambda f, x, y: f.hessian(scalar, x),
    "hessian, several inputs": lambda f, x, y: f.hessian(scalar_of_two, (x, y)),
    "hessian, linear": lambda f, x, y: f.hessian(lambda x: x.sum(), x),
    "hessian, one input in a tuple": lambda f, x, y: f.hessian(scalar, (x,)),
    "vjp": lambda f, x, y: f.vjp(vector, x, y[:2]),
    "vjp without v": lambda f, x, y: f.vjp(scalar, x),
    "vjp, several": lambda f, x, y: f.vjp(two_outputs, (x, y), (x, y[:2])),
    "jvp": lambda f, x, y: f.jvp(vector, x, x * 2),
    "jvp, several": lambda f, x, y: f.jvp(two_outputs, (x, y), (x * 2, y + 1)),
    "jvp, linear": lambda f, x, y: f.jvp(lambda x: x * 3, x, x),
    "vhp": lambda f, x, y: f.vhp(scalar, x, x * 2),
    "vhp, several": lambda f, x, y: f.vhp(scalar_of_two, (x, y), (x * 2, y + 1)),
    "hvp": lambda f, x, y: f.hvp(scalar, x, x * 2),
    "hvp, several": lambda f, x, y: f.hvp(scalar_of_two, (x, y), (x * 2, y + 1)),
    "hvp, unused input": lambda f, x, y: f.hvp(lambda x, y: (x**3).sum(), (x, y), (x, y)),
}


@pytest.mark.torch
@pytest.mark.parametrize("name", CALLS)
def test_same_as_pytorch(name):
    both(CALLS[name], A, B)


def test_the_jacobian_has_the_shape_of_output_and_input():
    x = tg.tensor(A)
    assert functional.jacobian(vector, x).shape == (2, 2, 3)
    assert functional.jacobian(lambda x: x[:, :0], x).shape == (2, 0, 2, 3)


def test_products_agree_with_the_matrices():
    x, v = tg.tensor(A), tg.tensor(A + 1)
    hessian = functional.hessian(scalar, x).reshape(6, 6).numpy()
    np.testing.assert_allclose(hessian, hessian.T, atol=1e-12)
    for product in (functional.hvp, functional.vhp):
        np.testing.assert_allclose(product(scalar, x, v)[1].reshape(6).numpy(), hessian @ v.numpy().reshape(6))
    jacobian = functional.jacobian(vector, x).reshape(2, 6).numpy()
    np.testing.assert_allclose(functional.jvp(vector, x, v)[1].numpy(), jacobian @ v.numpy().reshape(6))


def test_inputs_stay_as_they_were():
    x = tg.tensor(A, requires_grad=True)
    found = functional.jacobian(vector, x)
    assert not found.requires_grad
    assert x.grad is None
    assert x.is_leaf
    assert not functional.vjp(scalar, x)[0].requires_grad


def test_it_works_under_no_grad():
    with tg.no_grad():
        assert functional.hessian(scalar, tg.tensor(B)).shape == (3, 3)
        assert not tg.is_grad_enabled()


def test_create_graph_leads_back_to_the_inputs():
    x = tg.tensor(B, requires_grad=True)
    assert gradcheck(lambda x: functional.jacobian(lambda x: (x**3).sum() * x, x, create_graph=True), (x,))
    assert gradcheck(lambda x: functional.hessian(scalar, x, create_graph=True), (x,))
    v = tg.tensor(B + 1)
    for product in (functional.hvp, functional.vhp):
        assert gradcheck(lambda x, product=product: product(scalar, x, v, create_graph=True), (x,))
    assert gradcheck(lambda x: functional.jvp(lambda x: x**3, x, v, create_graph=True), (x,))
    assert gradcheck(lambda x: functional.vjp(lambda x: x**3, x, v, create_graph=True), (x,))


def test_strict_refuses_what_does_not_depend():
    x, y = tg.tensor(A), tg.tensor(B)
    with pytest.raises(RuntimeError, match=r"output 0.*does not depend"):
        functional.jacobian(lambda x: y.clone(), x, strict=True)
    with pytest.raises(RuntimeError, match="input 1"):
        functional.jacobian(lambda x, y: x * 2, (x, y), strict=True)
    with pytest.raises(RuntimeError, match="input 1"):
        functional.vjp(lambda x, y: x.sum(), (x, y), strict=True)
    with pytest.raises(RuntimeError, match=r"hessian\(\): the derivative by input 0"):
        functional.hessian(lambda x: x.sum(), x, strict=True)


def test_wrong_arguments_are_named():
    x = tg.tensor(A)
    with pytest.raises(TypeError, match=r"jacobian\(\).*inputs.*float"):
        functional.jacobian(vector, 3.0)
    with pytest.raises(TypeError, match="number 1 is a float"):
        functional.jacobian(vector, (x, 3.0))
    with pytest.raises(TypeError, match=r"outputs of the function.*float"):
        functional.jacobian(lambda x: 3.0, x)
    with pytest.raises(RuntimeError, match=r"hessian\(\).*single number.*\[2\]"):
        functional.hessian(vector, x)
    with pytest.raises(RuntimeError, match=r"vjp\(\).*pass v"):
        functional.vjp(vector, x)
    with pytest.raises(RuntimeError, match=r"v\[0\] has shape \[3\], expected \[2\]"):
        functional.vjp(vector, x, tg.tensor(B))
    with pytest.raises(RuntimeError, match="v has 2 tensors"):
        functional.hvp(scalar, x, (x, x))
    with pytest.raises(RuntimeError, match=r"input 0.*int64"):
        functional.jacobian(lambda x: x * 2.0, tg.tensor([1, 2]))
