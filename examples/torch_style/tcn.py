"""A temporal convolutional network solves the adding problem: two of the numbers in a sequence are marked, and the
answer is their sum.

Each block has two causal convolutions with weight normalisation (Bai et al. 2018); the gaps between the inputs of
a convolution double from block to block, so the last step sees the whole sequence.
"""

import random

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
import tinygrad_rnn.nn.functional as F
import tinygrad_rnn.optim as optim
from tinygrad_rnn.nn.utils import weight_norm

LENGTH = 28


class Chomp1d(nn.Module):
    """Cut off what padding added on the right, so that no output sees the future."""

    def __init__(self, chomp_size):
        super(Chomp1d, self).__init__()
        self.chomp_size = chomp_size

    def forward(self, x):
        return x[:, :, : -self.chomp_size].contiguous()


class TemporalBlock(nn.Module):
    def __init__(self, n_inputs, n_outputs, kernel_size, dilation, dropout):
        super(TemporalBlock, self).__init__()
        padding = (kernel_size - 1) * dilation
        self.conv1 = weight_norm(
            nn.Conv1d(n_inputs, n_outputs, kernel_size, stride=1, padding=padding, dilation=dilation)
        )
        self.conv2 = weight_norm(
            nn.Conv1d(n_outputs, n_outputs, kernel_size, stride=1, padding=padding, dilation=dilation)
        )
        self.net = nn.Sequential(
            self.conv1, Chomp1d(padding), nn.ReLU(), nn.Dropout(dropout),
            self.conv2, Chomp1d(padding), nn.ReLU(), nn.Dropout(dropout),
        )  # fmt: skip
        self.downsample = nn.Conv1d(n_inputs, n_outputs, 1) if n_inputs != n_outputs else None
        self.relu = nn.ReLU()

    def forward(self, x):
        res = x if self.downsample is None else self.downsample(x)
        return self.relu(self.net(x) + res)


class TCN(nn.Module):
    def __init__(self, input_size, channels, kernel_size=3, dropout=0.0):
        super(TCN, self).__init__()
        layers = []
        for i, out_channels in enumerate(channels):
            in_channels = input_size if i == 0 else channels[i - 1]
            layers += [TemporalBlock(in_channels, out_channels, kernel_size, 2**i, dropout)]
        self.network = nn.Sequential(*layers)
        self.linear = nn.Linear(channels[-1], 1)
        self.init_weights()

    def init_weights(self):
        self.linear.weight.data.normal_(0, 0.01)

    def forward(self, x):  # (B, 2, T) to (B, 1)
        return self.linear(self.network(x)[:, :, -1])


def data_generator(count, length, seed):
    """x (count, 2, length): numbers, and a row with two ones.  y (count, 1): the sum of the marked numbers."""
    rng = random.Random(seed)
    numbers = torch.FloatTensor([[rng.random() for _ in range(length)] for _ in range(count)]).unsqueeze(1)
    mask = torch.zeros([count, 1, length])
    y = torch.zeros([count, 1])
    for i in range(count):
        a, b = rng.sample(range(length), 2)
        mask[i, 0, a] = 1
        mask[i, 0, b] = 1
        y[i, 0] = numbers[i, 0, a] + numbers[i, 0, b]
    return torch.cat((numbers, mask), dim=1), y


def evaluate(model, x, y):
    model.eval()
    with torch.no_grad():
        return F.mse_loss(model(x), y).item()


def build():
    torch.manual_seed(7)
    return TCN(2, [12, 12, 12])


def main(model=None, steps=600):
    model = build() if model is None else model
    x_train, y_train = data_generator(2000, LENGTH, seed=0)
    optimizer = getattr(optim, "Adam")(model.parameters(), lr=1e-2)
    batch = 32
    losses = []
    model.train()
    for step in range(steps):
        i = step * batch % x_train.size(0)
        x, y = x_train[i : i + batch], y_train[i : i + batch]
        optimizer.zero_grad()
        loss = F.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    losses = main(model)
    for step in range(0, len(losses), 40):
        print("step %3d  loss %.4f" % (step, losses[step]))
    print("test loss: %.4f (always answering 1 gives %.4f)" % (evaluate(model, *data_generator(100, LENGTH, 1)), 1 / 6))
