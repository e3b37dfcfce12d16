"""Names of constants, from the lines that the caller wrote.

The graph keeps nothing of an input that gets no gradient and is not needed for one, such as the target of `y - target`, and
after backward nothing of any constant. But the line that made a value still stands in the source. So the expression behind a
variable is read beside the graph, operation by operation, as far as both say the same.
"""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ...ops.function import Recorded
from .items import Item, Model

SIGNS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul", ast.USub: "neg",
}  # fmt: skip
SILENT = ("Reshape", "Cast", "Clone", "SumTo")  # operations that no line asks for
DIFFERENCES = ("mseloss", "l1loss")  # they begin with input - target
AFTER = ("Mean", "Sum", "Pow", "Mul", "Abs", *SILENT)  # and go on so
LONGEST = 24  # letters of an expression that stands for a constant


def name_as_written(model: Model, source: Callable[[], str], variables: dict[str, Any]) -> None:
    """Name constants of which nothing is known as the text that `source` gives does."""
    unknown = {item for item in model.items if item.is_unknown}
    written: dict[str, list[ast.expr]] = {}
    in_turn: set[str] = set()  # what a loop sets
    with contextlib.suppress(SyntaxError):  # the text of a lambda is a part of a line
        for name, value in _assignments(ast.parse(source() if unknown else "").body):
            written.setdefault(name, []).append(value) if value is not None else in_turn.add(name)
    found: dict[Item, set[str]] = {}
    waiting = [
        (item, value)
        for item in model.items
        if item.kind == "op" and isinstance(variables.get(item.name), Recorded)
        for value in _readable(written.get(item.name, []), variables)
    ]
    for item, value in waiting:  # grows while it is read
        for made, operand in _beside(item, value, variables):
            if made in unknown:
                name, t = ast.unparse(operand), made.scope.step
                found.setdefault(made, set()).add(f"{name}[{t}]" if name in in_turn and t is not None else name)
            elif made.kind == "op" and not isinstance(operand, ast.Name):
                waiting.append((made, operand))
    for item, names in found.items():
        if len(names) == 1 and len(name := next(iter(names))) <= LONGEST:
            item.name = name


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr | None]]:
    """(name, expression) of what is assigned here, (name, None) of what a loop sets; functions and classes inside have
    names of their own."""
    waiting: list[ast.AST] = list(body)
    for part in waiting:  # grows while it is read
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            if part in body and len(body) == 1:  # the text is that of one function
                waiting += part.body if not isinstance(part, ast.ClassDef) else []
        elif isinstance(part, ast.Assign):
            yield from ((target.id, part.value) for target in part.targets if isinstance(target, ast.Name))
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            yield part.target.id, ast.BinOp(ast.Name(part.target.id), part.op, part.value)
        elif not isinstance(part, ast.expr):
            if isinstance(part, ast.For):
                yield from ((name.id, None) for name in ast.walk(part.target) if isinstance(name, ast.Name))
            waiting += ast.iter_child_nodes(part)


def _readable(values: list[ast.expr], variables: dict[str, Any]) -> list[ast.expr]:
    """The expressions that a variable may stand for; none if one of several may be anything."""
    calls = [value for value in values if isinstance(value, ast.Call) and not _called(value, variables)[0]]
    return [] if calls and len(values) > 1 else values


def _called(call: ast.Call, variables: dict[str, Any]) -> tuple[str, list[ast.expr]]:
    """The name of a function or method of the library without its underscores, and what it takes; "" for others."""
    function = call.func
    if isinstance(function, ast.Attribute):
        own = [] if isinstance(_module(function.value, variables), ModuleType) else [function.value]
        return function.attr.replace("_", ""), [*own, *call.args]
    kind = type(variables.get(function.id)).__name__ if isinstance(function, ast.Name) else ""
    return (kind.lower() if kind in ("MSELoss", "L1Loss") else ""), list(call.args)


def _module(part: ast.expr, variables: dict[str, Any]) -> Any:
    if isinstance(part, ast.Attribute):
        base = _module(part.value, variables)
        return getattr(base, part.attr, None) if isinstance(base, ModuleType) else None
    return variables.get(part.id) if isinstance(part, ast.Name) else None


def _beside(item: Item, value: ast.expr, variables: dict[str, Any]) -> Iterator[tuple[Item, ast.expr]]:
    """Each input of an operation with the expression for it, if the expression is that operation."""
    if isinstance(value, ast.BinOp):
        name, operands = SIGNS.get(type(value.op), ""), [value.left, value.right]
    elif isinstance(value, ast.UnaryOp):
        name, operands = SIGNS.get(type(value.op), ""), [value.operand]
    elif isinstance(value, ast.Call):
        name, operands = _called(value, variables)
    else:
        return
    difference = name in DIFFERENCES
    wanted = "sub" if difference else name
    while item.op.lower() != wanted and item.inputs and item.op in (AFTER if difference else SILENT):
        item = item.inputs[0].source
    if item.op.lower() == wanted:
        yield from ((link.source, operands[link.position]) for link in item.inputs if link.position < len(operands))
