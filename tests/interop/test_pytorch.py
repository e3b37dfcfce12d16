"""from_torch and to_torch over the grid of layers: outputs and gradients are equal, both ways and in both types."""

import copy

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

pytestmark = pytest.mark.torch

# the module, and what it is called with: shapes of floats, or a range of ints before the shape
GRID = [
    ("nn.Linear(3, 4)", [(2, 3)]), ("nn.Linear(3, 4, bias=False)", [(5, 2, 3)]), ("nn.Bilinear(3, 2, 4)", [(5, 3), (5, 2)]),
    ("nn.Identity()", [(2, 3)]), ("nn.Embedding(7, 3)", [(7, 2, 5)]), ("nn.Embedding(7, 3, padding_idx=2)", [(7, 4, 5)]),
    *[(f"nn.{kind}(3, 4{options})", [shape]) for kind in ("RNN", "LSTM", "GRU") for options, shape in (
        ("", (5, 2, 3)), (", num_layers=2, bidirectional=True", (5, 2, 3)), (", bias=False, batch_first=True", (2, 5, 3)),
        (", num_layers=2, dropout=0.5", (5, 3)))],
    ("nn.RNN(3, 4, nonlinearity='relu')", [(5, 2, 3)]), ("nn.LSTM(3, 4, num_layers=2, proj_size=2)", [(5, 2, 3)]),
    ("nn.RNNCell(3, 4)", [(2, 3)]), ("nn.RNNCell(3, 4, bias=False, nonlinearity='relu')", [(2, 3)]),
    ("nn.LSTMCell(3, 4)", [(2, 3)]), ("nn.GRUCell(3, 4)", [(2, 3), (2, 4)]),
    ("nn.LayerNorm(4, eps=1e-3)", [(2, 3, 4)]), ("nn.LayerNorm((3, 4), elementwise_affine=False)", [(2, 3, 4)]),
    ("nn.LayerNorm(4, bias=False)", [(2, 4)]), ("nn.RMSNorm(4)", [(2, 4)]), ("nn.GroupNorm(2, 4)", [(3, 4, 5)]),
    ("nn.BatchNorm1d(4)", [(5, 4)]), ("nn.BatchNorm1d(4, momentum=None)", [(5, 4, 3)]),
    ("nn.BatchNorm1d(4, affine=False, track_running_stats=False)", [(5, 4)]),
    ("nn.Conv1d(3, 4, 3, stride=2, padding=1)", [(2, 3, 8)]),
    ("nn.Conv1d(4, 4, 3, padding='same', dilation=2, groups=2, bias=False, padding_mode='circular')", [(2, 4, 8)]),
    ("nn.MaxPool1d(2)", [(2, 3, 8)]), ("nn.AvgPool1d(3, stride=1, padding=1)", [(2, 3, 8)]),
    ("nn.AdaptiveAvgPool1d(3)", [(2, 3, 8)]), ("nn.Flatten()", [(2, 3, 4)]), ("nn.Unflatten(1, (2, 3))", [(2, 6)]),
    *[(f"nn.{kind}", [(3, 4)]) for kind in (
        "ReLU()", "ReLU(inplace=False)", "Sigmoid()", "Tanh()", "GELU(approximate='tanh')", "ELU(0.5)", "LeakyReLU(0.2)",
        "SiLU()", "Softplus(2.0, 10.0)", "LogSigmoid()", "Softmax(dim=0)", "LogSoftmax(-1)", "GLU(1)",
        "Hardtanh(-0.5, 0.5)", "ReLU6()", "Dropout(0.3)", "SELU()", "CELU(0.5)", "Mish()", "Hardswish()",
        "Hardshrink(0.2)", "Softshrink(0.2)", "Tanhshrink()", "Softsign()", "Softmin(dim=0)", "Threshold(0.1, 0.3)",
        "RReLU(0.1, 0.4)", "PReLU()", "PReLU(4, init=0.5)", "DataParallel(nn.Linear(4, 2))")],
    *[(f"nn.{kind}", [(2, 4, 5, 6)]) for kind in (
        "Conv2d(4, 6, (3, 2), stride=2, padding=1, groups=2)", "ConvTranspose2d(4, 3, 3, stride=2, output_padding=1)",
        "BatchNorm2d(4)", "InstanceNorm2d(4, affine=True, track_running_stats=True)", "MaxPool2d((2, 3), stride=1)",
        "AvgPool2d(2, padding=1, count_include_pad=False)", "AdaptiveAvgPool2d((3, None))", "AdaptiveMaxPool2d(2)",
        "Softmax2d()", "Upsample(scale_factor=2)", "Upsample(size=(7, 3), mode='bilinear', align_corners=True)",
        "UpsamplingNearest2d(scale_factor=3)", "ConstantPad2d((1, 2, 0, 1), 0.5)", "ZeroPad2d(2)", "ReflectionPad2d(1)",
        "ReplicationPad2d((1, 0, 2, 1))", "CircularPad2d(1)")],
    *[(f"nn.{kind}", [(2, 4, 6)]) for kind in (
        "ConvTranspose1d(4, 3, 3, dilation=2, bias=False)", "InstanceNorm1d(4)", "AdaptiveMaxPool1d(3)",
        "ConstantPad1d(2, -1.0)", "ZeroPad1d((1, 2))", "ReflectionPad1d(2)", "ReplicationPad1d((0, 3))", "CircularPad1d(2)")],
    ("nn.EmbeddingBag(7, 3, mode='sum')", [(7, 4, 5)]), ("nn.EmbeddingBag(7, 3, padding_idx=1)", [(7, 4, 5)]),
    ("nn.CosineSimilarity(dim=0)", [(3, 4), (3, 4)]), ("nn.PairwiseDistance(p=1.5, keepdim=True)", [(3, 4), (3, 4)]),
    ("nn.MultiMarginLoss(p=2, margin=0.5)", [(5, 4), (4, 5)]), ("nn.TripletMarginLoss(margin=0.5, swap=True)", [(3, 4)] * 3),
    ("nn.PoissonNLLLoss(log_input=False, eps=3.0, reduction='sum')", [(3, 4), (3, 4)]),
    ("nn.MarginRankingLoss(margin=0.5)", [(4,)] * 3), ("nn.MultiLabelSoftMarginLoss()", [(3, 4), (3, 4)]),
    ("nn.MultiheadAttention(4, 2)", [(5, 2, 4), (6, 2, 4), (6, 2, 4)]),
    ("nn.MultiheadAttention(4, 2, bias=False, kdim=3, vdim=5, batch_first=True)", [(2, 5, 4), (2, 6, 3), (2, 6, 5)]),
    ("nn.MultiheadAttention(4, 2, add_bias_kv=True, add_zero_attn=True)", [(5, 2, 4), (6, 2, 4), (6, 2, 4)]),
    ("nn.TransformerEncoderLayer(4, 2, 8)", [(5, 2, 4)]),
    ("nn.TransformerEncoderLayer(4, 2, 8, 0.2, 'gelu', norm_first=True, batch_first=True, bias=False)", [(2, 5, 4)]),
    ("nn.TransformerDecoderLayer(4, 2, 8)", [(5, 2, 4), (6, 2, 4)]),
    ("nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, activation=nn.GELU()), 2, nn.LayerNorm(4))", [(5, 2, 4)]),
    ("nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 8, batch_first=True), 2)", [(2, 5, 4), (2, 6, 4)]),
    ("nn.Transformer(4, 2, 1, 2, 8, batch_first=True)", [(2, 5, 4), (2, 6, 4)]),
    ("nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.Tanh(), nn.LayerNorm(4)), nn.Linear(4, 2))", [(5, 3)]),
    ("nn.MSELoss(reduction='sum')", [(3, 4), (3, 4)]), ("nn.HuberLoss(delta=0.5)", [(3, 4), (3, 4)]),
    *[(f"nn.{kind}", [(3, 4), (3, 4)]) for kind in ("L1Loss()", "SmoothL1Loss(beta=0.5)", "PoissonNLLLoss()")],
    ("nn.TripletMarginLoss(0.5, swap=True)", [(3, 4)] * 3), ("nn.MarginRankingLoss(0.5)", [(3, 4)] * 3),
    ("nn.CosineEmbeddingLoss(0.2)", [(3, 4), (3, 4), (3,)]),
    ("nn.AdaptiveLogSoftmaxWithLoss(8, 5, [2, 3], div_value=2.0, head_bias=True)", [(5, 8), (4, 5)]),
    ("nn.CrossEntropyLoss(ignore_index=1, label_smoothing=0.1)", [(5, 4), (4, 5)]),
]  # fmt: skip
OURS_ALONE = [
    ("nn.GRU(3, 4, num_layers=2, bidirectional=True, reset='before')", [(5, 2, 3)]),
    ("nn.GRU(3, 4, update='write', bias=False, batch_first=True)", [(2, 5, 3)]),
    ("nn.GRU(3, 4, num_layers=2, reset='before', update='write')", [(5, 3), (2, 4)]),
    ("nn.GRUCell(3, 4, reset='before')", [(2, 3)]), ("nn.LSTMCell(3, 4, proj_size=2)", [(2, 3)]),
    ("nn.PeepholeLSTMCell(3, 4)", [(2, 3)]), ("nn.PeepholeLSTMCell(3, 4, bias=False, peephole='dense')", [(2, 3)]),
    ("nn.CoupledLSTMCell(3, 4)", [(3,)]), ("nn.LayerNormLSTMCell(3, 4)", [(2, 3)]),
    ("nn.LayerNormLSTMCell(3, 4, bias=False)", [(2, 3)]), ("nn.RowVectorLSTMCell(3, 4)", [(2, 3)]),
    ("nn.MGUCell(3, 4)", [(2, 3)]), ("nn.RHNCell(3, 4, depth=3)", [(2, 3)]), ("nn.RHNCell(3, 4, bias=False)", [(2, 3)]),
    ("nn.IRNNCell(3, 4)", [(2, 3)]), ("nn.Highway(3)", [(2, 5, 3)]),
    ("nn.Recurrent(nn.PeepholeLSTMCell(3, 4))", [(5, 2, 3)]), ("nn.Recurrent(nn.LSTMCell(3, 4), batch_first=True)", [(2, 5, 3)]),
    ("nn.Recurrent([(nn.MGUCell(3, 4), nn.MGUCell(3, 4)), (nn.MGUCell(8, 4), nn.MGUCell(8, 4))], bidirectional=True)", [(5, 3)]),
    ("nn.Recurrent([nn.IRNNCell(3, 4), nn.GRUCell(4, 5)], learn_start=True)", [(5, 2, 3)]),
    ("nn.Sequential(nn.Linear(3, 3), nn.Highway(3), nn.Linear(3, 2))", [(4, 3)]),
]  # fmt: skip


def torch():
    return pytest.importorskip("torch")


def made(text, library):
    return eval(text, {"nn": nn if library == "ours" else torch().nn})


def numbers(x):
    return x.detach().numpy()


def flat(result):
    if isinstance(result, (tuple, list)):
        return [t for part in result for t in flat(part)]
    return [] if result is None else [result]


def run(module, library, shapes, kind):
    """Outputs, and the gradients of inputs and parameters for one random gradient of the outputs."""
    rng = np.random.default_rng(0)
    tensor = tg.tensor if library is tg else library.tensor
    given = []
    for k, shape in enumerate(shapes):
        ints = (k == 0 and shape[0] == 7 and len(shape) == 3) or (k == 1 and shape == (4, 5))  # embeddings, classes
        x = rng.integers(0, shape[0], shape[1:]) if ints else rng.uniform(-1, 1, shape).astype(kind)
        given.append(tensor(x, requires_grad=not ints))
    outputs = flat(module(*given))
    total = sum((y * tensor(rng.uniform(-1, 1, tuple(y.shape)).astype(kind))).sum() for y in outputs)
    if total.requires_grad:
        total.backward()
    found = {f"output {k}": numbers(y) for k, y in enumerate(outputs)}
    found |= {f"input {k}": numbers(x.grad) for k, x in enumerate(given) if x.grad is not None}
    found |= {name: numbers(p.grad) for name, p in module.named_parameters() if p.grad is not None}
    return found | {name: numbers(b) for name, b in module.named_buffers()}


def assert_same(ours, theirs, shapes, kind):
    a, b = run(ours, tg, shapes, kind), run(theirs, torch(), shapes, kind)
    assert a.keys() == b.keys()
    for name in a:
        scale = np.abs(b[name]).max(initial=0) or 1
        assert a[name].dtype == b[name].dtype
        assert np.abs(a[name] - b[name]).max(initial=0) <= (1e-5 if kind == "float32" else 1e-12) * scale, name


def of_type(module, kind, text):
    module = module.double() if kind == "float64" else module
    return module if "BatchNorm" in text else module.eval()  # dropout draws other numbers there


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore:.*(nested.tensor|oneDNN)")
@pytest.mark.parametrize(("text", "shapes"), GRID, ids=[text for text, _ in GRID])
def test_a_model_from_pytorch_is_the_same_here_and_back(text, shapes, kind):
    theirs = of_type(made(text, "theirs"), kind, text)
    ours = tg.from_torch(theirs)
    back = tg.to_torch(ours)
    again = copy.deepcopy(theirs)
    assert ours.training == theirs.training
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert_same(ours, theirs, shapes, kind)
    assert type(back) is type(theirs)
    assert_same(tg.from_torch(again), back, shapes, kind)


@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize(("text", "shapes"), OURS_ALONE, ids=[text for text, _ in OURS_ALONE])
def test_what_pytorch_lacks_becomes_a_module_that_can_be_read(text, shapes, kind):
    ours = of_type(made(text, "ours"), kind, text)
    theirs = tg.to_torch(ours)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert_same(ours, theirs, shapes, kind)


def test_the_written_source_stands_alone():
    ours = nn.Recurrent(nn.PeepholeLSTMCell(3, 4))
    theirs = tg.to_torch(ours)
    assert "tinygrad_rnn" not in theirs.source.split('"""')[2]
    assert "o * c.tanh()" in theirs.source
    space = {}
    exec(theirs.source, space)
    again = space["Recurrent"]()
    again.load_state_dict(tg.to_torch(ours.state_dict()))
    assert_same(ours, again, [(5, 2, 3)], "float32")


def test_every_layer_here_is_in_the_grid():
    texts = " ".join(text for text, _ in GRID + OURS_ALONE)
    left = {"Hardsigmoid"}  # of whose derivative, 1/6, PyTorch rounds a double to single precision
    left |= {
        "Module",
        "RNNBase",
        "RNNCellBase",
        "ModuleList",
        "ModuleDict",
        "ParameterList",
        "ParameterDict",
        *BY_ARGUMENTS,
    }
    layers = {name for name, kind in vars(nn).items() if isinstance(kind, type) and issubclass(kind, nn.Module)}
    assert not [name for name in layers - left if f"nn.{name}(" not in texts and not name.startswith("Lazy")]


BY_ARGUMENTS = [
    "BCELoss", "BCEWithLogitsLoss", "CTCLoss", "KLDivLoss", "L1Loss", "NLLLoss", "SmoothL1Loss", "CosineEmbeddingLoss",
    "HingeEmbeddingLoss", "GaussianNLLLoss", "SoftMarginLoss", "AlphaDropout", "Dropout1d", "Dropout2d",
]  # fmt: skip


@pytest.mark.parametrize("name", BY_ARGUMENTS)
def test_losses_and_dropouts_keep_their_arguments(name):
    options = {"p": 0.25} if "Dropout" in name else {"reduction": "sum"}
    theirs = getattr(torch().nn, name)(**options)
    ours = tg.from_torch(theirs)
    for twin in (ours, tg.to_torch(ours)):
        assert type(twin).__name__ == name
        assert all(getattr(twin, k) == v for k, v in options.items())


def test_containers_and_weights_that_are_shared():
    t = torch()
    theirs = t.nn.ModuleDict({"a": t.nn.ModuleList([t.nn.Linear(2, 2)]), "p": t.nn.ParameterList([t.zeros(2), t.ones(3)]),
                              "d": t.nn.ParameterDict({"x": t.ones(1)})})  # fmt: skip
    theirs["again"] = theirs["a"][0]
    theirs["other"] = t.nn.Linear(2, 2)
    theirs["other"].weight = theirs["a"][0].weight
    theirs["other"].bias.requires_grad_(False)
    theirs["other"].eval()
    for twin in (tg.from_torch(theirs), tg.to_torch(tg.from_torch(theirs))):
        assert list(twin.state_dict()) == list(theirs.state_dict())
        assert twin["again"] is twin["a"][0]
        assert twin["other"].weight is twin["a"][0].weight
        assert not twin["other"].bias.requires_grad
        assert not twin["other"].training
        assert twin["a"].training
        assert twin["p"][1].tolist() == [1, 1, 1]
        assert twin["d"]["x"].tolist() == [1]


def test_numbers_are_copied():
    theirs = torch().nn.LSTM(3, 4)
    ours = tg.from_torch(theirs)
    before = ours.weight_ih_l0.tolist()
    theirs.weight_ih_l0.data.zero_()
    assert ours.weight_ih_l0.tolist() == before != theirs.weight_ih_l0.tolist()
    assert tg.to_torch(tg.tensor([1.0], requires_grad=True)).requires_grad
    assert tg.from_torch(torch().nn.Linear(2, 2).bfloat16()).weight.dtype == tg.float32


def test_what_cannot_be_converted_says_where_and_what_to_do():
    t = torch()

    class Mine(t.nn.Module):
        pass

    class Ours(nn.Module):
        pass

    with pytest.raises(TypeError, match=r"from_torch\(\): 1\.0, a .*Mine: .*as_torch\(\).*load_state_dict"):
        tg.from_torch(t.nn.Sequential(t.nn.ReLU(), t.nn.Sequential(Mine())))
    with pytest.raises(TypeError, match=r"to_torch\(\): 0, a .*Ours: define the same class in PyTorch"):
        tg.to_torch(nn.Sequential(Ours()))
    with pytest.raises(TypeError, match="hooks, which would be lost"):
        tg.from_torch(hooked(t.nn.Linear(2, 2)))
    for convert, lazy in ((tg.from_torch, t.nn.LazyLinear(2)), (tg.to_torch, nn.LazyLinear(2))):
        with pytest.raises(TypeError, match=r"LazyLinear: .*call the model once"):
            convert(lazy)
        lazy(t.ones(3, 4) if convert is tg.from_torch else tg.ones(3, 4))
        assert type(convert(lazy)).__name__ == "Linear"
    with pytest.raises(TypeError, match=r"its argument 'min_val' is not kept as an attribute"):
        tg.from_torch(forgetful(t.nn.Hardtanh))
    with pytest.raises(TypeError, match=r"parametrized; call torch\.nn\.utils\.parametrize"):
        tg.from_torch(t.nn.utils.parametrizations.weight_norm(t.nn.Linear(2, 2)))
    with pytest.raises(TypeError, match=r"got torch\.Tensor; tensor\(x\)"):
        tg.from_torch(t.zeros(2))
    with pytest.raises(TypeError, match=r"load_state_dict"):
        tg.from_torch(t.nn.Linear(2, 2).state_dict())
    with pytest.raises(TypeError, match=r"Recurrent with recurrent_dropout=0\.5 is not written"):
        tg.to_torch(nn.Recurrent(nn.MGUCell(2, 3), recurrent_dropout=0.5))
    with pytest.raises(TypeError, match=r"activation, a .*<lambda>|activation, a builtins\.function"):
        tg.from_torch(t.nn.TransformerEncoderLayer(4, 2, 8, activation=lambda x: x))


def forgetful(kind):
    """A module of PyTorch's whose constructor has an argument that is not kept."""
    module = kind()
    del module.min_val
    return module


def hooked(module):
    module.register_forward_hook(lambda *a: None)
    return module


TIED = """
class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.lstm, self.out = nn.Embedding(5, 4), nn.LSTM(4, 4), nn.Linear(4, 5)
        self.out.weight = self.table.weight
"""


def test_tied_weights_go_both_ways_through_a_file(tmp_path):
    files = pytest.importorskip("safetensors.torch")
    ours, theirs = ({}, {})
    exec(TIED, {"nn": nn}, ours)
    exec(TIED, {"nn": torch().nn}, theirs)
    a, b, c = ours["Tied"](), theirs["Tied"](), theirs["Tied"]()
    files.save_model(b, tmp_path / "theirs.safetensors")  # stores what is shared once
    a.load_state_dict(tg.load(tmp_path / "theirs.safetensors"))
    assert a.out.weight is a.table.weight
    assert a.out.weight.tolist() == b.table.weight.tolist()
    tg.save(a.state_dict(), tmp_path / "ours.safetensors")
    assert files.load_model(c, tmp_path / "ours.safetensors") == (set(), [])
    assert c.out.weight is c.table.weight
    assert torch().equal(c.table.weight, b.table.weight)


MIXED = [  # what is written; a is ours, b PyTorch's
    ("a + b", TypeError, r"add\(\): expected Tensors and numbers, got torch Tensor: make one with tensor\(\.\.\.\)"),
    ("b * a", TypeError, r"mul\(\): expected Tensors and numbers, got torch Tensor"),
    ("a @ b", TypeError, r"matmul\(\): argument 'other' must be a Tensor, not torch Tensor"),
    ("a == b", TypeError, "compared with Tensors and numbers, not with torch Tensor"),
    ("a < b", TypeError, "compared with Tensors and numbers, not with torch Tensor"),
    ("a[b > 0]", IndexError, "not by torch Tensor: make one with tensor"),
    ("a.copy_(b)", TypeError, r"copy_\(\): argument 'src' must be a Tensor, not torch Tensor"),
    ("tg.cat([a, b])", TypeError, "got .'Tensor', 'torch Tensor'."),
    ("nn.LSTM(3, 2)(b)", TypeError, "argument 'input' must be a Tensor, not torch Tensor: make one"),
    ("nn.functional.mse_loss(a, b)", TypeError, "argument 'target' must be a Tensor, not torch Tensor: make one"),
    ("nn.Parameter(b)", TypeError, "expected a Tensor, got torch Tensor: make one"),
    ("nn.Sequential(t.nn.ReLU())", TypeError, r"got torch ReLU; from_torch\(module\) makes one of ours"),
    ("tg.optim.SGD(t.nn.Linear(2, 2).parameters())", TypeError, r"parameter 0 is a torch Parameter; from_torch\(model\)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "error", "words"), MIXED, ids=[text for text, _, _ in MIXED])
def test_mixing_says_whose_tensor_it_is_and_what_to_do(text, error, words):
    given = {"a": tg.ones(2, 3), "b": torch().ones(2, 3), "nn": nn, "tg": tg, "t": torch()}
    with pytest.raises(error, match=words):
        eval(text, given)


def test_a_state_dict_goes_both_ways(tmp_path):
    safetensors_torch = pytest.importorskip("safetensors.torch")
    theirs, ours = torch().nn.LSTM(3, 4), nn.LSTM(3, 4)
    ours.load_state_dict(theirs.state_dict())
    assert_same(ours, theirs, [(5, 2, 3)], "float32")
    safetensors_torch.save_file(theirs.state_dict(), tmp_path / "theirs.safetensors")
    other = nn.LSTM(3, 4)
    other.load_state_dict(tg.load(tmp_path / "theirs.safetensors"))
    tg.save(other.state_dict(), tmp_path / "ours.safetensors")
    again = torch().nn.LSTM(3, 4)
    again.load_state_dict(safetensors_torch.load_file(tmp_path / "ours.safetensors"))
    assert all(torch().equal(a, b) for a, b in zip(again.parameters(), theirs.parameters(), strict=True))
