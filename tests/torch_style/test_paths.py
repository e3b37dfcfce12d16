"""The import lines of PyTorch programs work with our package's name, and saving refuses what it does not save."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

import tinygrad_rnn
from tinygrad_rnn import nn

IMPORTS = [
    "import torch",
    "import torch.nn as nn",
    "import torch.nn.functional as F",
    "import torch.nn.init as init",
    "import torch.nn.utils as utils",
    "import torch.nn.utils.rnn as rnn_utils",
    "import torch.optim as optim",
    "import torch.optim.lr_scheduler as lr_scheduler",
    "import torch.utils.data as data",
    "import torch.utils.data",
    "import torch.autograd as autograd",
    "import torch.autograd.functional",
    "import torch.cuda as cuda",
    "import torch.backends.cudnn as cudnn",
    "import torch.backends.mps",
    "import torch.accelerator",
    "import torch.linalg",
    "import torch.random",
    "from torch import FloatTensor, LongTensor, Tensor, nn, optim, tensor",
    "from torch import autograd, cuda, device, no_grad, save, load, manual_seed, zeros",
    "from torch.nn import Linear, LSTM, GRU, RNN, Module, Parameter, Embedding, functional, init, utils",
    "from torch.nn import CrossEntropyLoss, MSELoss, TransformerEncoder, TransformerEncoderLayer, functional as F",
    "from torch.nn.parameter import Parameter",
    "from torch.nn.functional import cross_entropy, log_softmax, one_hot, pad, relu, softmax",
    "from torch.nn.init import constant_, normal_, orthogonal_, xavier_uniform_, zeros_",
    "from torch.nn.utils import clip_grad_norm_, clip_grad_value_, rnn, weight_norm",
    "from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence, pad_packed_sequence, pad_sequence",
    "from torch.nn.utils.parametrizations import weight_norm",
    "from torch.optim import Adam, AdamW, LBFGS, SGD, Adadelta, Adagrad, Optimizer, RMSprop, lr_scheduler",
    "from torch.optim.optimizer import Optimizer",
    "from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LambdaLR, ReduceLROnPlateau, StepLR",
    "from torch.utils import data",
    "from torch.utils.data import DataLoader, Dataset, IterableDataset, RandomSampler, SequentialSampler, Subset",
    "from torch.utils.data import BatchSampler, ConcatDataset, Sampler, SubsetRandomSampler, TensorDataset, random_split",
    "from torch.utils.data.dataset import Dataset, TensorDataset, random_split",
    "from torch.utils.data.sampler import RandomSampler, Sampler, SubsetRandomSampler",
    "from torch.utils.data.dataloader import DataLoader, default_collate",
    "from torch.autograd import Function, Variable, grad, gradcheck",
    "from torch.autograd.functional import hessian, jacobian",
    "from torch.cuda import is_available",
]


@pytest.mark.parametrize("line", IMPORTS)
def test_import_line_works_here(line: str):
    exec(line.replace("torch", "tinygrad_rnn"), {})


@pytest.mark.torch
@pytest.mark.parametrize("line", IMPORTS)
def test_import_line_is_one_of_pytorch(line: str):
    pytest.importorskip("torch")
    exec(line, {})


def test_modules_are_reached_by_attributes_after_one_import():
    for path in ("nn.utils.rnn", "nn.init", "nn.functional", "optim.lr_scheduler", "utils.data", "autograd.functional",
                 "cuda", "backends.cudnn", "backends.mps", "accelerator"):  # fmt: skip
        found: Any = tinygrad_rnn
        for name in path.split("."):
            found = getattr(found, name)
        assert found is importlib.import_module(f"tinygrad_rnn.{path}")


def test_only_the_cpu_can_be_the_default_device():
    tinygrad_rnn.set_default_device("cpu")
    tinygrad_rnn.set_default_device(None)
    assert tinygrad_rnn.get_default_device() == tinygrad_rnn.device("cpu")
    with pytest.raises(RuntimeError, match="'cuda' is not available"):
        tinygrad_rnn.set_default_device("cuda")
    assert tinygrad_rnn.accelerator.device_count() == 0
    assert tinygrad_rnn.accelerator.current_accelerator() is None


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: {"epoch": 3, "model": m}, lambda m: [1, (m,)]])
@pytest.mark.parametrize("open_it", [False, True])
def test_a_whole_module_is_loaded_when_asked_for(wrap: Any, open_it: bool, tmp_path: Any):
    module = nn.Linear(2, 2)
    target = tmp_path / "model.pt"
    if open_it:
        with open(target, "wb") as file:
            tinygrad_rnn.save(wrap(module), file)
    else:
        tinygrad_rnn.save(wrap(module), target)
    with pytest.raises(RuntimeError, match=r"tinygrad_rnn.nn.Linear.*weights_only=False"):
        tinygrad_rnn.load(target)
    assert repr(tinygrad_rnn.load(target, weights_only=False)) == repr(wrap(module))


def test_a_saved_state_of_another_model_names_the_keys(tmp_path: Any):
    tinygrad_rnn.save(nn.Linear(2, 2).state_dict(), tmp_path / "a.pt")
    with pytest.raises(RuntimeError, match=r"weight_ih_l0.*") as caught:
        nn.LSTM(2, 2).load_state_dict(tinygrad_rnn.load(tmp_path / "a.pt"))
    assert '"weight", "bias"' in str(caught.value)
