"""An op is one room: what a person touches to add one, counted; and what no rule may lack."""

from __future__ import annotations

import importlib
import inspect
import pathlib
import pkgutil
import re

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import ops
from tinygrad_rnn.ops.function import Function

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
