"""An op is one room: what a person touches to add one, counted; and what no rule may lack."""

from __future__ import annotations

import importlib
import inspect
import pathlib
import pkgutil
import re
import sys

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import ops
from tinygrad_rnn.graph import Node
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.ops.function import Function
from tinygrad_rnn.viz.model.items import SYMBOLS

PACKAGE = pathlib.Path(tg.__file__).parent
FILES = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
RULES = [
    rule
    for module in pkgutil.iter_modules(ops.__path__)
    for rule in vars(importlib.import_module(f"tinygrad_rnn.ops.{module.name}")).values()
    if inspect.isclass(rule) and issubclass(rule, Function) and rule.__module__ == f"tinygrad_rnn.ops.{module.name}"
]


def places(*names: str) -> set[str]:
    """The files that define, export or list one of these names, rather than use it."""
    either = "|".join(names)
    listed = re.compile(
        rf"^ *(def|class) ({either})\b|^ *({either}): _?Final|\b({either}) as ({either})\b|^ *\"({either})\": \"",
        re.MULTILINE,
    )
    return {str(path.relative_to(PACKAGE)) for path, text in FILES.items() if listed.search(text)}


@pytest.mark.parametrize(
    ("names", "most"), [(("logsumexp",), 2), (("softplus", "Softplus"), 4), (("tanh", "Tanh"), 6)], ids=lambda x: str(x)
)
def test_places_that_name_an_op(names, most):
    found = places(*names)
    assert any(place.startswith("ops/") for place in found)
    assert len(found) <= most, sorted(found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_says_its_formula_and_its_derivative(rule):
    text = rule.__dict__.get("__doc__") or ""
    assert text, f"{rule.__name__} has no docstring"
    if rule.__name__ != "Function":
        assert re.search(r"dL/d|derivative", text), f"{rule.__name__}: its docstring does not say the derivative"


def test_there_are_rules_to_look_at():
    assert len(RULES) > 60
    assert set(RULES) < KINDS


def kinds_of_node() -> set[type[Node]]:
    """All classes of nodes in the package: rules in `ops/` and elsewhere."""
    for module in pkgutil.walk_packages(tg.__path__, "tinygrad_rnn."):
        if (
            not module.name.endswith("__main__") and ".compiled" not in module.name
        ):  # numba may be missing, and no node is there
            importlib.import_module(module.name)
    files = [module for name, module in sys.modules.items() if name.startswith("tinygrad_rnn.")]
    defined = [kind for file in files for kind in vars(file).values() if inspect.isclass(kind)]
    return {kind for kind in defined if issubclass(kind, Node) and kind is not Node}


KINDS = kinds_of_node()
WITHOUT_SYMBOL = {
    "Function": "a base class",
    "FusedLayer": "a base class",
    "Flat": "a base class",
    "FunctionNode": "a base class: the node of a user's Function has that one's name",
    "Leaf": "no operation: drawn with its tensor's name",
    "WayIn": "inside a checkpoint's own graph, which backward makes and drops",
}


def symbol_problem(kind: type[Node]) -> str | None:
    """What is wrong with the way pictures show a node: its symbol, or else the name that users call it by."""
    name = kind.__name__
    called = any(hasattr(place, name.lower()) for place in (tg.Tensor, F, tg))
    if name in WITHOUT_SYMBOL:
        return f"{name} is in WITHOUT_SYMBOL and has a symbol" if name in SYMBOLS else None
    if name in SYMBOLS or called:
        return None
    return f"{name}: no function is called {name.lower()!r}, so it needs a symbol in SYMBOLS, viz/model/items.py"


@pytest.mark.parametrize("kind", sorted(KINDS, key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_a_picture_has_a_symbol_for_it(kind):
    assert symbol_problem(kind) is None


def test_symbols_and_reasons_are_of_operations_that_exist():
    names = {kind.__name__ for kind in KINDS}
    assert {*SYMBOLS, *WITHOUT_SYMBOL} <= names


def test_an_op_without_a_symbol_is_found():
    assert "needs a symbol" in str(symbol_problem(type("TwiceAsMuch", (Function,), {})))
    assert symbol_problem(type("Exp", (Function,), {})) is None
