"""Two LSTM cells learn sine waves and then continue one on their own; the optimizer is L-BFGS, with a closure.

Everything is in float64.
"""

import numpy as np

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
import tinygrad_rnn.optim as optim

LENGTH, PERIOD = 25, 10


def waves(count):
    shifts = 0.7 * np.arange(count).reshape(count, 1)
    return torch.from_numpy(np.sin((np.arange(LENGTH + 1) + shifts) * 2 * np.pi / PERIOD).astype("float64"))


class Sequence(nn.Module):
    def __init__(self, hidden=12):
        super(Sequence, self).__init__()
        self.hidden = hidden
        self.lstm1 = nn.LSTMCell(1, hidden)
        self.lstm2 = nn.LSTMCell(hidden, hidden)
        self.linear = nn.Linear(hidden, 1)

    def forward(self, input, future=0):  # (B, T) to (B, T + future)
        outputs = []
        h_t = torch.zeros(input.size(0), self.hidden, dtype=torch.double)
        c_t = torch.zeros(input.size(0), self.hidden, dtype=torch.double)
        h_t2, c_t2 = torch.zeros_like(h_t), torch.zeros_like(c_t)
        for input_t in input.split(1, dim=1):
            h_t, c_t = self.lstm1(input_t, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        for _ in range(future):
            h_t, c_t = self.lstm1(output, (h_t, c_t))
            h_t2, c_t2 = self.lstm2(h_t, (h_t2, c_t2))
            output = self.linear(h_t2)
            outputs += [output]
        return torch.cat(outputs, dim=1)


def build():
    torch.manual_seed(8)
    seq = Sequence()
    seq.double()
    return seq


def main(model=None, steps=6):
    """The losses of all evaluations: a step of the optimizer makes several."""
    seq = build() if model is None else model
    data = waves(4)
    input, target = data[:, :-1], data[:, 1:]
    criterion = nn.MSELoss()
    optimizer = optim.LBFGS(seq.parameters(), lr=0.8)
    losses = []

    def closure():
        optimizer.zero_grad()
        out = seq(input)
        loss = criterion(out, target)
        losses.append(loss.item())
        loss.backward()
        return loss

    for _ in range(steps):
        optimizer.step(closure)
    return losses


def predict(seq, future):
    with torch.no_grad():
        pred = seq(waves(1)[:, :-1], future=future)
    return pred[0, -future:].detach().numpy()


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    losses = main(model)
    print("loss of the first and the last evaluation: {:.6f} {:.6f}".format(losses[0], losses[-1]))
    true = np.sin((np.arange(LENGTH, LENGTH + 10) + 1) * 2 * np.pi / PERIOD)
    for y, p in zip(true, predict(model, 10)):
        print("true {:6.3f}   predicted {:6.3f}".format(y, p))
