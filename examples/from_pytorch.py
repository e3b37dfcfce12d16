"""A trained LSTM of PyTorch, opened: how far back does it look, and what does its last step send to the first?

The network learns (in half a minute at most) in PyTorch (where it is not installed, in this library under PyTorch's name) to recall the first bit of a
sequence. Then its weights are taken over, `study.report` says what happened in time before and after training, and the graph
is written as a page: one box per time step, every number in reach.
"""

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

try:
    import torch
except ImportError:
    with tg.as_torch():
        import torch

T, H = 8, 16


def bits(library, seed):
    """Sequences (T, B, 1) of random bits as ±1, and the first bit of each."""
    library.manual_seed(seed)
    x = library.randint(0, 2, (T, 32, 1)).float() * 2 - 1
    return x, x[0]


def trained(steps):
    """An LSTM and its reading, as PyTorch's modules."""
    torch.manual_seed(0)
    lstm, head = torch.nn.LSTM(1, H), torch.nn.Linear(H, 1)
    lstm.bias_ih_l0.data[H : 2 * H] = 1.0  # the forget gate starts open
    optimizer = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=0.02)
    for step in range(steps):
        x, first = bits(torch, step)
        loss = (head(lstm(x)[0][-1]) - first).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return lstm, head


def opened(theirs):
    """The loss of the same network here, with everything on the way noted."""
    lstm, head = nn.LSTM(1, H), nn.Linear(H, 1)
    lstm.load_state_dict(theirs[0].state_dict())
    head.load_state_dict(theirs[1].state_dict())
    x, first = bits(tg, 1)
    with tg.record():
        return (head(lstm(x)[0][-1]) - first).square().mean()


def main(steps=150, out="from_pytorch.html"):
    """Train there, open here."""
    print("training steps   loss     what study.decay says of c")
    for count in (0, steps):
        loss = opened(trained(count))
        print(f"{count:14}   {loss.item():.4f}   {study.decay(loss, 'c').finding()}")
    print(study.report(loss).finding())
    tg.draw(loss, out, names={"loss": loss}, view="folded", grads=True)


if __name__ == "__main__":
    main()
