"""Attention and transformers with every mask in its own slot, as programs for either library: see tests/reference.

Lengths of target and source are equal here, so that a mask in the wrong slot fits, and shows in the numbers.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..reference.stored import filled, gradients, leaf, wave, weighed

B, T, E, N = 3, 4, 6, 2
LATER = np.triu(np.ones((T, T), bool), 1)
SOME = (np.arange(T * T) * 5 % 7 == 1).reshape(T, T)
PADDING = np.array([[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 1, 0]], bool)
OTHER_PADDING = np.array([[0, 0, 0, 0], [0, 1, 0, 1], [0, 0, 0, 1]], bool)
MASKS = {
    "none": {},
    "bool": {"attn_mask": LATER},
    "float": {"attn_mask": np.where(SOME, -np.inf, wave(T, T))},
    "per head": {"attn_mask": (np.arange(B * N * T * T) * 7 % 11 < 3).reshape(B * N, T, T)},
    "numbers per head": {"attn_mask": wave(B * N, T, T, k=3)},
    "padding": {"key_padding_mask": PADDING},
    "padding and bool": {"key_padding_mask": PADDING, "attn_mask": LATER},
    "both float": {"key_padding_mask": np.where(PADDING, -np.inf, wave(B, T, k=2)), "attn_mask": wave(T, T)},
}
KINDS = {
    "packed": {},
    "separate": {"kdim": 5, "vdim": 7},
    "no bias": {"bias": False},
    "extended": {"add_bias_kv": True, "add_zero_attn": True},
}
# the four masks of a decoder, all of one kind and different
SLOTS = {
    "tgt_mask": LATER,
    "memory_mask": SOME,
    "tgt_key_padding_mask": PADDING,
    "memory_key_padding_mask": OTHER_PADDING,
}
SOURCE = {"src_mask": SOME.T, "src_key_padding_mask": OTHER_PADDING[::-1].copy()}
LAYERS = {
    "post": {},
    "pre": {"norm_first": True},
    "gelu": {"activation": "gelu", "batch_first": True},
    "no bias": {"bias": False, "layer_norm_eps": 0.1},
    "pre gelu": {"norm_first": True, "activation": "gelu", "layer_norm_eps": 0.1},
}


def tensors(torch: Any, masks: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: torch.tensor(mask) for name, mask in masks.items()}


def inputs(torch: Any, batch_first: bool, *features: int) -> list[Any]:
    return [leaf(torch, *((B, T) if batch_first else (T, B)), size, k=k) for k, size in enumerate(features)]


def multihead(options: dict[str, Any], masks: dict[str, Any], batch_first: bool, torch: Any) -> dict[str, Any]:
    module = filled(torch, torch.nn.MultiheadAttention(E, N, batch_first=batch_first, **options))
    x = inputs(torch, batch_first, E, options.get("kdim", E), options.get("vdim", E))
    y, weights = module(*x, **tensors(torch, masks))
    _, each = module(*x, **tensors(torch, masks), average_attn_weights=False)
    plain, nothing = module(*x, **tensors(torch, masks), need_weights=False)
    weighed(torch, y, weights).backward()
    return {"output": y, "weights": weights, "of each head": each, "without": [plain, nothing]} | gradients(module, *x)


SHARED = {
    "x x x": lambda m, x, y, z: m(x, x, x),
    "x x y": lambda m, x, y, z: m(x, x, y),
    "x y x": lambda m, x, y, z: m(x, y, x),
    "x y y": lambda m, x, y, z: m(x, y, y),
    "x y z": lambda m, x, y, z: m(x, y, z),
}


def shared(call: Any, batched: bool, torch: Any) -> dict[str, Any]:
    """Query, key and value that are one tensor, or two, or three."""
    module = filled(torch, torch.nn.MultiheadAttention(E, N))
    x = [leaf(torch, *((T, B, E) if batched else (T, E)), k=k) for k in range(3)]
    y, weights = call(module, *x)
    weighed(torch, y, weights).backward()
    return {"output": y, "weights": weights} | gradients(module, *x)


def encoder_layer(options: dict[str, Any], torch: Any) -> dict[str, Any]:
    module = filled(torch, torch.nn.TransformerEncoderLayer(E, N, 8, 0.0, **options))
    (x,) = inputs(torch, options.get("batch_first", False), E)
    y = module(x, **tensors(torch, SOURCE))
    weighed(torch, y).backward()
    return {"output": y, "causal": module(x, torch.tensor(LATER), is_causal=True)} | gradients(module, x)


def decoder_layer(options: dict[str, Any], slots: tuple[str, ...], torch: Any) -> dict[str, Any]:
    module = filled(torch, torch.nn.TransformerDecoderLayer(E, N, 8, 0.0, **options))
    x = inputs(torch, options.get("batch_first", False), E, E)
    y = module(*x, **tensors(torch, {name: SLOTS[name] for name in slots}))
    weighed(torch, y).backward()
    return {"output": y} | gradients(module, *x)


def stacks(norm: bool, torch: Any) -> dict[str, Any]:
    """TransformerEncoder and TransformerDecoder: layers one after the other, and the norm at the end."""
    nn, found = torch.nn, {}
    for kind, masks in (("Encoder", SOURCE), ("Decoder", SLOTS)):
        layer = getattr(nn, f"Transformer{kind}Layer")(E, N, 8, 0.0)
        module = filled(torch, getattr(nn, f"Transformer{kind}")(layer, 2, norm=nn.LayerNorm(E) if norm else None))
        x = inputs(torch, False, *[E] * (2 if kind == "Decoder" else 1))
        given = {name.removeprefix("src_") if name == "src_mask" else name: mask for name, mask in masks.items()}
        y = module(*x, **tensors(torch, given))
        weighed(torch, y).backward()
        found |= {f"{kind}: {part}": value for part, value in ({"output": y} | gradients(module, *x)).items()}
    return found


def transformer(options: dict[str, Any], torch: Any) -> dict[str, Any]:
    """All six masks at once."""
    module = filled(torch, torch.nn.Transformer(E, N, 2, 2, 8, 0.0, **options))
    x = inputs(torch, options.get("batch_first", False), E, E)
    y = module(*x, **tensors(torch, SOURCE | SLOTS))
    weighed(torch, y).backward()
    return {"output": y, "mask": module.generate_square_subsequent_mask(4)} | gradients(module, *x)


ONE_EACH = [tuple(SLOTS), *((name,) for name in SLOTS), ()]
PROGRAMS: dict[str, Any] = {
    **{
        f"MultiheadAttention, {kind}, mask {masks}": partial(
            multihead, options, MASKS[masks], len(kind + masks) % 2 == 0
        )
        for kind, options in KINDS.items()
        for masks in MASKS
    },
    **{f"MultiheadAttention({call})": partial(shared, SHARED[call], True) for call in SHARED},
    **{f"MultiheadAttention({call}) of one sequence": partial(shared, SHARED[call], False) for call in SHARED},
    **{f"TransformerEncoderLayer, {name}": partial(encoder_layer, options) for name, options in LAYERS.items()},
    **{f"TransformerDecoderLayer, {name}": partial(decoder_layer, o, tuple(SLOTS)) for name, o in LAYERS.items()},
    **{f"TransformerDecoderLayer, masks {slots}": partial(decoder_layer, {}, slots) for slots in ONE_EACH},
    **{f"layers one after the other, norm {norm}": partial(stacks, norm) for norm in (False, True)},
    "Transformer": partial(transformer, {}),
    "Transformer, pre": partial(transformer, {"batch_first": True, "norm_first": True, "activation": "gelu"}),
    "Transformer, no bias": partial(transformer, {"bias": False, "layer_norm_eps": 0.1}),
}
