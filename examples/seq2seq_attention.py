"""Encoder–decoder with attention learns to reverse a string of digits; the attention map shows how.

You will see the loss fall, the share of strings reversed without a mistake rise, and a picture of which digit
the decoder looks at for each digit it writes: the other diagonal.
"""

from pathlib import Path

import numpy as np

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn, optim
from tinygrad_rnn.nn import functional as F
from tinygrad_rnn.viz.plots import save_figure

END, LONGEST = 10, 8  # tokens 0..9 are digits


def batch(source: np.random.Generator, size: int = 64):
    """Digits (B, 8), padded; their lengths; and the digits backwards with END behind, padded with END."""
    lengths = source.integers(3, LONGEST + 1, size)
    digits = source.integers(0, 10, (size, LONGEST))
    backwards = np.full((size, LONGEST + 1), END)
    for b, n in enumerate(lengths):
        digits[b, n:] = END
        backwards[b, :n] = digits[b, :n][::-1]
    return tg.tensor(digits), lengths.tolist(), tg.tensor(backwards)


def loss_of(scores, target, lengths):
    """Cross-entropy over the digits and one END of each sequence."""
    real = models.padding_mask([n + 1 for n in lengths], LONGEST + 1)
    return F.cross_entropy(scores[real], target[real])


def accuracy(model, source, width: int) -> float:
    """The share of strings that beam search of this width reverses without a mistake; width 1 is greedy."""
    digits, lengths, target = batch(source, 100)
    start = tg.full((100,), END)
    best = models.beam_search(model.next_scores, model.encode(digits, lengths), start, LONGEST + 1, width, end=END)
    written = np.full(target.shape, END)
    written[:, : best.tokens.shape[2]] = best.tokens[:, 0].numpy()
    return float((written == target.numpy()).all(1).mean())


def main(steps: int = 150, out: str | Path = "seq2seq_attention.png") -> None:
    """Train, print a table, save the attention map."""
    tg.manual_seed(0)
    source = np.random.default_rng(0)
    model = models.Seq2Seq(11, 11, embedding=16, hidden=48, attention="additive", start=END)
    optimizer = optim.Adam(model.parameters(), lr=5e-3)
    schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)

    print("step   loss  teacher  greedy  beam 4")
    for step in range(1, steps + 1):
        digits, lengths, target = batch(source)
        teacher = models.linear_decay(step, slope=0.004, least=0.5)  # scheduled sampling (Bengio et al. 2015)
        scores, _ = model(digits, target, lengths, teacher_forcing=teacher)
        loss = loss_of(scores, target, lengths)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0 or step == steps:
            greedy, beam = (accuracy(model, np.random.default_rng(1), width) for width in (1, 4))
            print(f"{step:4d}  {loss.item():5.3f}  {teacher:7.2f}  {greedy:6.2f}  {beam:6.2f}")

    save_map(model, out)


def save_map(model, out: str | Path) -> None:
    """The attention weights for one string, as a picture."""
    from matplotlib.figure import Figure

    digits = tg.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])
    with tg.no_grad():
        scores, weights = model(digits, tg.full((1, 9), END), teacher_forcing=0.0)
    written = scores.argmax(-1)[0].tolist()
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot(xlabel="digit read", ylabel="digit written", title="Where the decoder looks")
    axes.imshow(weights[0].numpy(), cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(8), digits[0].tolist())
    axes.set_yticks(range(9), ["end" if k == END else k for k in written])
    save_figure(figure, out, dpi=120)


if __name__ == "__main__":
    tg.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    main()
