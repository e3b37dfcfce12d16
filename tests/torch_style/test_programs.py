"""The programs of examples/torch_style run under PyTorch when only their imports are changed, and learn the same thing."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "torch_style"
STEPS = {
    "tagger": 20,
    "names_classifier": 20,
    "char_generator": 20,
    "seq2seq_attention": 20,
    "gru_language_model": 20,
    "transformer_lm": 20,
    "tcn": 20,
    "time_series_lbfgs": 2,  # each step evaluates the model up to 20 times
    "bilstm_crf": 20,
    "packed_sentiment": 20,
}
FEWER = {  # enough to see that they learn, where their own number takes seconds
    "names_classifier": 300,
    "time_series_lbfgs": 3,
    "bilstm_crf": 75,
}


def load_program(name: str, library: str, run_as: str = "", steps: int | None = None) -> Any:
    """The program as a module; its imports name `library` in the place of ours. `steps`: its default is another."""
    lines = (FOLDER / f"{name}.py").read_text("utf8").split("\n")
    for i, line in enumerate(lines):
        if line.startswith(("import tinygrad_rnn", "from tinygrad_rnn")):
            lines[i] = line.replace("tinygrad_rnn", library)
        assert "tinygrad_rnn" not in lines[i] or library == "tinygrad_rnn", f"{name}.py names our package here: {line}"
    text, program = "\n".join(lines), {"__name__": run_as or name}
    if steps is not None:
        text, changed = re.subn(r"(?<=def main\(model=None, steps=)\d+", str(steps), text)
        assert changed == 1
    exec(compile(text, f"{name}.py with {library}", "exec"), program)
    return SimpleNamespace(**program)


def near(printed: str, tolerance: float) -> bool:
    """Whether each line's two numbers are."""
    pairs = re.findall(r"true +(-?[\d.]+) +predicted +(-?[\d.]+)", printed)
    return len(pairs) == 10 and all(abs(float(a) - float(b)) <= tolerance for a, b in pairs)


def known(written: str, text: str) -> float:
    """The share of the written words that are words of the text; the last may be cut."""
    words = written.split()[:-1]
    return sum(word in text.split() for word in words) / len(words)


PROMISES: dict[str, tuple[str, Callable[..., bool]]] = {  # what a program prints in the end, and whether that is good
    "seq2seq_attention": (
        r"(\d+) of (\d+) held-out sentences are right",
        lambda right, count: int(right) >= 0.8 * int(count),
    ),
    "tcn": (
        r"test loss: ([\d.]+) \(always answering 1 gives ([\d.]+)\)",
        lambda loss, trivial: float(loss) < 0.1 * float(trivial),
    ),
    "bilstm_crf": (r"john smith met anna in london: .*\[(.*)\]", lambda tags: tags == "0, 1, 2, 0, 2, 0"),
    "char_generator": (
        r"\n(one .{50,})\n",
        lambda text: known(text, load_program("char_generator", "tinygrad_rnn").TEXT) >= 0.8,
    ),
    "gru_language_model": (r"perplexity ([\d.]+)\n\Z", lambda perplexity: float(perplexity) < 6),  # of 24 words
    "names_classifier": (
        r"marconi -> (\w+)\nwolniak -> (\w+)\nsakamura -> (\w+)",
        lambda *languages: languages == ("Italian", "Polish", "Japanese"),
    ),
    "packed_sentiment": (r"accuracy on the training reviews: (\d+)%", lambda share: share == "100"),
    "tagger": (r"every small cat sang: (.*)", lambda tags: tags == "['DET', 'ADJ', 'NOUN', 'VERB']"),
    "time_series_lbfgs": (r"((?:true .*\n){10})", lambda lines: near(lines, 0.15)),
    "transformer_lm": (r"\n(how much .*)\n", lambda text: text == "how much wood would a woodchuck chuck if a woodch"),
}


def arrays(model: Any) -> dict[str, np.ndarray]:
    """Copies of a model's numbers by name, in the order of its state_dict."""
    return {name: t.detach().numpy().copy() for name, t in model.state_dict().items()}


def test_every_program_of_the_folder_is_compared():
    assert sorted(path.stem for path in FOLDER.glob("*.py")) == sorted(STEPS) == sorted(PROMISES)


@pytest.mark.parametrize("name", STEPS)
def test_program_learns_and_prints_what_it_learnt(name: str, capsys: pytest.CaptureFixture[str]):
    losses = load_program(name, "tinygrad_rnn", "__main__", FEWER.get(name)).losses
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) >= 2
    words, kept = PROMISES[name]
    found = re.search(words, printed)
    assert found is not None
    assert kept(*found.groups()), printed
    tenth = max(1, len(losses) // 10)
    first, last = np.mean(losses[:tenth]), np.mean(losses[-tenth:])
    assert last < 0.75 * first, f"{name}: mean loss {first:.3f} at the start, {last:.3f} at the end"


@pytest.fixture
def torch():
    """PyTorch on one thread: the models are too small for more."""
    torch = pytest.importorskip("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield torch
    torch.set_num_threads(threads)


@pytest.mark.torch
@pytest.mark.parametrize("name", STEPS)
def test_twenty_losses_and_the_weights_equal_those_under_torch(name: str, torch: Any):
    ours = load_program(name, "tinygrad_rnn")
    model = ours.build()
    start = arrays(model)
    losses = ours.main(model, steps=STEPS[name])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch calls some of the older forms deprecated
        theirs = load_program(name, "torch")
        reference = theirs.build()
        assert {k: tuple(v.shape) for k, v in reference.state_dict().items()} == {k: v.shape for k, v in start.items()}
        assert list(reference.state_dict()) == list(start), "the keys come in another order"
        reference.load_state_dict({k: torch.from_numpy(v) for k, v in start.items()})
        expected = theirs.main(reference, steps=STEPS[name])

    assert len(losses) >= 20
    np.testing.assert_allclose(losses[:20], expected[:20], rtol=0, atol=1e-4)
    if name != "time_series_lbfgs":  # there, after more evaluations, rounding decides how the search goes on
        for key, value in arrays(model).items():
            np.testing.assert_allclose(value, reference.state_dict()[key].numpy(), atol=1e-3, err_msg=key)
