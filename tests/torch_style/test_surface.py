"""Each name and call form that sequence programs use: it runs here, and gives what it gives under PyTorch.

The forms are texts (forms_tensors.py, forms_modules.py), evaluated with `torch` naming one library or the other.
"""

from __future__ import annotations

import ast
import importlib
import io
import math
import warnings
from typing import Any

import numpy as np
import pytest

from . import forms_modules, forms_tensors

SAME = {
    **forms_tensors.CREATION, **forms_tensors.FUNCTIONS, **{f"Tensor.{k}": v for k, v in forms_tensors.METHODS.items()},
    "get": forms_tensors.GET, "set": forms_tensors.SET, **{f"operator {k}": v for k, v in forms_tensors.OPERATORS.items()},
    **forms_tensors.BUILTINS, **forms_tensors.MODES, **forms_tensors.BEHAVIOURS,
    **forms_modules.MODULES, **forms_modules.FUNCTIONAL, **forms_modules.OPTIM, **forms_modules.DATA, **forms_modules.FILES,
}  # fmt: skip


def cases(table: dict[str, list[str]]) -> list[Any]:
    return [pytest.param(form, id=f"{row}: {form.strip()[-70:]}") for row, forms in table.items() for form in forms]


def inputs(library: str, folder: str) -> dict[str, Any]:
    """The names that forms may use, the same numbers in both libraries."""
    torch = importlib.import_module(library)
    rng = np.random.default_rng(0)

    def floats(*shape: int) -> Any:
        return torch.from_numpy(rng.uniform(-1, 1, shape).astype(np.float32))

    filled = []

    def fill(module: Any) -> Any:
        filled.append(module)
        for n, parameter in enumerate(module.parameters()):
            numbers = np.sin(np.arange(parameter.numel()) + n).reshape(tuple(parameter.shape))
            parameter.data.copy_(torch.from_numpy(0.5 * numbers.astype(np.float32)))
        return module

    names = {
        "x": floats(2, 3), "y": floats(2, 3), "v": floats(3), "sq": floats(4, 4), "b3": floats(2, 3, 4), "c3": floats(2, 4, 5),
        "p": floats(2, 3).requires_grad_(), "q": floats(3).requires_grad_(),
        "ids": torch.tensor([1, 0, 2]), "ids2": torch.tensor([[0, 2, 1], [1, 0, 2]]), "k": torch.tensor(1),
        "mask": torch.tensor([[True, False, True], [False, False, True]]),
        "mask8": torch.tensor([[1, 0, 1], [0, 0, 1]], dtype=torch.uint8),
        "device": torch.device("cpu"), "g": torch.Generator().manual_seed(1), "fill": fill, "filled": filled,
        "torch": torch, "np": np, "math": math, "io": io, "tmp": folder, "__name__": "form",
    }  # fmt: skip
    for name, path in (
        ("nn", "nn"),
        ("F", "nn.functional"),
        ("optim", "optim"),
        ("data", "utils.data"),
        ("rnn", "nn.utils.rnn"),
    ):
        names[name] = importlib.import_module(f"{library}.{path}")
    return names


def evaluate(form: str, library: str, folder: Any, with_gradients: bool = False) -> Any:
    """Run the statements of a form, and give the `plain` value of the last one (None if it is not an expression).

    With gradients, also those that the sum of that value leaves in p, q and the modules.
    """
    names = inputs(library, str(folder))
    statements = ast.parse(form.strip()).body
    if not isinstance(statements[-1], ast.Expr):
        statements += ast.parse("None").body
    last: Any = statements.pop()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # some of the forms are old ones, which both libraries warn about
        exec(compile(ast.Module(statements, []), form, "exec"), names)
        result = eval(compile(ast.Expression(last.value), form, "eval"), names)
        return (plain(result), plain(gradients(result, names))) if with_gradients else plain(result)


def gradients(result: Any, names: dict[str, Any]) -> Any:
    """What `backward` leaves behind; None if nothing requires grad, or the form has gone backwards already."""
    parts = [part for part in leaves(result) if hasattr(part, "detach") and part.requires_grad]
    ends: list[Any] = [part.sum() for part in parts if part.grad_fn is not None]
    if not ends:
        return None
    total: Any = sum(ends)
    try:
        total.backward()
    except RuntimeError:
        return None
    weights = [weight for module in names["filled"] for weight in module.parameters()]
    return [weight.grad for weight in (names["p"], names["q"], *weights)]


def leaves(result: Any) -> list[Any]:
    """The entries of nested lists and tuples."""
    nested = isinstance(result, (list, tuple))
    return [leaf for part in result for leaf in leaves(part)] if nested else [result]


def plain(result: Any) -> Any:
    """A result as Python values that can be compared: tensors become (dtype, shape, requires_grad, numbers)."""
    if hasattr(result, "detach"):
        kind = str(result.dtype).removeprefix("torch.")
        return "tensor", kind, tuple(result.shape), result.requires_grad, np.array(result.detach().numpy())
    if isinstance(result, np.ndarray):
        return "ndarray", str(result.dtype), result
    if isinstance(result, dict):
        return {key: plain(value) for key, value in result.items()}
    if isinstance(result, (list, tuple)):
        return ["list" if isinstance(result, list) else "tuple", *(plain(part) for part in result)]
    if result is None or isinstance(result, (bool, int, float)):
        return result
    return str(result).replace("torch.", "").replace("tinygrad_rnn.", "")


def check_same(ours: Any, theirs: Any) -> None:
    """As ==, with a tolerance for floats."""
    if isinstance(theirs, (list, tuple)):
        assert type(ours) is type(theirs)
        assert len(ours) == len(theirs), f"{ours} instead of {theirs}"
        for a, b in zip(ours, theirs, strict=True):
            check_same(a, b)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        check_same(list(ours.values()), list(theirs.values()))
    elif isinstance(theirs, np.ndarray):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=2e-6)
    elif isinstance(theirs, float):
        assert isinstance(ours, float)
        assert ours == pytest.approx(theirs, rel=1e-5, nan_ok=True)
    else:
        assert type(ours) is type(theirs), f"{ours!r} instead of {theirs!r}"
        assert ours == theirs


def without_numbers(result: Any) -> Any:
    """What random results have in common: everything but the numbers."""
    if isinstance(result, (list, tuple)):
        return [without_numbers(part) for part in result]
    return None if isinstance(result, np.ndarray) else result


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One for all forms: each reads only what it wrote before, and a folder for each would cost more than the form."""
    return tmp_path_factory.mktemp("forms")


@pytest.mark.parametrize("form", cases(SAME) + cases(forms_tensors.RANDOM))
def test_form_runs(form: str, folder: Any):
    evaluate(form, "tinygrad_rnn", folder)


@pytest.mark.torch
@pytest.mark.parametrize("form", cases(SAME))
def test_form_gives_what_it_gives_under_torch(form: str, folder: Any):
    pytest.importorskip("torch")
    theirs, their_gradients = evaluate(form, "torch", folder, with_gradients=True)
    ours, our_gradients = evaluate(form, "tinygrad_rnn", folder, with_gradients=True)
    check_same(ours, theirs)
    if their_gradients is not None:  # where PyTorch will not go backwards again, we may
        check_same(our_gradients, their_gradients)


@pytest.mark.torch
@pytest.mark.parametrize("form", cases(forms_tensors.RANDOM))
def test_random_form_has_the_shape_and_type_it_has_under_torch(form: str, folder: Any):
    pytest.importorskip("torch")
    theirs = evaluate(form, "torch", folder)
    assert without_numbers(evaluate(form, "tinygrad_rnn", folder)) == without_numbers(theirs)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("F.softmax(x)", "no dim given"),
        ("F.log_softmax(b3)", "no dim given"),
        ("nn.Softmax()(x)", "no dim given"),
        ("nn.LogSoftmax()(v)", "no dim given"),
        ("nn.LSTM(4, 2, dropout=0.5)", "no effect with num_layers=1"),
        ("nn.GRU(4, 2, dropout=0.5)", "no effect with num_layers=1"),
    ],
)
def test_old_forms_that_run_with_a_warning(form: str, words: str, folder: Any):
    with pytest.warns(UserWarning, match=words):
        eval(form, inputs("tinygrad_rnn", str(folder)))
