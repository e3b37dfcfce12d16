"""Files of PyTorch's torch.save, read by PyTorch itself: their tensors become ours, numbers and containers stay."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from .._tensor import Tensor
from ..create import tensor
from ..trees import tree_map
from .pytorch import pytorch


def read_pt(path: Path) -> tuple[Any, int]:
    """What the file holds, and how many tensors. No code in it is run.

    Raises ImportError where PyTorch is missing, RuntimeError for a file that holds more than tensors, numbers and
    containers of them (a whole module), OSError.
    """
    torch = pytorch(f"reading {path}")
    made: dict[int, Tensor] = {}
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except pickle.UnpicklingError as error:
        if "weights only" not in str(error).lower() and "weights_only" not in str(error).lower():
            raise _not_one(path, error) from None
        raise RuntimeError(
            f"{path}: holds Python objects beside tensors, as a whole module does, and reading them would run code. Where its "
            f"class is at hand: torch.save(torch.load(path, weights_only=False).state_dict(), 'state.pt'), and convert that"
        ) from None
    except Exception as error:  # bytes that are no pickle raise whatever they run into
        raise _not_one(path, error) from None

    def ours(x: Any) -> Tensor:
        if id(x) not in made:
            made[id(x)] = tensor(x, requires_grad=x.requires_grad)
        return made[id(x)]

    return tree_map(ours, found, torch.Tensor), len(made)


def _not_one(path: Path, error: Exception) -> RuntimeError:
    return RuntimeError(f"{path}: not a file of torch.save ({type(error).__name__}: {str(error).partition('.')[0]})")
