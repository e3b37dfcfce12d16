"""PyTorch's path `torch.functional`: functions of several tensors."""

from .ops.assembling import (
    atleast_1d as atleast_1d,
    atleast_2d as atleast_2d,
    atleast_3d as atleast_3d,
    block_diag as block_diag,
    broadcast_shapes as broadcast_shapes,
    cartesian_prod as cartesian_prod,
)
from .ops.distances import cdist as cdist, tensordot as tensordot
from .ops.joining import meshgrid as meshgrid
from .ops.products import einsum as einsum
from .ops.shaping import broadcast_tensors as broadcast_tensors
