"""PyTorch's `torch.nn.utils.parametrizations`: weight normalisation under its newer names."""
