"""Every public function that takes a Tensor says its own name when it gets something else."""

from __future__ import annotations

import inspect

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.nn import functional as F

from .rows import PAIR

SPELT = {"absolute": "abs", "clip": "clamp", "divide": "div", "true_divide": "div", "floor_divide": "div", "reciprocal": "div", "reciprocal_": "div", "multiply": "mul",
         "subtract": "sub", "negative": "neg", "moveaxis": "movedim", "swapaxes": "transpose", "swapdims": "transpose"}  # fmt: skip
FILLED = {
    "dim": 0,
    "dim0": 0,
    "dim1": 0,
    "size": (1,),
    "shape": (1,),
    "index": tg.tensor([0]),
    "repeats": 1,
    "chunks": 1,
    "k": 1,
}
FILLED |= {
    "split_size_or_sections": 1,
    "start": 0,
    "length": 1,
    "source": 0,
    "destination": 0,
    "sizes": (1,),
    "shifts": 1,
    "pad": (0, 0),
}
FILLED |= {
    "normalized_shape": (1,),
    "num_groups": 1,
    "output_size": 1,
    "kernel_size": 1,
    "exponent": 2.0,
    "num_samples": 1,
}


def _functions():
    for module in (tg, F):
        for name, function in vars(module).items():
            if inspect.isfunction(function) and next(iter(inspect.signature(function).parameters), "") == "input":
                yield name, function


@pytest.mark.parametrize(("name", "function"), [pytest.param(*row, id=row[0]) for row in _functions()])
def test_every_function_of_a_tensor_names_itself_and_the_tuple_it_got(name, function):
    parameters = list(inspect.signature(function).parameters.values())[1:]
    needed = [p for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    rest = [FILLED.get(p.name, tg.ones(1)) for p in needed]
    sizes = [(1,)] if any(p.kind is p.VAR_POSITIONAL for p in parameters) else []
    spelt = {
        SPELT.get(name, name),
        function.__name__.strip("_"),
        name.rstrip("_"),
    }  # an alias or a twin says its original
    with pytest.raises(TypeError, match=rf"^({'|'.join(spelt)})\(\)") as raised:
        function((tg.ones(1), tg.ones(1)), *rest, *sizes)
    assert PAIR in str(raised.value)


def test_there_are_many_functions():
    assert len(list(_functions())) > 150
