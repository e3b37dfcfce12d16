"""`import torch` means this library, for a while: programs written for PyTorch run unchanged, and PyTorch is not loaded.

    with tg.as_torch():
        import tutorial

`torch` in `sys.modules` is this package, and a finder answers for `torch.nn`, `torch.utils.data` … with the modules of
the same path here. What such programs import on the side and do not need (tensorboard …) becomes a module that does
nothing; what they cannot do without (torchvision …) is refused with the way round.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .._left_out import WAY_ROUND

HERE = __name__.partition(".")[0]
SIDE = {  # what writes about training somewhere else
    "torch.utils.tensorboard", "tensorboard", "tensorboardX", "wandb", "visdom", "torchinfo", "torchsummary", "torchviz",
}  # fmt: skip
REFUSED = {
    "torchvision": "it is made of PyTorch; load pictures with NumPy, and give rows or patches to the model as a sequence",
    "torchtext": "it is made of PyTorch; read the text with open(), and number its words in a dict",
    "torchaudio": "it is made of PyTorch; read samples with the module wave, and make them an array",
    "torchmetrics": "it is made of PyTorch; a metric is a line: (scores.argmax(-1) == target).float().mean()",
    "pytorch_lightning": "it is made of PyTorch; write the training loop out",
    "lightning": "it is made of PyTorch; write the training loop out",
}


@contextmanager
def as_torch() -> Iterator[list[str]]:
    """Inside, `import torch`, `from torch.utils.data import DataLoader` … give this library.

    Gives the list of the modules that were replaced by nothing, filled as they are imported. It counts for the whole
    process, all threads; afterwards `torch` is again what it was, and what was imported inside keeps this library.

    Raises ModuleNotFoundError at an import of what is not here, with the way round.
    """
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_torchs(name)}
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    sys.modules["torch"] = importlib.import_module(HERE)
    try:
        yield finder.silent
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_torchs(name)]:
            parent, _, child = name.rpartition(".")
            if isinstance(sys.modules.pop(name), _Silent) and parent.startswith("torch"):
                vars(importlib.import_module(_home(parent))).pop(child, None)
        sys.modules.update(before)


def find_module(name: str) -> Any:
    """The module that stands for `torch.…`; raises ModuleNotFoundError that says the way round."""
    try:
        return importlib.import_module(_home(name))
    except ModuleNotFoundError as error:
        if error.name is None or not _home(name).startswith(error.name):
            raise
    ways = [WAY_ROUND[part] for part in name.split(".") if part in WAY_ROUND]
    raise ModuleNotFoundError(f"there is no {name} here" + (f": {ways[0]}" if ways else ""), name=name)


def is_silent(name: str) -> bool:
    """Does a module that does nothing stand for this one?"""
    return any(name == side or name.startswith(side + ".") for side in SIDE)


def _is_torchs(name: str) -> bool:
    return name.partition(".")[0] in ({"torch"} | SIDE | REFUSED.keys())


def _home(name: str) -> str:
    """The path here: the same, but that `torch.cuda.amp` is `amp`."""
    return ".".join([HERE, *name.split(".")[2 if name.startswith("torch.cuda.amp") else 1 :]])


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of PyTorch's modules, and of those in the tables above."""

    def __init__(self) -> None:
        self.silent: list[str] = []

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if not _is_torchs(fullname):
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: Any) -> Any:
        return _Silent(spec.name) if is_silent(spec.name) else None

    def exec_module(self, module: Any) -> None:
        name = module.__name__
        if name in REFUSED:
            raise ModuleNotFoundError(f"{name} is not used: {REFUSED[name]}", name=name)
        if isinstance(module, _Silent):
            self.silent.append(name)
        else:
            sys.modules[name] = find_module(name)  # the import goes on with what stands here


class _Silent(types.ModuleType):
    """A module whose every name is a `_Nothing`."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


class _Nothing:
    """Called, asked, entered or gone through, it does nothing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> _Nothing:
        return self

    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __str__(self) -> str:
        return ""
