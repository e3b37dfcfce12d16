"""PyTorch's `torch.nn.utils.parametrizations`: weight normalisation under its newer names."""

from .weight_norm import parametrized_weight_norm as weight_norm

__all__ = ["weight_norm"]
