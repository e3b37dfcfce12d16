"""Reading labels off a noisy signal without being told when each was said: the CTC loss.

Each label lasts 2 to 5 frames, with silence between some of them. The network hears noisy frames and is told only
the sequence of labels. You will see the label error rate fall, by reading the best path and by prefix beam search,
and a picture of the probabilities: a spike for each label, "blank" in between.
"""

from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

LABELS, FEATURES, FRAMES, NOISE = 4, 6, 32, 0.6  # labels are 1..4, 0 is the blank


def batch(source: np.random.Generator, size: int = 32):
    """Frames (T, B, 6), the labels of each sequence, and when each began."""
    shapes = np.random.default_rng(99).normal(size=(LABELS + 1, FEATURES))
    shapes[0] = 0  # silence
    said = np.zeros((FRAMES, size), int)
    labels = []
    for b in range(size):
        t, row = source.integers(0, 4), []
        while t < FRAMES - 6:
            row.append(int(source.integers(1, LABELS + 1)))
            length = source.integers(2, 6)
            said[t : t + length, b] = row[-1]
            t += length + source.integers(0, 4)
            if len(row) > 1 and row[-1] == row[-2]:
                t += 1
        labels.append(row)
    frames = shapes[said] + NOISE * source.normal(size=(FRAMES, size, FEATURES))
    return tg.tensor(frames.astype(np.float32)), labels, said


class Reader(nn.Module):
    """A bidirectional GRU and a readout to labels and blank."""

    def __init__(self, hidden: int = 32):
        super().__init__()
        self.recurrent = nn.GRU(FEATURES, hidden, bidirectional=True)
        self.readout = nn.Linear(2 * hidden, LABELS + 1)

    def forward(self, frames):
        """(T, B, 6) -> log-probabilities (T, B, 5)."""
        return self.readout(self.recurrent(frames)[0]).log_softmax(-1)


def distance(a: list[int], b: list[int]) -> int:
    """Insertions, deletions and changes that turn a into b (Levenshtein 1966)."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def error_rate(found: list[list[int]], labels: list[list[int]]) -> float:
    """Mistakes per label."""
    return sum(map(distance, found, labels)) / sum(map(len, labels))


def main(steps: int = 150, out: str | Path = "ctc.png") -> None:
    """Train, print a table, save the probabilities of one sequence."""
    tg.manual_seed(0)
    source = np.random.default_rng(0)
    model = Reader()
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    test_frames, test_labels, said = batch(np.random.default_rng(1), 40)

    print("step    loss  errors, best path  errors, beam 8")
    for step in range(1, steps + 1):
        frames, labels, _ = batch(source)
        flat = tg.tensor([k for row in labels for k in row])
        loss = F.ctc_loss(model(frames), flat, [FRAMES] * len(labels), [len(row) for row in labels])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 50 == 0 or step == steps:
            with tg.no_grad():
                log_probs = model(test_frames)
            greedy = error_rate(models.ctc_greedy(log_probs), test_labels)
            beam = error_rate([found[0][0] for found in models.ctc_beam(log_probs, width=8)], test_labels)
            print(f"{step:4d}  {loss.item():6.3f}  {greedy:17.3f}  {beam:14.3f}")

    with tg.no_grad():
        save_picture(model(test_frames)[:, 0].exp().numpy(), said[:, 0], out)


def save_picture(chances: np.ndarray, said: np.ndarray, out: str | Path) -> None:
    """What was said, and the probability of each label in each frame."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    above, below = figure.subplots(2, sharex=True)
    above.imshow(np.eye(LABELS + 1)[said].T, aspect="auto", cmap="Greys", interpolation="nearest")
    above.set(title="said, and not told", yticks=range(LABELS + 1), yticklabels=["silence", *range(1, LABELS + 1)])
    below.plot(chances[:, 0], color="gray", linestyle=":", label="blank")
    for k in range(1, LABELS + 1):
        below.plot(chances[:, k], label=f"label {k}")
    below.set(title="heard", xlabel="frame", ylabel="probability")
    figure.legend(*below.get_legend_handles_labels(), loc="outside lower center", ncols=5, frameon=False)
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
