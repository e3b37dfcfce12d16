"""Samples, their order, and batches of them: PyTorch's `torch.utils.data`.

    dataset.py       gives a sample for an index
    columns.py       makes datasets of what people have: a dict of arrays, a pandas table, any iterable
    sampler.py       gives the order of the indices; distributed.py the one of several processes
    collate.py       makes one batch out of several samples
    dataloader.py    puts them together

>>> from tinygrad_rnn.utils.data import DataLoader, TensorDataset
>>> data = TensorDataset(tinygrad_rnn.arange(5), tinygrad_rnn.arange(5) * 10)
>>> [batch[1].tolist() for batch in DataLoader(data, batch_size=2)]
[[0, 10], [20, 30], [40]]
"""

from .collate import default_collate as default_collate, default_convert as default_convert
from .dataloader import DataLoader as DataLoader, get_worker_info as get_worker_info
from .dataset import (
    ConcatDataset as ConcatDataset,
    Dataset as Dataset,
    IterableDataset as IterableDataset,
    Subset as Subset,
    TensorDataset as TensorDataset,
    random_split as random_split,
)
from .distributed import DistributedSampler as DistributedSampler
from .sampler import (
    BatchSampler as BatchSampler,
    RandomSampler as RandomSampler,
    Sampler as Sampler,
    SequentialSampler as SequentialSampler,
    SubsetRandomSampler as SubsetRandomSampler,
    WeightedRandomSampler as WeightedRandomSampler,
)
