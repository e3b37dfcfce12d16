"""PyTorch's `torch.nn.parallel`: wrappers that share work among devices. There is one, so the call passes through."""

from __future__ import annotations

from typing import Any

from .module import Module


class DataParallel(Module):
    """`module` itself, under the name `module`, as in PyTorch; the devices are not looked at."""

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0, **options: Any):
        super().__init__()
        self.module: Module = module

    def forward(self, *args: Any, **options: Any) -> Any:
        """What `module` gives."""
        return self.module(*args, **options)


class DistributedDataParallel(DataParallel):
    """The same for one process; there is no way to start more (`distributed.init_process_group` says what to do)."""

    def no_sync(self) -> Any:
        """A context that changes nothing."""
        import contextlib

        return contextlib.nullcontext()


def data_parallel(module: Module, inputs: Any, *options: Any, **more: Any) -> Any:
    """What `module` gives for `inputs`, a tensor or a tuple of them."""
    return module(*inputs) if isinstance(inputs, tuple) else module(inputs)
