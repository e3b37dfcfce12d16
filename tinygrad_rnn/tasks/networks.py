"""The models of the tasks: a reader, a body from bodies.py, a readout; for sequences out of sequences two of them.

    each step    x_1 .. x_T -> y_1 .. y_T              at the end   x_1 .. x_T -> y
    translate    x_1 .. x_S, then y_1 .. y_T           caption      a picture, then y_1 .. y_T

Which cell cannot do which task is said when the model is made.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import nn
from .._tensor import Tensor
from ..models.attention_scores import ScaledDotAttention
from ..models.generation import greedy
from ..models.over_time import last_output, max_over_time, mean_over_time
from ..ops.joining import cat
from ..trees import tree_map
from .bodies import CELLS, INITS, RECURRENT, body, initialise, recurrent

PAD, END = 0, 1
FORGETTING = ("lstm", "peephole", "coupled")  # have a forget gate with a bias
HEADS = {"last": last_output, "max": max_over_time, "mean": mean_over_time}


class ConfigError(ValueError):
    """This model cannot do this task; the message says why."""


class Convolution(nn.Module):
    """y[b, o, i, j] = relu( bias[o] + Σ weight[o, c, u, v] · x[b, c, s i + u, s j + v] ), s the stride.

    (B, C, H, W) -> (B, O, H', W'): the shifted pictures side by side, and one matrix.
    """

    def __init__(self, channels: int, features: int, size: int, stride: int):
        super().__init__()
        self.size: int = size
        self.stride: int = stride
        self.weights: nn.Linear = nn.Linear(channels * size * size, features)

    def forward(self, x: Tensor) -> Tensor:
        """Without padding: H' = (H - size) // stride + 1."""
        height, width = ((n - self.size) // self.stride + 1 for n in x.array.shape[2:])
        s = self.stride
        shifted = [
            x[:, :, u : u + s * (height - 1) + 1 : s, v : v + s * (width - 1) + 1 : s]
            for u in range(self.size)
            for v in range(self.size)
        ]
        return self.weights(cat(shifted, 1).movedim(1, -1)).relu().movedim(-1, 1)


class Look(nn.Module):
    """A small convolutional encoder: pictures (…, 1, 16, 16) -> (…, features)."""

    def __init__(self, features: int):
        super().__init__()
        self.first: Convolution = Convolution(1, 8, 3, 1)
        self.second: Convolution = Convolution(8, 16, 3, 2)  # 16 -> 14 -> 6 pixels wide
        self.readout: nn.Linear = nn.Linear(16 * 6 * 6, features)

    def forward(self, x: Tensor) -> Tensor:
        """(…, 1, 16, 16) -> (…, features)."""
        y = self.second(self.first(x.reshape(-1, *x.shape[-3:])))
        return self.readout(y.reshape(len(y), -1)).relu().reshape(*x.shape[:-3], -1)


class Reading(nn.Module):
    """Scores at each step, or one for all steps.

    tokens, pictures   what x holds: ints (B, T), pictures (B, T, 1, 16, 16), else features (B, T, I)
    head               "last", "max" (of the scores) or "mean" over time; None: scores at each step
    carries            called with (x, state), returns (scores, state)
    """

    def __init__(
        self, inputs: int, outputs: int, cell: str, hidden: int, layers: int | None, dropout: float, tokens: bool,
        pictures: bool, head: str | None, bidirectional: bool, carries: bool, length: int,
    ):  # fmt: skip
        super().__init__()
        self.reader: Any = nn.Embedding(inputs, hidden) if tokens else Look(hidden) if pictures else nn.Identity()
        self.dropout: nn.Dropout = nn.Dropout(dropout)
        self.body: Any = body(cell, hidden if tokens or pictures else inputs, hidden, layers, bidirectional, length)
        self.readout: nn.Linear = nn.Linear(hidden * (2 if bidirectional and cell in RECURRENT else 1), outputs)
        self.head: str | None = head
        self.carries: bool = carries
        self.length: int = length
        self.two_ways: bool = bidirectional and cell in RECURRENT
        self.stateless: bool = cell not in RECURRENT

    def forward(self, x: Tensor, state: Any = None) -> Any:
        """x -> scores (B, T, O), with a head (B, O); a model that carries its state returns it too."""
        return self.run(x, state) if self.carries else self.run(x, state)[0]

    def run(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """The scores and the last state."""
        h, state = self.body(self.dropout(self.reader(x)), state)
        if self.head == "max":
            return max_over_time(self.readout(self.dropout(h))), state
        if self.head == "last":
            h = last_output(h, bidirectional=self.two_ways)
        elif self.head == "mean":
            h = mean_over_time(h)
        return self.readout(self.dropout(h)), state

    def next_scores(self, state: Any, tokens: Tensor) -> tuple[Tensor, Any]:
        """One step as `greedy`, `sample` and `beam_search` want it; the state is kept batch first."""
        x = tokens.unsqueeze(1)
        if self.stateless:
            x = x if state is None else cat([state, x], 1)[:, -self.length :]
            return self.run(x)[0][:, -1], x
        scores, state = self.run(x, None if state is None else tree_map(_swapped, state, Tensor))
        return scores[:, -1], tree_map(_swapped, state, Tensor)


class Translation(nn.Module):
    """A recurrent encoder and decoder (Sutskever et al. 2014); with attention the decoder looks back at all outputs
    of the encoder, which then reads in both directions (Bahdanau et al. 2015, Luong et al. 2015).

        h_t = decoder(embedding(y_{t-1}), h_{t-1})
        context_t = Σ_s weight_ts key_s            scores_t = readout(tanh(combine([context_t, h_t])))
    """

    def __init__(
        self, inputs: int, outputs: int, cell: str, hidden: int, layers: int | None, dropout: float, attention: bool
    ):
        super().__init__()
        self.source: nn.Embedding = nn.Embedding(inputs, hidden)
        self.target: nn.Embedding = nn.Embedding(outputs, hidden)
        self.dropout: nn.Dropout = nn.Dropout(dropout)
        self.encoder: Any = recurrent(cell, hidden, hidden, layers or 1)
        self.backwards: Any | None = recurrent(cell, hidden, hidden, layers or 1) if attention else None
        self.decoder: Any = recurrent(cell, hidden, hidden, layers or 1)
        self.key: nn.Linear | None = nn.Linear(2 * hidden, hidden) if attention else None
        self.attention: ScaledDotAttention = ScaledDotAttention()
        self.combine: nn.Linear | None = nn.Linear(2 * hidden, hidden) if attention else None
        self.readout: nn.Linear = nn.Linear(hidden, outputs)

    def encode(self, x: Tensor) -> tuple[Any, Any]:
        """x (B, S) -> the decoder's first state and, with attention, (keys (B, S, H), visible (B, 1, S))."""
        read = self.dropout(self.source(x))
        keys, state = self.encoder(read)
        if self.backwards is None or self.key is None:
            return state, None
        other = self.backwards(read.flip(1))[0].flip(1)
        return state, (self.key(cat([keys, other], -1)), Tensor._of((x.array != PAD)[:, None, :]))

    def decode(self, tokens: Tensor, state: Any, memory: Any) -> tuple[Tensor, Any]:
        """tokens y_0 .. y_{T-1} (B, T) -> scores of y_1 .. y_T (B, T, V) and the state."""
        h, state = self.decoder(self.dropout(self.target(tokens)), state)
        if memory is not None and self.combine is not None:
            keys, visible = memory
            context, self.weights = self.attention(h, keys, mask=visible)
            h = self.combine(cat([context, h], -1)).tanh()
        return self.readout(self.dropout(h)), state

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Scores (B, T, V) of y (B, T), each step being fed the right token before it."""
        state, memory = self.encode(x)
        return self.decode(shifted(y), state, memory)[0]

    def start(self, x: Tensor) -> Any:
        """The state before the first token, batch first, for `next_scores`."""
        state, memory = self.encode(x)
        return tree_map(_swapped, state, Tensor), memory

    def next_scores(self, state: Any, tokens: Tensor) -> tuple[Tensor, Any]:
        """One step as `greedy`, `sample` and `beam_search` want it."""
        hidden, memory = state
        scores, hidden = self.decode(tokens.unsqueeze(1), tree_map(_swapped, hidden, Tensor), memory)
        return scores[:, 0], (tree_map(_swapped, hidden, Tensor), memory)

    def write(self, x: Tensor, steps: int) -> Tensor:
        """The most likely tokens one after the other, (B, T); END from where the sequence ends."""
        return written(self, x, steps)


class Continuing(nn.Module):
    """A translation as one text: x, then y. A causal body reads both, and its scores over y count."""

    def __init__(self, inputs: int, outputs: int, cell: str, hidden: int, layers: int | None, dropout: float, length: int):  # fmt: skip
        super().__init__()
        self.source: nn.Embedding = nn.Embedding(inputs, hidden)
        self.target: nn.Embedding = nn.Embedding(outputs, hidden)
        self.dropout: nn.Dropout = nn.Dropout(dropout)
        self.body: Any = body(cell, hidden, hidden, layers, length=length)
        self.readout: nn.Linear = nn.Linear(hidden, outputs)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Scores (B, T, V) of y (B, T)."""
        return self._after(x, shifted(y))

    def _after(self, x: Tensor, tokens: Tensor) -> Tensor:
        read = self.dropout(cat([self.source(x), self.target(tokens)], 1))
        h = self.body(read)[0][:, x.array.shape[1] :]
        return self.readout(self.dropout(h))

    def start(self, x: Tensor) -> Any:
        """What `next_scores` knows before the first token: the source, and nothing said."""
        return x, None

    def next_scores(self, state: Any, tokens: Tensor) -> tuple[Tensor, Any]:
        """One step as `greedy`, `sample` and `beam_search` want it; all is read again."""
        x, said = state
        said = tokens.unsqueeze(1) if said is None else cat([said, tokens.unsqueeze(1)], 1)
        return self._after(x, said)[:, -1], (x, said)

    def write(self, x: Tensor, steps: int) -> Tensor:
        """The most likely tokens one after the other, (B, T)."""
        return written(self, x, steps)


class Captioning(nn.Module):
    """A picture sets the first state, h_0 = tanh(look(x)), and a recurrent layer writes from there (Vinyals et al. 2015)."""

    def __init__(self, outputs: int, cell: str, hidden: int, layers: int | None, dropout: float):
        super().__init__()
        self.look: Look = Look(hidden)
        self.target: nn.Embedding = nn.Embedding(outputs, hidden)
        self.dropout: nn.Dropout = nn.Dropout(dropout)
        self.decoder: Any = recurrent(cell, 2 * hidden, hidden, layers or 1)
        self.readout: nn.Linear = nn.Linear(hidden, outputs)

    def _said(self, seen: Tensor, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        words = self.dropout(self.target(tokens))
        always = seen.unsqueeze(1).expand(-1, words.array.shape[1], -1)
        h, state = self.decoder(cat([words, always], -1), state)
        return self.readout(self.dropout(h)), state

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x (B, 1, 16, 16), y (B, T) -> scores (B, T, V) of y."""
        return self._said(self.look(x), shifted(y), None)[0]

    def start(self, x: Tensor) -> Any:
        """The state before the first word."""
        return self.look(x), None

    def next_scores(self, state: Any, tokens: Tensor) -> tuple[Tensor, Any]:
        """One step as `greedy`, `sample` and `beam_search` want it."""
        seen, hidden = state
        hidden = None if hidden is None else tree_map(_swapped, hidden, Tensor)
        scores, hidden = self._said(seen, tokens.unsqueeze(1), hidden)
        return scores[:, 0], (seen, tree_map(_swapped, hidden, Tensor))

    def write(self, x: Tensor, steps: int) -> Tensor:
        """The most likely words one after the other, (B, T)."""
        return written(self, x, steps)


def shifted(y: Tensor) -> Tensor:
    """What a decoder is fed: END as the start, then y without its last token; fillings become END."""
    tokens = np.where(y.array < 0, END, y.array)
    return Tensor._of(np.concatenate([np.full((len(tokens), 1), END), tokens[:, :-1]], 1))


def written(model: Any, x: Tensor, steps: int) -> Tensor:
    """Greedy writing from model.start(x): (B, steps), END after the end."""
    start = Tensor._of(np.full(len(x.array), END))
    tokens = greedy(model.next_scores, model.start(x), start, steps, END).tokens.array
    filled = np.full((len(tokens), steps), END)
    filled[:, : tokens.shape[1]] = tokens
    return Tensor._of(filled)


def _swapped(part: Tensor) -> Tensor:
    """(layers, B, H) and (B, layers, H)."""
    return part.transpose(0, 1)


# --- by the name of the cell ----------------------------------------------------------------------------------


def make(task: Any, **changes: Any) -> Any:
    """A model for a task: its defaults, changed. ConfigError where that cannot work, which says why."""
    changes = {name: value for name, value in changes.items() if value is not None}
    options = {"layers": None, "dropout": 0.0, "head": "last", "bidirectional": False, "init": "default"}
    options |= {k: v for k, v in task.defaults.items() if k in {*options, "cell", "hidden"}}
    if unknown := set(changes) - set(options):
        raise TypeError(f"model: there is no option {sorted(unknown)[0]!r}; there are {', '.join(sorted(options))}")
    if changes.get("cell", options["cell"]) != options["cell"]:  # what was chosen for one cell need not fit another
        options["layers"] = None
    options |= changes
    if "init" not in changes and options["cell"] not in FORGETTING:  # a task's init is for LSTMs
        options["init"] = "default"
    check(task, options, changes)
    cell, hidden, layers, dropout = (options[name] for name in ("cell", "hidden", "layers", "dropout"))
    length = task.options.get("seen", 100)
    if task.net == "translate" and cell in ("tcn", "transformer"):
        model: Any = Continuing(task.inputs, task.outputs, cell, hidden, layers, dropout, length)
    elif task.net == "translate":
        looking = cell == "attention"
        model = Translation(task.inputs, task.outputs, "gru" if looking else cell, hidden, layers, dropout, looking)
    elif task.net == "caption":
        model = Captioning(task.outputs, cell, hidden, layers, dropout)
    else:
        model = Reading(
            task.inputs, task.outputs, cell, hidden, layers, dropout, task.tokens, task.options.get("pictures", False),
            options["head"] if task.net == "at the end" else None, options["bidirectional"], task.carries, length,
        )  # fmt: skip
    initialise(model, options["init"], length)
    return model


def check(task: Any, options: dict[str, Any], asked: dict[str, Any]) -> None:
    """Raise a ConfigError for what cannot work, before anything is made."""
    cell = options["cell"]
    for name, choices in (("cell", CELLS), ("head", tuple(HEADS)), ("init", INITS)):
        if options[name] not in choices:
            raise ConfigError(f"{name} must be one of {', '.join(choices)}, got {options[name]!r}")
    if options["hidden"] < 1 or (options["layers"] or 1) < 1:
        raise ConfigError(f"hidden and layers must be at least 1, got {options['hidden']} and {options['layers']}")
    if not 0 <= options["dropout"] < 1:
        raise ConfigError(f"dropout must be in 0 .. 1, 1 excluded, got {options['dropout']}")
    if cell == "attention" and task.net != "translate":
        raise ConfigError(
            f"{task.name} and attention: there is no source to look back at; use transformer, or a task that rewrites "
            f"a sequence, such as reverse"
        )
    if task.net == "caption" and cell not in RECURRENT:
        raise ConfigError(
            f"{task.name} and {cell}: a picture sets the first state, and {cell} has none; use lstm or gru"
        )
    if cell == "tcn" and options["bidirectional"]:
        raise ConfigError(f"{task.name} and tcn: a label hangs on words that follow, and a TCN sees only the past")
    if options["bidirectional"] and (task.carries or task.net in ("translate", "caption")):
        raise ConfigError(f"{task.name}: bidirectional would read what is to be said")
    if "head" in asked and task.net != "at the end":
        raise ConfigError(f"{task.name}: head says how many steps become one answer; here each step has its own")
    if options["init"] in ("forget", "chrono") and cell not in FORGETTING:
        raise ConfigError(f"init {options['init']}: {cell} has no forget gate with a bias; use lstm, or orthogonal")
    if options["init"] in ("orthogonal", "xavier") and cell in ("tcn", "transformer"):
        raise ConfigError(f"init {options['init']} is for recurrent matrices, and {cell} has none")
