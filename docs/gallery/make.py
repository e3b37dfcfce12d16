"""Draw the gallery: small networks, one picture each, written beside this file as SVG.

    python docs/gallery/make.py

Every picture is made the way a reader would make it: run the network, call `draw`.
"""

from __future__ import annotations

from pathlib import Path

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import Drawing, draw

HERE = Path(__file__).parent


def expression() -> Drawing:
    """A scalar expression with values, and the gradient along each edge."""
    with record():
        a, b, c = (tg.tensor(v, requires_grad=True) for v in (2.0, -3.0, 10.0))
        d = a * b + c
        e = d * a.tanh()
    return draw(e, names=locals(), grads=True)


def gradient_of_a_gradient() -> Drawing:
    """The graph of dy/dx for y = tanh(x²): recorded, because it was asked for with create_graph."""
    with record():
        x = tg.tensor(0.7, requires_grad=True)
        y = (x * x).tanh()
        (dydx,) = tg.autograd.grad(y, [x], create_graph=True)
    return draw(dydx, names=locals())


def rnn() -> Drawing:
    """Five steps of a plain RNN: the same four parameters in each."""
    x, model = tg.randn(5, 2, 3), nn.RNN(3, 4)
    output, _ = model(x)
    return draw(output[-1].sum(), names=locals(), grads=True)


def lstm_in_full() -> Drawing:
    """Ten steps of an LSTM, every operation, gates named."""
    x, model = tg.randn(10, 2, 3), nn.LSTM(3, 4)
    output, _ = model(x)
    return draw(output[-1].sum(), names=locals(), grads=True, view="op")


def lstm_folded() -> Drawing:
    """Fifty steps, the default picture: little gradient is left at the first steps."""
    x, model = tg.randn(50, 2, 3), nn.LSTM(3, 4)
    output, _ = model(x)
    return draw(output[-1].sum(), names=locals(), grads=True)


def lstm_rolled() -> Drawing:
    """The same network as one step and the values that come back."""
    x, model = tg.randn(50, 2, 3), nn.LSTM(3, 4)
    output, _ = model(x)
    return draw(output[-1].sum(), names=locals(), view="rolled")


def lstm_modules() -> Drawing:
    """The same network, one box per step, with the size of the gradient that each state brings back."""
    x, model = tg.randn(50, 2, 3), nn.LSTM(3, 4)
    output, _ = model(x)
    return draw(output[-1].sum(), names=locals(), grads=True, view="module")


def rnn_backward() -> Drawing:
    """The backward functions, arrows the way the gradients go."""
    x, model = tg.randn(3, 2, 3), nn.RNN(3, 4)
    output, _ = model(x)
    return draw(output[-1].sum(), names=locals(), grads=True, view="backward")


def bidirectional_gru() -> Drawing:
    """Two layers in two directions: time to the right, layers upwards, the reverse direction right to left."""
    x, model = tg.randn(4, 2, 3), nn.GRU(3, 4, num_layers=2, bidirectional=True)
    with record():
        output, _ = model(x)
    return draw(output.sum(), names=locals(), view="op")


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
    return draw(loss, names=locals(), grads=True)


def transformer_block() -> Drawing:
    """No time here: frames are modules."""
    x, block = tg.randn(5, 2, 8), nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0)
    with record():
        y = block(x)
    return draw(y.sum(), names=locals())


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
    return draw(losses, names=locals(), grads=True)


def backward() -> Drawing:
    """Backward through two steps, played: boxes light up in the engine's order."""
    W = tg.tensor([[0.5, -0.3], [0.2, 0.8]], requires_grad=True)
    h = tg.zeros(2)
    with record():
        for t, x in enumerate(tg.tensor([[1.0, 0.0], [0.0, 1.0]])):
            with tg.step(t):
                h = (W @ h + x).tanh()
        loss = (h**2).sum()
    return draw(loss, names=locals(), grads=True)


PICTURES = [
    backward,
    expression,
    gradient_of_a_gradient,
    rnn,
    lstm_in_full,
    lstm_folded,
    lstm_rolled,
    lstm_modules,
    rnn_backward,
    bidirectional_gru,
    seq2seq_with_attention,
    transformer_block,
    truncated,
]


def main() -> None:
    """Write every picture, and say how large it is."""
    for make in PICTURES:
        tg.manual_seed(0)
        drawing = make()
        path = drawing.save(HERE / f"{make.__name__}.svg", play=make is backward)
        print(f"{path.name:28} {path.stat().st_size / 1024:6.0f} KB   {drawing.picture.title}")


if __name__ == "__main__":
    main()
