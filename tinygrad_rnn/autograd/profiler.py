"""PyTorch's older path of `torch.profiler`."""

from ..profiler import profile as profile, record_function as record_function
