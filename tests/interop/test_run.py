"""PyTorch's programs, unchanged: ten tutorials run, are drawn and asked; what is not here is named, with file and line."""

import pathlib
import re
import runpy
import subprocess
import sys

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.cli import main
from tinygrad_rnn.interop.torch_names import missing_names

FOLDER = pathlib.Path(__file__).parents[1] / "tutorials"
TUTORIALS = sorted(path.stem for path in FOLDER.glob("*.py"))


def run(*arguments):
    return main(["run", *map(str, arguments)])


def losses(printed):
    return [float(re.search(rf"{which} loss (\S+)", printed)[1]) for which in ("first", "last")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", TUTORIALS)
def test_a_tutorial_runs_unchanged_and_learns(name, folder, capsys):
    assert run(FOLDER / f"{name}.py") == 0
    first, last = losses(capsys.readouterr().out)
    assert last < 0.95 * first


@pytest.mark.torch
@pytest.mark.parametrize("name", ["packed_sentiment", "convolutions_in_time"])
def test_a_tutorial_is_a_program_of_pytorch(name, folder, capsys):
    pytest.importorskip("torch").set_num_threads(1)
    runpy.run_path(str(FOLDER / f"{name}.py"))
    first, last = losses(capsys.readouterr().out)
    assert last < 0.95 * first


def test_there_are_ten_tutorials_and_none_names_this_library():
    assert len(TUTORIALS) == 10
    for name in TUTORIALS:
        assert "tinygrad" not in (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        assert missing_names(FOLDER / f"{name}.py") == []


@pytest.mark.parametrize(("name", "at"), [("tag_words", 1), ("packed_sentiment", 3), ("predict_series", 2)])
def test_a_backward_is_drawn_and_asked(name, at, folder, capsys):
    assert run("--draw", "graph.html", "--study", "report", "--at", at, FOLDER / f"{name}.py") == 0
    printed = capsys.readouterr().out
    page, report = (folder / "graph.html").read_text("utf-8"), (folder / "study-report.txt").read_text("utf-8")
    assert "<svg" in page
    assert "falls by" in report or "grows by" in report or "reaches" in report
    assert (folder / "study-report.png").read_bytes().startswith(b"\x89PNG")
    assert f"wrote {folder / 'graph.html'}" in printed
    assert not tg._mode.thread.mode.listeners
    assert not tg._mode.thread.mode.unrolled


@pytest.mark.parametrize(("file", "words"), [("g.xyz", "cannot write '.xyz': use one of .svg, .html"), ("nowhere/g.svg", "no folder nowhere")])  # fmt: skip
def test_a_file_that_cannot_be_drawn_is_refused_before_the_program_runs(file, words, folder, capsys):
    (folder / "program.py").write_text("print('runs')\n")
    assert run("--draw", file, folder / "program.py") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err


def test_a_program_has_its_arguments_its_folder_and_its_status(folder, capsys):
    (folder / "helper.py").write_text("import torch\nWORDS = torch.arange(3).tolist()\n")
    program = folder / "program.py"
    program.write_text("import sys\nfrom helper import WORDS\nprint(sys.argv[1:], WORDS)\nsys.exit(7)\n")
    assert run(program, "--draw", "x", "-v") == 7
    assert capsys.readouterr().out == "['--draw', 'x', '-v'] [0, 1, 2]\n"
    sys.modules.pop("helper")


def test_an_older_path_of_pytorchs_is_there_too(folder):
    program = folder / "program.py"
    program.write_text(
        "from torch.cuda.amp import GradScaler, autocast\nimport torch.amp\nassert autocast is torch.amp.autocast\n"
    )
    assert missing_names(program) == []
    assert run(program) == 0


def test_what_is_left_out_of_a_run_is_said(folder, capsys):
    program = folder / "program.py"
    program.write_text(
        "from torch.utils.tensorboard import SummaryWriter\nimport wandb\nwandb.init(project='x')\n"
        "with SummaryWriter('runs') as w:\n    w.add_scalar('loss', 1.0, 0)\n"
    )
    assert run(program) == 0
    assert "did nothing: torch.utils.tensorboard, wandb" in capsys.readouterr().err
    assert not hasattr(tg.utils, "tensorboard")
    assert list(folder.iterdir()) == [program]


TWENTY = [
    ("import torch, torchvision", "torchvision", "made of PyTorch"),
    ("import torch.sparse_coo_tensor", "torch.sparse_coo_tensor", "sparse"),
    ("from torch import nn, fx", "torch.fx", "no compiler"),
    ("from torch.nested import nested_tensor", "torch.nested", "axes have no names"),
    ("import torch.nn.functional as F", "", ""),
    ("a = nn.Conv3d(1, 2, 3)", "torch.nn.Conv3d", "volumes"),
    ("b = torch.nn.MaxUnpool1d(3)", "torch.nn.MaxUnpool1d", "pictures"),
    ("c = nn.quantized.Linear", "torch.nn.quantized", "quantised"),
    ("d = torch.vmap(lambda x: x)", "torch.vmap", "batching"),
    ("e = x.to_sparse()", "Tensor.to_sparse", "sparse"),
    ("f = F.grid_sample(x, y)", "torch.nn.functional.grid_sample", "pictures"),
    ("g = getattr(torch, 'stft')(x)", "torch.stft", "complex"),
    ("h = torch.complex32", "torch.complex32", "complex"),
    ("i = torch.float8_e5m2", "torch.float8_e5m2", "element type"),
    ("j = torch.nn.functional.rel(x)", "torch.nn.functional.rel", "relu"),
    ("@torch.func.vmap\ndef k(x): return x", "torch.func.vmap", "batching"),
    ("l = nn.SyncBatchNorm(3)", "torch.nn.SyncBatchNorm", "several processes"),
    ("m = torch.spmm(b, b)", "torch.spmm", "sparse"),
    ("n = nn.LazyConv3d(3, 2)", "torch.nn.LazyConv3d", "lazy"),
    ("o = torch.hub.load('a', 'b')", "torch.hub", "no compiler"),
    ("p = torch.Tensor.as_strided", "torch.Tensor.as_strided", "memory"),
    ("q = torch.optim.Adan", "torch.optim.Adan", "Adam"),
    ("r = torch.optim.lr_scheduler.Warmup", "torch.optim.lr_scheduler.Warmup", ""),
]


def test_check_names_every_missing_name(folder, capsys):
    (folder / "other.py").write_text("from torch import fft\n")
    program = folder / "program.py"
    program.write_text(
        "".join(f"{line}\n" for line, _, _ in TWENTY) + "import other\nnn.LSTM; F.relu; torch.randn(2)\n"
    )
    assert run("--check", program) == 1
    printed = capsys.readouterr().out.splitlines()
    number, expected = 0, []
    for line, name, way in TWENTY:
        number += 1
        expected += [(f"{program}:{number}: {name}", way)] if name else []
        number += line.count("\n")
    expected.append((f"{folder / 'other.py'}:1: torch.fft", "complex"))
    assert len(printed) == len(expected) == 23
    for line, (start, way) in zip(printed, expected, strict=True):
        assert re.match(re.escape(start) + "(:|$)", line), line
        assert way in line


def test_check_is_content_with_what_is_here(folder, capsys):
    assert run("--check", FOLDER / "tag_words.py") == 0
    assert "all of PyTorch's names in it are here" in capsys.readouterr().out


def test_a_run_that_fails_names_what_is_missing(folder, capsys):
    program = folder / "program.py"
    program.write_text("import torch\nprint('starts')\ntorch.nn.Conv3d(1, 2, 3)\n")
    assert run(program) == 1
    printed = capsys.readouterr()
    assert printed.out == "starts\n"
    assert f'File "{program}", line 3' in printed.err
    assert "runpy" not in printed.err
    assert f"not here: {program}:3: torch.nn.Conv3d: layers for volumes" in printed.err


def test_a_study_that_has_no_answer_lets_the_program_end(folder, capsys):
    assert run("--study", "report", FOLDER / "own_function.py") == 1
    printed = capsys.readouterr()
    assert "last loss" in printed.out
    assert "step" in printed.err
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "options", "said", "status"),
    [
        ("import torch\n", ["--draw", "g.svg"], "there were 0 backward(), not 1", 1),
        ("import torch\ntorch.ones(1, requires_grad=True).sum().backward()\n", ["--draw", "g.svg", "--at", "2"], "1 backward(), not 2", 1),
        ("def f(:\n", [], "program.py:1: ", 2),
        (None, [], "No such file", 2),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_one_line(text, options, said, status, folder, capsys):
    program = folder / "program.py"
    if text is not None:
        program.write_text(text)
    assert run(*options, program) == status
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1


def test_inside_as_torch_pytorch_is_this_library():
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "torch"}
    with tg.as_torch() as silent:
        import torch.nn.modules.rnn
        import torch.utils.data
        from torch.nn.utils.rnn import pad_sequence

        assert torch is tg
        assert pad_sequence is tg.nn.utils.rnn.pad_sequence
        assert sys.modules["torch.nn.modules.rnn"] is tg.nn.modules is not tg.nn
        with pytest.raises(ModuleNotFoundError, match=r"no torch\.fx here: there is no compiler"):
            import torch.fx
        with pytest.raises(ModuleNotFoundError, match=r"torchvision is not used: it is made of PyTorch"):
            import torchvision  # noqa: F401
        with pytest.raises(ImportError, match=r"inside as_torch\(\) the name torch stands for tinygrad_rnn"):
            tg.to_torch(tg.ones(2))
        assert silent == []
    assert tg.nn.__spec__.name == "tinygrad_rnn.nn"
    assert {n: m for n, m in sys.modules.items() if n.split(".")[0] == "torch"} == before


def test_the_real_pytorch_is_never_loaded(folder):
    program = folder / "program.py"
    program.write_text("import sys, torch, torch.nn.functional\nprint(torch.__name__, any('torch/_C' in str(m) for m in sys.modules.values()))\n")  # fmt: skip
    command = [sys.executable, "-m", "tinygrad_rnn", "run", str(program)]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "tinygrad_rnn False\n"


@pytest.mark.torch
def test_convert_writes_what_load_reads(folder, capsys):
    torch = pytest.importorskip("torch")
    theirs = torch.nn.LSTM(3, 4)
    torch.save({"model": theirs.state_dict(), "epoch": 3, "half": torch.ones(2).bfloat16()}, "model.pt")
    assert main(["convert", "model.pt"]) == 0
    assert "wrote model.safetensors: 5 tensors" in capsys.readouterr().out
    found = tg.load("model.safetensors")
    assert found["epoch"] == 3
    assert found["half"].dtype == tg.float32
    tg.nn.LSTM(3, 4).load_state_dict(found["model"])
    assert found["model"]["weight_hh_l0"].tolist() == theirs.weight_hh_l0.tolist()


@pytest.mark.torch
def test_convert_says_what_it_cannot_read(folder, capsys):
    torch = pytest.importorskip("torch")
    torch.save(torch.nn.LSTM(3, 4), "whole.pt")
    (folder / "text.pt").write_text("hello")
    for file, said in (
        ("whole.pt", "as a whole module does"),
        ("text.pt", "not a file of torch.save"),
        ("no.pt", "No such"),
    ):
        assert main(["convert", file]) == 2
        assert said in capsys.readouterr().err
    assert main(["convert", "whole.pt", "--out", "whole.pt"]) == 2


def test_convert_without_pytorch_says_what_to_install(folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    assert main(["convert", "model.pt"]) == 2
    assert "reading model.pt needs PyTorch, which is not installed: pip install torch" in capsys.readouterr().err
