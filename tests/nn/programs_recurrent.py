"""RNN, LSTM and GRU, their cells, and packed sequences, as programs for either library: see tests/reference."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

from ..reference.stored import filled, gradients, leaf, wave, weighed

T, B, I, H = 4, 3, 2, 3
LENGTHS = [2, 4, 3]


def flat(result: Any) -> list[Any]:
    output, state = result
    return [output, *(state if isinstance(state, tuple) else [state])]


def start(torch: Any, kind: str, *shape: int, sizes: tuple[int, ...] = (H, H)) -> Any:
    """h_0, or (h_0, c_0)."""
    parts = tuple(leaf(torch, *shape, size, k=5 + n) for n, size in enumerate(sizes[: 1 + (kind == "LSTM")]))
    return parts if kind == "LSTM" else parts[0]


def parts_of(state: Any) -> list[Any]:
    return list(state) if isinstance(state, tuple) else [state]


def layer(kind: str, options: dict[str, Any], given: bool, batched: bool, torch: Any) -> dict[str, Any]:
    """Outputs, states and all gradients of one run."""
    module = filled(torch, getattr(torch.nn, kind)(I, H, **options))
    first = options.get("batch_first", False)
    x = leaf(torch, *(((B, T) if first else (T, B)) if batched else (T,)), I)
    rows = options.get("num_layers", 1) * (2 if options.get("bidirectional") else 1)
    sizes = (options.get("proj_size") or H, H)
    states = start(torch, kind, *((rows, B) if batched else (rows,)), sizes=sizes) if given else None
    output, *ends = flat(module(x, states) if given else module(x))
    weighed(torch, output, *ends).backward()
    wanted = [x, *(parts_of(states) if given else [])]
    return {"output": output, "states": ends} | gradients(module, *wanted)


def packed(kind: str, both: bool, given: bool, torch: Any) -> dict[str, Any]:
    """Sequences of different length, in an order that has to be sorted."""
    rnn = torch.nn.utils.rnn
    module = filled(torch, getattr(torch.nn, kind)(I, H, num_layers=2, bidirectional=both))
    x = leaf(torch, T, B, I)
    states = start(torch, kind, 4 if both else 2, B) if given else None
    sequence = rnn.pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False)
    result, state = module(sequence, states) if given else module(sequence)
    output, lengths = rnn.pad_packed_sequence(result, total_length=T + 2, padding_value=0.25)
    weighed(torch, output, *parts_of(state)).backward()
    wanted = [x, *(parts_of(states) if given else [])]
    return {"output": output, "lengths": lengths, "states": parts_of(state)} | gradients(module, *wanted)


def cell(kind: str, options: dict[str, Any], batched: bool, torch: Any) -> dict[str, Any]:
    """One step without and one with a given state."""
    module = filled(torch, getattr(torch.nn, f"{kind}Cell")(I, H, **options))
    shape = (B,) if batched else ()
    x, state = leaf(torch, *shape, I), start(torch, kind, *shape)
    first, second = parts_of(module(x)), parts_of(module(x, state))
    weighed(torch, *first, *second).backward()
    return {"from zeros": first, "from a state": second} | gradients(module, x, *parts_of(state))


def packing(torch: Any) -> dict[str, Any]:
    """What packing gives, and the ways back."""
    rnn = torch.nn.utils.rnn
    x, rows = torch.tensor(wave(T, B, I)), torch.tensor(wave(B, T, I, k=2))
    sequences = [torch.tensor(wave(n, I, k=n)) for n in LENGTHS]
    found: dict[str, Any] = {}
    for name, p in {
        "unsorted": rnn.pack_padded_sequence(x, torch.tensor(LENGTHS), enforce_sorted=False),
        "sorted": rnn.pack_padded_sequence(rows, torch.tensor([4, 2, 1]), batch_first=True),
        "list": rnn.pack_sequence(sequences, enforce_sorted=False),
    }.items():
        order = [p.sorted_indices, p.unsorted_indices]
        found[name] = [p.data, p.batch_sizes, *order]
        found[f"{name}, padded"] = rnn.pad_packed_sequence(p)
        found[f"{name}, padded further"] = rnn.pad_packed_sequence(p, True, -2.5, 6)
        found[f"{name}, apart"] = rnn.unpack_sequence(p)
    for first, side in itertools.product((False, True), ("left", "right")):
        found[f"pad_sequence {first} {side}"] = rnn.pad_sequence(sequences, first, -1.5, side)
    found["unpadded"] = rnn.unpad_sequence(x, torch.tensor(LENGTHS))
    return found


OPTIONS: dict[str, dict[str, Any]] = {
    "one layer": {},
    "no bias": {"bias": False, "batch_first": True},
    "both ways": {"bidirectional": True},
    "two layers": {"num_layers": 2, "batch_first": True},
    "three both ways": {"num_layers": 3, "bidirectional": True},
    "two both ways no bias": {"num_layers": 2, "bidirectional": True, "bias": False},
}
KINDS = [
    *[(kind, name, options) for kind in ("RNN", "LSTM", "GRU") for name, options in OPTIONS.items()],
    ("RNN", "relu", {"nonlinearity": "relu", "num_layers": 2, "bidirectional": True}),
    ("LSTM", "projection", {"proj_size": 2, "num_layers": 2, "bidirectional": True}),
    ("LSTM", "projection no bias", {"proj_size": 1, "bias": False}),
]
EITHER = (False, True)
PROGRAMS: dict[str, Any] = {
    **{
        f"{kind}, {name}, state given {given}": partial(layer, kind, options, given, True)
        for kind, name, options in KINDS
        for given in EITHER
    },
    **{
        f"{kind}, {name}, one sequence": partial(layer, kind, options, True, False)
        for kind, name, options in KINDS
        if name in ("both ways", "two layers")
    },
    **{
        f"{kind} packed, both ways {both}, state given {given}": partial(packed, kind, both, given)
        for kind in ("RNN", "LSTM", "GRU")
        for both in EITHER
        for given in EITHER
    },
    **{
        f"{kind}Cell {options}, batched {batched}": partial(cell, kind, options, batched)
        for kind, options in [
            *[(kind, options) for kind in ("RNN", "LSTM", "GRU") for options in ({}, {"bias": False})],
            ("RNN", {"nonlinearity": "relu"}),
        ]
        for batched in EITHER
    },
    "packing and padding": packing,
}
