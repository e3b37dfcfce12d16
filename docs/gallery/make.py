"""Draw the gallery: small networks, one picture each, written beside this file as SVG; and the README's two.

    python docs/gallery/make.py

Every picture is made the way a reader would make it: run the network inside `record()`, call `draw`.
"""

from __future__ import annotations

from pathlib import Path

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import Drawing, draw

HERE = Path(__file__).parent
COLUMN = 900  # pixels: what a README shows without making it smaller


def expression() -> Drawing:
    """A scalar expression with values, and the gradient along each edge."""
    with record():
        a, b, c = (tg.tensor(v, requires_grad=True) for v in (2.0, -3.0, 10.0))
        d = a * b + c
        e = d * a.tanh()
    return draw(e, grads=True)


def gradient_of_a_gradient() -> Drawing:
    """The graph of dy/dx for y = tanh(x²): recorded, because it was asked for with create_graph."""
    with record():
        x = tg.tensor(0.7, requires_grad=True)
        y = (x * x).tanh()
        (dydx,) = tg.autograd.grad(y, [x], create_graph=True)
    return draw(dydx)


def run(model: nn.RNNBase, steps: int) -> tg.Tensor:
    """A loss at the last step, with its backward."""
    x = tg.randn(steps, 2, 3)
    with record():
        output, _ = model(x)
        loss = output[-1].square().sum()
        loss.backward()
    return loss


def rnn() -> Drawing:
    """Five steps of a plain RNN: the same four parameters in each."""
    model = nn.RNN(3, 4)
    return draw(run(model, 5), names={"model": model}, grads=True, wrap=COLUMN)


def lstm_in_full() -> Drawing:
    """Ten steps of an LSTM, every operation, gates named."""
    model = nn.LSTM(3, 4)
    return draw(run(model, 10), names={"model": model}, grads=True, view="op", compact=True, wrap=COLUMN)


def lstm_folded() -> Drawing:
    """Fifty steps, the default picture: little gradient is left at the first steps."""
    model = nn.LSTM(3, 4)
    return draw(run(model, 50), names={"model": model}, grads=True, wrap=COLUMN)


def lstm_in_lines() -> Drawing:
    """The same in a column of 900 pixels, a linear map with its weights as one box; and why the gradient shrinks."""
    model = nn.LSTM(3, 4)
    return draw(
        run(model, 12), names={"model": model}, grads=True, causes=True, compact=True, wrap=COLUMN, steps=range(10, 12)
    )


def lstm_rolled() -> Drawing:
    """One step, the values that come back, and the gradient at all fifty."""
    model = nn.LSTM(3, 4)
    return draw(run(model, 50), names={"model": model}, grads=True, view="rolled", compact=True, wrap=COLUMN)


def lstm_modules() -> Drawing:
    """The same network, one box per step, with the size of the gradient at each state."""
    model = nn.LSTM(3, 4)
    return draw(run(model, 50), names={"model": model}, grads=True, view="module", wrap=COLUMN)


def two_cells() -> Drawing:
    """A plain RNN above an LSTM, on one scale: frames mark what only one of them does."""
    models = [nn.RNN(3, 4), nn.LSTM(3, 4)]
    losses = [run(model, 12) for model in models]
    titles = ["RNN", "LSTM"]
    return draw(
        losses, names={"rnn": models[0], "lstm": models[1]}, titles=titles, grads=True, compact=True, wrap=COLUMN
    )


def truncated_beside_full() -> Drawing:
    """The same loop twice, once with a detach in the middle."""
    losses, weights = [], []
    titles = ["full", "truncated"]
    for title, cut in zip(titles, (None, 3), strict=True):
        tg.manual_seed(0)
        W, U = tg.randn(3, 4, requires_grad=True), tg.randn(4, 4, requires_grad=True)
        W.name, U.name = f"W, {title}", f"U, {title}"
        weights += [W, U]
        x, h = tg.randn(6, 2, 3), tg.zeros(2, 4)
        with record():
            for t in range(6):
                with tg.step(t):
                    h = (x[t] @ W + (h.detach() if t == cut else h) @ U).tanh()
            losses.append(h.square().sum())
            losses[-1].backward()
    return draw(losses, titles=titles, names={"x": x}, grads=True, compact=True, wrap=COLUMN)


def rnn_backward() -> Drawing:
    """The backward functions, arrows the way the gradients go."""
    model = nn.RNN(3, 4)
    return draw(run(model, 3), names={"model": model}, grads=True, view="backward", wrap=COLUMN)


def bidirectional_gru() -> Drawing:
    """Two layers in two directions: time to the right, layers upwards, the reverse direction right to left."""
    x, model = tg.randn(4, 2, 3), nn.GRU(3, 4, num_layers=2, bidirectional=True)
    with record():
        output, _ = model(x)
    return draw(output.sum(), view="module", wrap=COLUMN)


class Seq2Seq(nn.Module):
    """A GRU reads; another writes, looking back with dot-product attention."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.GRU(3, 4), nn.GRUCell(7, 4)
        self.query, self.out = nn.Linear(4, 4), nn.Linear(8, 3)

    def forward(self, x: tg.Tensor, previous: tg.Tensor) -> tg.Tensor:
        """x (T, B, I) is read; previous (S, B, I) is what the decoder is told to have written."""
        states, ends = self.encoder(x)
        h, outputs = ends[0], []
        for t, y in enumerate(previous):
            with tg.step(t):
                weights = (states * self.query(h)).sum(-1).softmax(0)
                context = (states * weights.unsqueeze(-1)).sum(0)
                h = self.decoder(tg.cat([y, context], -1), h)
                outputs.append(self.out(tg.cat([h, context], -1)))
        return tg.stack(outputs)


def seq2seq_with_attention() -> Drawing:
    """Encoder, then decoder; what the decoder looks back at comes along the line on top."""
    x, y, model = tg.randn(4, 2, 3), tg.randn(3, 2, 3), Seq2Seq()
    with record():
        loss = (model(x, y) - y).square().mean()
    return draw(loss, grads=True, view="module", wrap=COLUMN)


class Block(nn.TransformerEncoderLayer):
    """The same under a name that fits into a box."""


def transformer_block() -> Drawing:
    """No time here: boxes are modules."""
    x, block = tg.randn(5, 2, 8), Block(8, 2, 16, dropout=0.0)
    with record():
        y = block(x)
    return draw(y.sum(), view="module", compact=True, wrap=COLUMN)


def truncated() -> Drawing:
    """Truncated backpropagation through time: values cross the cuts, gradients do not."""
    W, U = tg.randn(3, 4, requires_grad=True), tg.randn(4, 4, requires_grad=True)
    x, h, losses = tg.randn(6, 2, 3), tg.zeros(2, 4), []
    with record():
        for t in range(6):
            if t % 3 == 0:
                h = h.detach()
            with tg.step(t):
                h = (x[t] @ W + h @ U).tanh()
            if t % 3 == 2:
                loss = h.square().sum()
                loss.backward()
                losses.append(loss)
    return draw(losses, grads=True, compact=True, wrap=COLUMN)


def lstm() -> Drawing:
    """The README's first: what an LSTM is, and how much gradient is left at each of twelve steps."""
    model = nn.LSTM(3, 4)
    return draw(run(model, 12), names={"model": model}, grads=True, view="rolled", compact=True, wrap=COLUMN)


def backward() -> Drawing:
    """The README's ten lines: backward at work, from the loss to the first step."""
    w = tg.tensor([[0.5, -0.3], [0.2, 0.8]], requires_grad=True)
    h = tg.zeros(2)
    with record():
        for t, x in enumerate(tg.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])):
            with tg.step(t):
                h = (w @ h + x).tanh()
        loss = (h**2).sum()
        loss.backward()
    return draw(loss, grads=True, wrap=1000)


README = [lstm, backward]
PICTURES = [
    expression,
    gradient_of_a_gradient,
    rnn,
    lstm_in_full,
    lstm_folded,
    lstm_in_lines,
    lstm_rolled,
    lstm_modules,
    rnn_backward,
    bidirectional_gru,
    seq2seq_with_attention,
    transformer_block,
    two_cells,
    truncated,
    truncated_beside_full,
]


def main() -> None:
    """Write every picture, and say how large it is."""
    for make in [*PICTURES, *README]:
        tg.manual_seed(0)
        drawing = make()
        folder = HERE.parent if make in README else HERE
        path = drawing.save(folder / f"{make.__name__}.svg", play=make is backward)
        print(f"{path.name:28} {path.stat().st_size / 1024:6.0f} KB   {drawing.picture.title}")


if __name__ == "__main__":
    main()
