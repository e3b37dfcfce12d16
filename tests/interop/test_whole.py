"""Whole modules in files: they come back as they were, and no file can run code, whatever it names."""

import argparse
import io
import json
import sys
import types

import numpy as np
import pytest

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tests.nn.rows_modules import ROWS
from tinygrad_rnn import nn, optim
from tinygrad_rnn.interop import files, load, save
from tinygrad_rnn.serialization import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

HERE = __name__
RAN = []  # what a file managed to run


def to_file(obj):
    file = io.BytesIO()
    save(obj, file)
    file.seek(0)
    return file


def again(obj):
    return load(to_file(obj), weights_only=False)


class Net(nn.Module):
    """Something of everything that a module may hold."""

    scale = 2.0

    def __init__(self, args):
        super().__init__()
        self.args, self.words, self.activation, self.kind = args, {"a": 0, 1: "b"}, F.relu, nn.GRU
        self.embedding = nn.Embedding(7, 4)
        self.rnn = nn.LSTM(4, 4, 2, batch_first=True)
        self.out = nn.Linear(4, 7)
        self.out.weight = self.embedding.weight
        self.scales = nn.ParameterList([tg.ones(2), tg.zeros(1)])
        self.more = nn.ModuleDict({"norm": nn.LayerNorm(4), "seq": nn.Sequential(nn.Tanh(), nn.Dropout(0.5))})
        self.apart = [nn.Linear(4, 4)]
        self.normed = nn.utils.weight_norm(nn.Linear(4, 4))
        self.parametrized = nn.utils.parametrizations.weight_norm(nn.Linear(4, 4).double())
        self.divided = nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4))
        self.divided_before = nn.utils.spectral_norm(nn.Linear(4, 4))
        self.register_buffer("seen", tg.zeros(3, dtype=tg.int64))
        self.register_buffer("mask", tg.ones(2), persistent=False)
        self.register_buffer("nothing", None)
        self.register_parameter("bias", None)
        self.hidden = None

    def forward(self, x):
        y, self.hidden = self.rnn(self.embedding(x))
        return self.out(self.more["seq"](self.normed(self.activation(self.more["norm"](y))))) * self.scale


def net():
    model = Net(argparse.Namespace(lr=0.1, layers=[1, 2], device=tg.device("cpu"))).eval()
    model.out.bias.requires_grad_(False)
    return model


X = tg.tensor([[1, 2, 6, 0]])


def test_a_model_comes_back_as_it_was():
    model = net()
    model(X)
    found = again(model)
    assert type(found) is Net
    assert repr(found) == repr(model)
    assert list(found.state_dict()) == list(model.state_dict())
    assert "mask" not in found.state_dict()
    for (name, a), (other, b) in zip(model.named_parameters(), found.named_parameters(), strict=True):
        assert (name, a.requires_grad, a.dtype, a.name) == (other, b.requires_grad, b.dtype, b.name)
        assert (a.array == b.array).all()
    assert found.out.weight is found.embedding.weight
    assert (found.args, found.words, found.activation, found.kind) == (model.args, model.words, F.relu, nn.GRU)
    assert not found.training
    assert not found.rnn.training
    assert found.seen.dtype == tg.int64
    assert (found.mask.tolist(), found.nothing, found.bias, found.scale) == ([1, 1], None, None, 2.0)
    assert found.apart[0].weight.tolist() == model.apart[0].weight.tolist()
    assert found(X).tolist() == model(X).tolist()
    assert [m._scope_name for m in found.modules()] == [m._scope_name for m in model.modules()]


def test_weight_norm_goes_on_after_loading():
    found = again(net())
    with tg.no_grad():
        found.normed.weight_g.mul_(2)
    before = net().normed
    before.load_state_dict(found.normed.state_dict())
    x = tg.ones(1, 4)
    assert found.normed(x).tolist() == before(x).tolist()
    nn.utils.remove_weight_norm(found.normed)
    assert "weight" in dict(found.normed.named_parameters())


def test_a_checkpoint_with_model_optimizer_and_schedule_goes_on_as_if_nothing_had_happened():
    def train(model, optimizer, schedule, times):
        for _ in range(times):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(X)[0], X[0])
            loss.backward()
            optimizer.step()
            schedule.step()
        return loss.item()

    model = net()
    optimizer = optim.Adam([{"params": model.rnn.parameters()}, {"params": [model.out.bias], "lr": 1.0}], lr=0.01)
    schedule = optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
    train(model, optimizer, schedule, 3)
    found = again({"model": model, "epoch": 3, "rest": [optimizer, (schedule,)]})
    assert found["epoch"] == 3
    twin, its_optimizer, its_schedule = found["model"], found["rest"][0], found["rest"][1][0]
    assert its_optimizer.param_groups[0]["params"][0] is twin.rnn.weight_ih_l0
    assert its_schedule.optimizer is its_optimizer
    assert train(model, optimizer, schedule, 3) == train(twin, its_optimizer, its_schedule, 3)
    assert its_schedule.get_last_lr() == schedule.get_last_lr()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_layer_can_be_saved(row):
    name, args, options, inputs = row
    tg.manual_seed(0)
    model = getattr(nn, name)(*args, **options).double().eval()
    x = [tg.tensor(a) for a in inputs]
    assert repr(again(model)) == repr(model)
    tg.manual_seed(1)
    expected = model(*x)
    tg.manual_seed(1)
    assert np.array_equal(np.asarray(again(model)(*x).detach()), np.asarray(expected.detach()), equal_nan=True)


LARGER = {
    "lstm": lambda: nn.LSTM(3, 4, 2, bidirectional=True, proj_size=2),
    "gru": lambda: nn.GRU(3, 4),
    "rnn": lambda: nn.RNN(3, 4, nonlinearity="relu"),
    "cell": lambda: nn.LSTMCell(3, 4),
    "encoder": lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, activation="gelu"), 2),
    "transformer": lambda: nn.Transformer(4, 2, 1, 1, 8),
    "attention": lambda: nn.MultiheadAttention(4, 2),
    "parallel": lambda: nn.DataParallel(nn.Linear(2, 2)),
    "average": lambda: optim.swa_utils.AveragedModel(nn.Linear(2, 2)),
}


@pytest.mark.parametrize("make", LARGER.values(), ids=LARGER)
def test_larger_modules_can_be_saved(make):
    model = make()
    found = again(model)
    assert repr(found) == repr(model)
    assert type(found) is type(model)
    assert [p.tolist() for p in found.parameters()] == [p.tolist() for p in model.parameters()]


@pytest.mark.parametrize("name", [n for n in dir(optim) if isinstance(getattr(optim, n), type) and n != "Optimizer"])
def test_every_optimizer_can_be_saved(name):
    model = nn.Linear(2, 1)
    optimizer = getattr(optim, name)(model.parameters(), lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (model(tg.ones(1, 2)) ** 2).sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    model.zero_grad()
    twin, other = again([model, optimizer])
    assert other.state_dict()["param_groups"] == optimizer.state_dict()["param_groups"]
    assert all(id(p) in {id(q) for q in twin.parameters()} for p in other.param_groups[0]["params"])
    optimizer.step(closure)
    model, optimizer, first = twin, other, model
    optimizer.step(closure)
    assert [p.tolist() for p in twin.parameters()] == [p.tolist() for p in first.parameters()]


def test_a_module_that_knows_its_parent_and_one_that_lies_deep():
    parent, child = nn.Sequential(nn.Linear(1, 1)), nn.Tanh()
    parent.append(child)
    child.parents = [parent]
    found = again(parent)
    assert found[1].parents[0] is found
    deep = nn.Identity()
    for _ in range(300):
        deep = nn.Sequential(deep)
    assert len(list(again(deep).modules())) == 301


# --- what is asked for --------------------------------------------------------------------------------------


def test_load_alone_refuses_and_says_what_to_write(tmp_path):
    path = tmp_path / "model.tg"
    save({"model": net(), "epoch": 1}, path)
    with pytest.raises(
        RuntimeError, match=rf"model.tg: holds whole objects \({HERE}.Net, .*weights_only=False.*safe_globals"
    ):
        load(path)
    with safe_globals([Net]):
        assert type(load(path)["model"]) is Net
        assert get_safe_globals() == [Net]
    with safe_globals([nn.Linear]), pytest.raises(RuntimeError, match=rf"whole objects \({HERE}.Net\)"):
        load(path)
    assert get_safe_globals() == []
    add_safe_globals([Net])
    try:
        assert type(load(path)["model"]) is Net
    finally:
        clear_safe_globals()
    with pytest.raises(RuntimeError, match="whole objects"):
        load(path)
    with pytest.raises(TypeError, match="expected subclasses of Module, got <class 'int'>"):
        safe_globals([int])


def test_a_class_that_is_not_here_or_has_moved(tmp_path, monkeypatch):
    path = tmp_path / "model.tg"
    save(net(), path)
    Other = type("Other", (Net,), {})
    monkeypatch.delattr(sys.modules[HERE], "Net")
    with pytest.raises(
        RuntimeError, match=rf"names the class '{HERE}.Net'.*Import it before load.*\(Net, '{HERE}.Net'\)"
    ):
        load(path, weights_only=False)
    with safe_globals([(Other, f"{HERE}.Net")]):
        assert type(load(path)) is Other


def test_files_without_modules_are_as_before():
    assert b'\\"version\\":1' in to_file([1]).read()
    assert b'\\"version\\":2' in to_file(nn.Tanh()).read()
    assert load(to_file({"a": argparse.Namespace(b=1)})) == {"a": argparse.Namespace(b=1)}
    assert load(to_file(types.SimpleNamespace(b=[2]))) == types.SimpleNamespace(b=[2])


# --- what cannot be saved -----------------------------------------------------------------------------------


class Slotted(nn.Module):
    __slots__ = ("extra",)


class WithProperty(nn.Module):
    @property
    def size(self):
        return RAN.append("getter")

    @size.setter
    def size(self, value):
        RAN.append("setter")

    def __setattr__(self, name, value):
        RAN.append("setattr") if name.startswith("trap") else super().__setattr__(name, value)

    def __setstate__(self, state):
        RAN.append("setstate")

    def run(self):
        return RAN.append("method")

    def __hash__(self):
        RAN.append("hash") if "armed" in vars(self) else None
        return id(self)


def holding(**attributes):
    model = nn.Sequential(nn.Tanh())
    for name, value in attributes.items():
        model[0].__dict__[name] = value
    return {"models": [model]}


def hooked():
    model = nn.Sequential(nn.Tanh())
    model[0].register_forward_hook(lambda *args: None)
    return {"models": [model]}


def local():
    class Local(nn.Module):
        pass

    return {"models": [nn.Sequential(Local())]}


def circle():
    model = nn.Sequential(nn.Sequential())
    model[0].append(model)
    return model


PLACE = r"obj\['models'\]\[0\]\.0"


@pytest.mark.parametrize(
    ("thing", "error", "words"),
    [
        (holding(f=lambda: 0), TypeError, PLACE + r"\.f: a function cannot be saved, because it is code"),
        (holding(f=[1, {"k": print}]), TypeError, PLACE + r"\.f\[1\]\['k'\]: a builtin_function_or_method"),
        (holding(log=sys.stdout), TypeError, PLACE + r"\.log: a "),
        (holding(made={nn.Tanh()}), TypeError, PLACE + r"\.made\[0\]: a whole Tanh cannot be saved"),
        (holding(made={nn.Tanh(): 1}), TypeError, PLACE + r"\.made: a key of type Tanh"),
        (holding(kind=int), TypeError, PLACE + r"\.kind: a type"),
        (holding(forward=nn.Tanh()), TypeError, PLACE + r"\.forward: it takes the place of a method of Tanh"),
        (holding(__class__=1), TypeError, PLACE + r": an attribute of the name '__class__'"),
        ({"models": [nn.Sequential(Slotted())]}, TypeError, PLACE + r": Slotted keeps 'extra' in __slots__"),
        (hooked(), TypeError, PLACE + r"\._forward_hooks: the hook <function .* remove it first"),
        (local(), TypeError, PLACE + r": a whole Local .*not found under its name .*local\.<locals>\.Local; define it at the top"),
        (nn.LazyLinear(3), TypeError, r"obj\.weight: a UninitializedParameter cannot be saved; call the layer once"),
        (circle(), ValueError, "a module is its own child"),
    ],
    ids=lambda x: None,
)  # fmt: skip
def test_what_is_no_data_is_refused_with_its_place(tmp_path, thing, error, words):
    with pytest.raises(error, match=words):
        save(thing, tmp_path / "model.tg")
    assert not list(tmp_path.iterdir())


# --- attacks ------------------------------------------------------------------------------------------------


class Trap(type):
    """A metaclass that notices being called or asked."""

    def __call__(cls, *args):
        RAN.append("metaclass")

    def __getattr__(cls, name):
        RAN.append(f"class attribute {name}")
        raise AttributeError(name)


class Trapped(metaclass=Trap):
    def __init__(self):
        RAN.append("init")


class Curious:
    """An object in a module's namespace that runs code when its class is asked for."""

    @property
    def __class__(self):
        RAN.append("__class__")
        return type


def run_command(*args):
    RAN.append("function")


curious = Curious()
module_of_traps = types.ModuleType("module_of_traps")
module_of_traps.__getattr__ = lambda name: RAN.append(name)


class Lazy(types.ModuleType):
    def __getattribute__(self, name):
        RAN.append(f"module attribute {name}")
        return super().__getattribute__(name)


def forged(monkeypatch, change, obj=None):
    """A file whose description is changed, with a digest that fits."""
    describe = files.describe

    def changed(obj):
        description, blocks = describe(obj)
        description = json.loads(json.dumps(description))
        change(description)
        return description, blocks

    with monkeypatch.context() as patch:
        patch.setattr(files, "describe", changed)
        return to_file(WithProperty() if obj is None else obj)


NAMES = [
    "os.system", "posix.system", "builtins.eval", "builtins.exec", "builtins.object", "builtins.type", "subprocess.Popen",
    "os._Environ", "ctypes.CDLL", "collections.OrderedDict", "antigravity.Net", "this.Net", "no_such_module.Net", "os", "", ".",
    "..", "builtins.", ".system", "nn.Linear", "tinygrad_rnn.load", "tinygrad_rnn.Tensor", "tinygrad_rnn.nn", "tinygrad_rnn.optim.adam",
    "tinygrad_rnn.utils.data.DataLoader", "tinygrad_rnn.nn.Module.__init__", "tinygrad_rnn.nn.Module.__class__",
    "tinygrad_rnn.nn.Module.__mro__", "tinygrad_rnn.nn.Module.__subclasses__", f"{HERE}.Trapped", f"{HERE}.curious",
    f"{HERE}.run_command", f"{HERE}.Net.forward", f"{HERE}.Net.__dict__", f"{HERE}.Trapped.Inner", f"{HERE}.WithProperty.size",
    f"{HERE}.curious.Net", f"{HERE}.X.Net", f"{HERE}.RAN", "module_of_traps.Net", "lazy_of_traps.Net", "__main__", "sys.modules",
    f"{HERE}.sys.modules", f"{HERE}.io.BytesIO", None, 3, ["os.system"], {"os": "system"}, True,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_no_file_gets_another_class(monkeypatch, name):
    monkeypatch.setitem(sys.modules, "module_of_traps", module_of_traps)
    monkeypatch.setitem(sys.modules, "lazy_of_traps", Lazy("lazy_of_traps"))
    imported = set(sys.modules)
    file = forged(monkeypatch, lambda d: d.update(classes=[name]))
    RAN.clear()
    for options in ({"weights_only": False}, {}):
        for known in ([], [Net]):
            file.seek(0)
            with safe_globals(known), pytest.raises(RuntimeError):
                load(file, **options)
    assert RAN == []
    assert set(sys.modules) == imported


def attribute(name, value):
    return lambda d: d["objects"][0][1].append([name, value])


def registered(place, name, value):
    return lambda d: next(pair for pair in d["objects"][0][1] if pair[0] == place)[1][1].append([name, value])


ATTACKS = {
    "class": attribute("__class__", 1),
    "dict": attribute("__dict__", ["dict", []]),
    "setstate": attribute("__setstate__", ["function", "F.relu"]),
    "reduce": attribute("__reduce__", ["function", "F.relu"]),
    "del": attribute("__del__", ["object", 0]),
    "property": attribute("size", 3),
    "forward is a module": attribute("forward", ["object", 0]),
    "a method is a function": attribute("run", ["function", "F.relu"]),
    "a name that is a number": attribute(3, 1),
    "a name that is a list": attribute(["list", ["a"]], 1),
    "no name": attribute("", 1),
    "a function of another kind": attribute("f", ["function", "os.system"]),
    "a dunder function": attribute("f", ["function", "Tensor.__reduce_ex__"]),
    "a function that saves": attribute("f", ["function", "save"]),
    "an object that is not there": attribute("f", ["object", 7]),
    "an object that is no number": attribute("f", ["object", "os.system"]),
    "a class that is not there": attribute("f", ["class", 7]),
    "an unknown kind": attribute("f", ["eval", "run_command()"]),
    "reduce as pickle has it": attribute("f", ["reduce", ["os.system", ["true"]]]),
    "an object in a set": attribute("f", ["set", [["object", 0]]]),
    "an object in a key": attribute("f", ["dict", [[["tuple", [["object", 0]]], 1]]]),
    "a class as a key": attribute("f", ["dict", [[["class", 0], 1]]]),
    "its own child": registered("_modules", "me", ["object", 0]),
    "a child that is a number": registered("_modules", "child", 3),
    "a child that is a class": registered("_modules", "child", ["class", 0]),
    "a child that is a function": registered("_modules", "child", ["function", "F.relu"]),
    "a child with a dot": registered("_modules", "a.b", None),
    "a dunder child": registered("_modules", "__len__", None),
    "a parameter that is a module": registered("_parameters", "p", ["object", 0]),
    "a parameter that is a list": registered("_parameters", "p", ["list", []]),
    "a buffer that is a string": registered("_buffers", "b", "x"),
    "no registries": lambda d: d["objects"][0].__setitem__(1, []),
    "parameters that are a list": lambda d: next(p for p in d["objects"][0][1] if p[0] == "_parameters").__setitem__(1, ["list", []]),
    "training is a word": lambda d: next(p for p in d["objects"][0][1] if p[0] == "training").__setitem__(1, "yes"),
    "a norm of lists": lambda d: d["objects"][0].__setitem__(2, [[["list", []], 0, "", "g", "v"]]),
    "a norm of too few": lambda d: d["objects"][0].__setitem__(2, [["weight", 0]]),
    "a class with a negative number": lambda d: d["objects"][0].__setitem__(0, "run_command"),
    "rows that are no rows": lambda d: d.update(objects=[3]),
    "classes that are no list": lambda d: d.update(classes=5),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_file_runs_anything(monkeypatch, attack):
    file = forged(monkeypatch, attack)
    RAN.clear()
    for options in ({"weights_only": False}, {}):
        for known in ([], [WithProperty]):
            file.seek(0)
            with safe_globals(known), pytest.raises(RuntimeError):
                load(file, **options)
    assert RAN == []


def test_a_file_nested_deeper_than_python_can_read(monkeypatch):
    """What no `json.dumps` writes: the text is put in by hand."""
    deep, dumps = '["list",[' * 200_000 + "1" + "]]" * 200_000, json.dumps
    with monkeypatch.context() as patch:
        patch.setattr(files.json, "dumps", lambda obj, **options: dumps(obj, **options).replace('"here"', deep))
        file = to_file(holding(f="here"))
    with pytest.raises(RuntimeError, match=r"recursion|cannot be read|does not fit"):
        load(file, weights_only=False)


def test_a_fitting_file_runs_nothing_either(monkeypatch):
    model = WithProperty()
    model.__dict__["trap"] = 1
    model.__dict__["armed"] = 1
    file = to_file([model, {"again": model}])
    RAN.clear()
    found = load(file, weights_only=False)
    assert found[0].trap == 1
    assert found[0] is found[1]["again"]
    assert RAN == []


OPTIMIZERS = {
    "no groups": lambda d: d["objects"][0].__setitem__(1, []),
    "groups of words": lambda d: next(p for p in d["objects"][0][1] if p[0] == "param_groups").__setitem__(1, ["list", ["x"]]),
    "state of words": lambda d: next(p for p in d["objects"][0][1] if p[0] == "state").__setitem__(1, ["list", [["list", ["a", 1]]]]),
    "hooks": attribute("_hooks_", ["function", "os.system"]),
    "a step of its own": attribute("step", ["function", "F.relu"]),
}  # fmt: skip


@pytest.mark.parametrize("attack", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_optimizers_are_checked_too(monkeypatch, attack):
    file = forged(monkeypatch, attack, optim.SGD([tg.ones(1, requires_grad=True)], lr=0.1))
    with pytest.raises(RuntimeError):
        load(file, weights_only=False)


def test_optimizers_of_others_are_not_built(monkeypatch):
    class Mine(optim.SGD):
        pass

    with pytest.raises(TypeError, match="a whole Mine cannot be saved"):
        to_file(Mine([tg.ones(1, requires_grad=True)], lr=0.1))
    monkeypatch.setattr(sys.modules[HERE], "Mine", Mine, raising=False)
    file = forged(monkeypatch, lambda d: d.update(classes=[f"{HERE}.Mine"]), optim.SGD([tg.ones(1)], lr=0.1))
    with pytest.raises(RuntimeError, match=f"names the class '{HERE}.Mine'"):
        load(file, weights_only=False)
