"""`tinygrad-rnn convert MODEL.pt`: what PyTorch's `torch.save` wrote, as a file that `tinygrad_rnn.load` reads."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..interop.files import save
from ..interop.pt_files import read_pt
from ..runs import WaysOut
from .arguments import UsageError, name


def add_convert(commands: Any) -> None:
    """The command and its options."""
    parser = commands.add_parser(
        "convert",
        help="convert a .pt file of PyTorch's torch.save",
        description="Read a state_dict or checkpoint that torch.save wrote, and write its tensors and numbers as "
        "safetensors, for tinygrad_rnn.load. Needs PyTorch; the file runs no code (weights_only=True).",
    )
    parser.add_argument("file", type=name, metavar="MODEL.pt", help="as torch.save wrote it")
    parser.add_argument("--out", type=name, metavar="FILE", help="where to write (default MODEL.safetensors)")
    parser.set_defaults(run=run_convert)


def run_convert(arguments: argparse.Namespace, ways: WaysOut) -> int:
    """Read the one, write the other."""
    source = Path(arguments.file)
    out = Path(arguments.out) if arguments.out else source.with_suffix(".safetensors")
    if out.resolve() == source.resolve():
        raise UsageError(f"--out {out} is the file itself")
    try:
        found, tensors = read_pt(source)
        save(found, out)
    except OSError as error:
        raise UsageError(f"{error.filename or source}: {error.strerror}") from None
    except (ImportError, RuntimeError, TypeError, ValueError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    print(f"wrote {out}: {tensors} tensors; read them with tinygrad_rnn.load({str(out)!r})")
    return 0
