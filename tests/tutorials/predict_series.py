"""Forecast a sine with a stacked LSTM; sequences come from a Dataset of windows, progress goes to TensorBoard."""

import argparse

import numpy as np
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, Dataset, random_split
from torch.utils.tensorboard import SummaryWriter

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--hidden", type=int, default=16)
args = parser.parse_args()

torch.manual_seed(0)
series = np.sin(np.arange(300) * 0.3).astype(np.float32)


class Windows(Dataset):
    def __init__(self, values, length=12):
        self.values, self.length = torch.from_numpy(values), length

    def __len__(self):
        return len(self.values) - self.length

    def __getitem__(self, k):
        return self.values[k : k + self.length].unsqueeze(-1), self.values[k + self.length]


class Forecaster(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.lstm = nn.LSTM(1, hidden, num_layers=2, batch_first=True, dropout=0.1)
        self.head = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))

    def forward(self, x):
        out, (h_n, c_n) = self.lstm(x)
        return self.head(out[:, -1, :]).squeeze(-1)


data = Windows(series)
train, valid = random_split(data, [250, len(data) - 250])
loader = DataLoader(train, batch_size=25, shuffle=True, drop_last=True)
model = Forecaster(args.hidden)
optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=1e-4)
scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.02, total_steps=args.epochs * len(loader))
writer = SummaryWriter("runs/series")
for epoch in range(args.epochs):
    model.train()
    for x, y in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
        scheduler.step()
    model.eval()
    with torch.no_grad():
        valid_loss = sum(
            nn.functional.mse_loss(model(x), y).item() for x, y in DataLoader(valid, batch_size=len(valid))
        )
    print("first loss" if epoch == 0 else "loss", valid_loss)
    writer.add_scalar("loss/valid", valid_loss, epoch)
writer.close()
print("last loss", valid_loss)
