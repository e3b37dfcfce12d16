"""Which of PyTorch's names a program uses that are not here: read from its source, nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from .._left_out import WAY_ROUND
from .._tensor import Tensor
from .as_torch import REFUSED, find_module, is_silent

# methods that no other objects of such programs have, so that the name alone says a tensor was meant
METHODS = {
    "to_sparse", "to_sparse_csr", "to_dense", "coalesce", "stft", "istft", "as_strided", "as_strided_", "set_", "storage",
    "untyped_storage", "storage_offset", "share_memory_", "dequantize", "view_as_complex", "view_as_real", "resize_",
    "align_to", "align_as", "refine_names", "to_mkldnn", "record_stream", "bfloat16", "cfloat", "cdouble", "chalf",
    "resolve_conj", "is_conj",
}  # fmt: skip


class Missing(NamedTuple):
    """A name that is not here: where it stands, and what to use instead."""

    file: str
    line: int
    name: str
    way: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.name}" + (f": {self.way}" if self.way else "")


def missing_names(path: str | Path) -> list[Missing]:
    """PyTorch's names that a program, and the files beside it that it imports, uses and that are not here, by line.

    Names are followed from their import (`import torch.nn as nn`, `from torch import optim`) through attributes; of
    methods only those are known that no other object has. Raises SyntaxError for what is not Python, OSError.
    """
    waiting, read, found = [Path(path)], set(), []
    while waiting:
        file = waiting.pop(0)
        if file not in read:
            read.add(file)
            reader = _Reader(file)
            reader.visit(ast.parse(file.read_bytes(), str(file)))
            found += sorted(set(reader.found), key=lambda m: (m.line, m.name))
            waiting += [place for name in reader.others for place in _beside(file, name)]
    return found


def _beside(file: Path, name: str) -> Iterator[Path]:
    place = file.parent.joinpath(*name.split("."))
    yield from (found for found in (place.with_suffix(".py"), place / "__init__.py") if found.is_file())


class _Reader(ast.NodeVisitor):
    """Goes through one file: `names` says which of PyTorch's names a variable stands for."""

    def __init__(self, file: Path):
        self.file = file
        self.names: dict[str, str] = {}
        self.found: list[Missing] = []
        self.others: list[str] = []  # modules that may lie beside the file

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if self._imported(node, alias.name):
                short = alias.name.partition(".")[0]
                self.names[alias.asname or short] = alias.name if alias.asname else short

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or node.module is None:
            self.others += [node.module] if node.module else [alias.name for alias in node.names]
        elif self._imported(node, node.module):
            for alias in node.names if not is_silent(node.module) else ():
                full = f"{node.module}.{alias.name}"
                if alias.name != "*" and not is_silent(full):
                    self.names[alias.asname or alias.name] = full
                    self._check(node, full)

    def _imported(self, node: ast.stmt, name: str) -> bool:
        """Is it one of PyTorch's modules? If it is none of those here, say so."""
        root = name.partition(".")[0]
        if root in REFUSED:
            self._missing(node, root, REFUSED[root])
        elif root == "torch" and not is_silent(name):
            try:
                find_module(name)
            except ModuleNotFoundError as error:
                self._missing(node, name, str(error).partition(": ")[2])
                return False
            return True
        elif not is_silent(name):
            self.others.append(name)
        return False

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self._full(node)
        if full is not None:
            self._check(node, full)
            return  # the parts of the chain are checked with it
        if node.attr in METHODS and not hasattr(Tensor, node.attr):
            self._missing(node, f"Tensor.{node.attr}", WAY_ROUND.get(node.attr, ""))
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name) and node.func.id == "getattr" and len(node.args) == 2:
            base, name = self._full(node.args[0]), node.args[1]
            if base is not None and isinstance(name, ast.Constant):
                self._check(node, f"{base}.{name.value}")
        self.generic_visit(node)

    def _full(self, node: ast.expr) -> str | None:
        """`nn.functional.relu` as "torch.nn.functional.relu"; None for what is not PyTorch's."""
        if isinstance(node, ast.Attribute):
            base = self._full(node.value)
            return None if base is None else f"{base}.{node.attr}"
        return self.names.get(node.id) if isinstance(node, ast.Name) else None

    def _check(self, node: ast.AST, full: str) -> None:
        """Follow the name from module to attribute to attribute; the first that is not here is missing."""
        here: Any = find_module("torch")
        reached = "torch"
        for part in full.split(".")[1:]:
            reached += f".{part}"
            try:
                here = _attribute(here, part, reached)
            except (AttributeError, ModuleNotFoundError) as error:
                way = WAY_ROUND.get(part) or str(error).partition(f"{part!r}")[2].lstrip(":; ")
                self._missing(node, reached, way)
                return
            if not isinstance(here, (ModuleType, type)):
                return  # a function or a value: what it has is found out by running

    def _missing(self, node: Any, name: str, way: str) -> None:
        self.found.append(Missing(str(self.file), node.lineno, name, way))


def _attribute(here: Any, part: str, reached: str) -> Any:
    try:
        return getattr(here, part)
    except AttributeError:
        if not isinstance(here, ModuleType):
            raise
        try:
            return find_module(reached)
        except ModuleNotFoundError:
            pass
        raise
