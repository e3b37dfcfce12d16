"""The main job: a character-level language model on real text, from first sample to picture.

    P(text) = Π_t P(x_t | x_1 .. x_{t-1})        h_t = cell(embedding(x_{t-1}), h_{t-1}),   P = softmax(V h_t + b)

Training is truncated backpropagation through time: the text is read T characters at a time, the state is
carried to the next piece, and the graph is cut between them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from . import nn, optim, random
from ._mode import no_grad, unrolled
from ._tensor import Tensor
from .data.text import CharText, standard_library_text
from .models.bptt import detached
from .nn import functional as F

CELLS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


class CharModel(nn.Module):
    """Embedding, one recurrent layer, and a linear readout to the next character's scores.

    vocabulary  V, the number of different characters
    cell        "rnn", "lstm" or "gru"
    """

    def __init__(self, vocabulary: int, cell: str = "lstm", embedding: int = 64, hidden: int = 128):
        super().__init__()
        self.embedding: Any = nn.Embedding(vocabulary, embedding)
        self.recurrent: Any = CELLS[cell](embedding, hidden)
        self.readout: Any = nn.Linear(hidden, vocabulary)

    def forward(self, characters: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """characters (T, B) ints -> scores (T, B, V) and the last state."""
        h, state = self.recurrent(self.embedding(characters), state)
        return self.readout(h), state


class Progress(NamedTuple):
    """What `train` reports after each step."""

    step: int
    loss: float  # nats per character, of this batch
    characters_per_second: float


def loss_of(scores: Tensor, target: Tensor) -> Tensor:
    """The mean negative log-likelihood per character, in nats: scores (T, B, V), target (T, B)."""
    return F.cross_entropy(scores.reshape(-1, scores.shape[-1]), target.reshape(-1))


def train(
    model: CharModel,
    text: CharText,
    steps: int,
    learning_rate: float = 3e-3,
    report: Callable[[Progress], Any] | None = None,
) -> list[float]:
    """Train for `steps` batches; return the loss of each. Ends early when `report` answers something true."""
    optimizer = optim.Adam(model.parameters(), lr=learning_rate)
    losses: list[float] = []
    state = None
    batches = text.batches()
    started = time.perf_counter()
    while len(losses) < steps:
        pair = next(batches, None)
        if pair is None:  # the text is read through: start again, with an empty memory
            batches, state = text.batches(), None
            continue
        characters, target = pair
        scores, state = model(characters, state)
        loss = loss_of(scores, target)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state = detached(state)
        losses.append(loss.item())
        if report is not None:
            seconds = time.perf_counter() - started
            if report(Progress(len(losses), losses[-1], len(losses) * characters.numel() / seconds)):
                break
    return losses


@no_grad()
def validation_loss(model: CharModel, text: CharText) -> float:
    """The mean loss over the validation part, in nats per character."""
    total, count, state = 0.0, 0, None
    for characters, target in text.batches("validation"):
        scores, state = model(characters, state)
        total += loss_of(scores, target).item() * target.numel()
        count += target.numel()
    return total / count


@no_grad()
def sample(model: CharModel, text: CharText, length: int = 200, temperature: float = 0.7, start: str = "\n") -> str:
    """Let the model write: each character is drawn from softmax(scores / temperature) and fed back."""
    source = random.source()
    character = text.encode(start if start in text.vocabulary else text.vocabulary[0])
    state, written = None, []
    for _ in range(length):
        scores, state = model(Tensor._of(character[:, None]), state)
        chances = (scores.reshape(-1) / temperature).softmax(0).array.astype(np.float64)
        character = np.array([source.choice(len(chances), p=chances / chances.sum())])
        written.append(character[0])
    return text.decode(np.array(written))


def few_steps(model: CharModel, characters: Tensor, target: Tensor) -> Tensor:
    """The loss over a few characters (T, 1), each time step recorded as its operations."""
    with unrolled():
        scores, _ = model(characters)
        return loss_of(scores, target)


def draw_few_steps(model: CharModel, text: CharText, path: Path, steps: int = 4) -> None:
    """Draw the graph of the loss over the first few characters."""
    from .viz import draw

    characters, target = next(iter(text.batches()))
    draw(few_steps(model, characters[:steps, :1], target[:steps, :1]), path)


def load_checkpoint(path: Path) -> tuple[CharModel, dict[str, Any], list[float]]:
    """The trained model, its settings and its losses; ValueError if the file holds something else."""
    from .interop import load

    checkpoint = load(path)
    try:
        settings = checkpoint["settings"]
        model = CharModel(len(settings["vocabulary"]), settings["cell"])
        model.load_state_dict(checkpoint["model"])
        return model, settings, checkpoint["losses"]
    except (KeyError, TypeError, IndexError, RuntimeError):
        raise ValueError(f"{str(path)!r} is not a checkpoint of the demo") from None


def text_to_draw(vocabulary: str, length: int) -> np.ndarray:
    """Numbers of `length` characters for a model to read: Python's documentation, as far as it knows the characters."""
    known = [character for character in standard_library_text()[: 20 * length] if character in vocabulary]
    return np.array([vocabulary.index(character) for character in (known or list(vocabulary)) * length][:length])


def plot_losses(losses: list[float], unigram: float, validation: float, path: Path) -> None:
    """The loss curve as a PNG: each step, a running mean, and the two lines to compare with."""
    from .viz.plots import loss_curves, save_figure

    levels = {f"unigram entropy {unigram:.2f}": unigram, f"validation after training {validation:.2f}": validation}
    figure = loss_curves(
        {"training": losses},
        smooth=max(2, len(losses) // 50),
        levels=levels,
        ylabel="loss (nats per character)",
        title="Character language model",
    )
    save_figure(figure, path)
