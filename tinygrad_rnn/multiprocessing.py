"""PyTorch's `torch.multiprocessing`: Python's own. Tensors are sent as arrays: `queue.put(x.numpy())`."""

from multiprocessing import (
    Event as Event,
    Lock as Lock,
    Manager as Manager,
    Pool as Pool,
    Process as Process,
    Queue as Queue,
    Value as Value,
    cpu_count as cpu_count,
    get_context as get_context,
    set_start_method as set_start_method,
)


def set_sharing_strategy(new_strategy: str) -> None:
    """Nothing to choose: there is no shared memory between processes."""
