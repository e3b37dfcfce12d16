"""A temporal convolutional network with dilations and residual connections sorts signals into classes."""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Chomp1d(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        return x[:, :, : -self.size].contiguous()


class TemporalBlock(nn.Module):
    def __init__(self, n_in, n_out, dilation, dropout=0.1):
        super().__init__()
        conv = nn.Conv1d(n_in, n_out, 3, padding=2 * dilation, dilation=dilation)
        self.net = nn.Sequential(
            OrderedDict(
                [
                    ("conv", conv),
                    ("chomp", Chomp1d(2 * dilation)),
                    ("norm", nn.BatchNorm1d(n_out)),
                    ("relu", nn.ReLU(inplace=True)),
                    ("dropout", nn.Dropout(dropout)),
                ]
            )
        )
        self.downsample = nn.Conv1d(n_in, n_out, 1) if n_in != n_out else None
        nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")

    def forward(self, x):
        res = x if self.downsample is None else self.downsample(x)
        return F.relu(self.net(x) + res)


torch.manual_seed(0)
t = torch.arange(32).float()
labels = torch.randint(0, 3, (90,))
signals = torch.stack([torch.sin(t * (0.2 + 0.4 * k) + torch.rand(1) * 6) for k in labels.tolist()]).unsqueeze(1)
loader = DataLoader(TensorDataset(signals, labels), batch_size=30, shuffle=True)
model = nn.Sequential(TemporalBlock(1, 8, 1), TemporalBlock(8, 8, 2), TemporalBlock(8, 8, 4),
                      nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(8, 3))  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
for epoch in range(8):
    model.train()
    losses = []
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    if epoch == 0:
        print("first loss", sum(losses))
model.eval()
print("accuracy", (model(signals).argmax(1) == labels).float().mean().item())
print("last loss", sum(losses))
