"""PyTorch's path for packed sequences; they live in nn/recurrent/packing.py."""

from ..recurrent.packing import (
    PackedSequence as PackedSequence,
    pack_padded_sequence as pack_padded_sequence,
    pack_sequence as pack_sequence,
    pad_packed_sequence as pad_packed_sequence,
    pad_sequence as pad_sequence,
    unpack_sequence as unpack_sequence,
    unpad_sequence as unpad_sequence,
)
