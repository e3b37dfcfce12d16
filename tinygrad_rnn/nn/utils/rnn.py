"""PyTorch's path for packed sequences; they live in nn/recurrent/packing.py."""

from ..recurrent.packing import PackedSequence as PackedSequence
from ..recurrent.packing import pack_padded_sequence as pack_padded_sequence
from ..recurrent.packing import pack_sequence as pack_sequence
from ..recurrent.packing import pad_packed_sequence as pad_packed_sequence
from ..recurrent.packing import pad_sequence as pad_sequence
from ..recurrent.packing import unpack_sequence as unpack_sequence
from ..recurrent.packing import unpad_sequence as unpad_sequence
