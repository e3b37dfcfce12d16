"""From a layer to its kernel, and back, is a straight line: these calls and no others. CONTRIBUTING describes them."""

import pathlib
import re
import sys

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import engine, gradients, nn
from tinygrad_rnn.kernels import choice
from tinygrad_rnn.nn.recurrent import fused

PACKAGE = str(pathlib.Path(tg.__file__).parent)


def calls_on_the_way_to(name, run):
    """The package's own calls that are open when `name` is called, as "file.function", outermost first."""
    found = []

    def watch(frame, event, argument):
        if event == "call" and not found and frame.f_code.co_name == name:
            while frame is not None:
                path = pathlib.Path(frame.f_code.co_filename)
                if str(path).startswith(PACKAGE):
                    found.insert(0, f"{path.stem}.{frame.f_code.co_name}")
                frame = frame.f_back

    sys.setprofile(watch)
    try:
        run()
    finally:
        sys.setprofile(None)
    return found


@pytest.fixture(autouse=True)
def on_numpy():
    with tg.use_kernels("numpy"):
        yield


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
def test_the_walks_to_a_kernel_and_back(kind):
    model, x, name = getattr(nn, kind)(3, 4), tg.randn(5, 2, 3), kind.lower()
    loss = model(x)[0].sum()
    assert calls_on_the_way_to(f"{name}_forward", lambda: model(x)) == [
        "module.__call__",
        "layer_base.forward",
        "layer_base._layers_fused",
        "fused.sequence_node",
        "recording.record_op",
        "fused.forward",
        "choice.forward",
        f"{name}.{name}_forward",
    ]
    assert calls_on_the_way_to(f"{name}_backward", loss.backward) == [
        "_tensor.backward",
        "gradients.backward",
        "engine.backward",
        "engine._run",
        "fused.backward",
        "choice.backward",
        f"{name}.{name}_backward",
    ]


def test_contributing_names_what_is_there():
    """Every `Class.method` of the two walks exists."""
    text = (pathlib.Path(PACKAGE).parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    walks = text.partition("## Two walks")[2].partition("\n## ")[0]
    places = {"Module": nn.Module, "RNNBase": nn.RNNBase, "FusedLayer": fused.FusedLayer, "Kernel": choice.Kernel,
              "Tensor": tg.Tensor, "gradients": gradients, "engine": engine}  # fmt: skip
    named = re.findall(r"`(\w+)\.(\w+)`", walks)
    assert len(named) >= 9
    assert not [(place, name) for place, name in named if not hasattr(places[place], name)]
