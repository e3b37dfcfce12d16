"""A small causal transformer predicts the next letter: nn.TransformerEncoder with a square subsequent mask, sinusoidal
positions in a buffer, AdamW with weight decay on matrices only.
"""

import math

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn.nn import TransformerEncoder, TransformerEncoderLayer

TEXT = "how much wood would a woodchuck chuck if a woodchuck could chuck wood? " * 4
LETTERS = sorted(set(TEXT))
BLOCK = 24

device = "cuda" if torch.cuda.is_available() else "cpu"
data = torch.tensor([LETTERS.index(c) for c in TEXT], dtype=torch.long)


class PositionalEncoding(nn.Module):
    def __init__(self, d_model, dropout=0.1, max_len=64):
        super().__init__()
        self.dropout = nn.Dropout(p=dropout)
        position = torch.arange(max_len).unsqueeze(1)
        div_term = torch.exp(torch.arange(0, d_model, 2) * (-math.log(10000.0) / d_model))
        pe = torch.zeros(max_len, 1, d_model)
        pe[:, 0, 0::2] = torch.sin(position * div_term)
        pe[:, 0, 1::2] = torch.cos(position * div_term)
        self.register_buffer("pe", pe)

    def forward(self, x):
        x = x + self.pe[: x.size(0)]
        return self.dropout(x)


class TransformerModel(nn.Module):
    def __init__(self, vocabulary, d_model, heads, hidden, layers, dropout):
        super().__init__()
        self.d_model = d_model
        self.src_mask = None
        self.embedding = nn.Embedding(vocabulary, d_model)
        self.pos_encoder = PositionalEncoding(d_model, dropout)
        layer = TransformerEncoderLayer(d_model, heads, hidden, dropout)
        self.transformer_encoder = TransformerEncoder(layer, layers)
        self.linear = nn.Linear(d_model, vocabulary)
        self.init_weights()

    def init_weights(self):
        nn.init.uniform_(self.embedding.weight, -0.1, 0.1)
        nn.init.zeros_(self.linear.bias)
        nn.init.uniform_(self.linear.weight, -0.1, 0.1)

    def forward(self, src):  # (T, B) numbers to (T, B, V) log-probabilities
        if self.src_mask is None or self.src_mask.size(0) != len(src):
            self.src_mask = nn.Transformer.generate_square_subsequent_mask(len(src)).to(device)
        x = self.embedding(src) * math.sqrt(self.d_model)
        x = self.transformer_encoder(self.pos_encoder(x), mask=self.src_mask)
        return F.log_softmax(self.linear(x), dim=-1)


def get_batch(step, batch=4):
    starts = [(13 * step + 31 * b) % (len(data) - BLOCK - 1) for b in range(batch)]
    x = torch.stack([data[i : i + BLOCK] for i in starts], dim=1)
    y = torch.stack([data[i + 1 : i + 1 + BLOCK] for i in starts], dim=1)
    return x.to(device), y.to(device)


def configure(model):
    decay = [p for p in model.parameters() if p.dim() >= 2]
    rest = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=3e-3, betas=(0.9, 0.99))


@torch.no_grad()
def generate(model, prompt, length):
    model.eval()
    ids = torch.tensor([[LETTERS.index(c)] for c in prompt])
    for _ in range(length):
        logits = model(ids[-BLOCK:])[-1]
        _, best = torch.topk(logits, k=1, dim=-1)
        ids = torch.cat((ids, best), dim=0)
    return "".join(LETTERS[int(i)] for i in ids.squeeze(1))


def build():
    torch.manual_seed(6)
    return TransformerModel(len(LETTERS), 32, 2, 64, 2, dropout=0.0).to(device)


def main(model=None, steps=300):
    model = build() if model is None else model
    optimizer = configure(model)
    criterion = nn.NLLLoss()
    losses = []
    model.train()
    for step in range(steps):
        x, y = get_batch(step)
        loss = criterion(model(x).view(-1, len(LETTERS)), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    print("parameters:", sum(p.numel() for p in model.parameters() if p.requires_grad))
    losses = main(model)
    for step in range(0, len(losses), 40):
        print("| step {:3d} | loss {:5.2f} | ppl {:8.2f}".format(step, losses[step], math.exp(losses[step])))
    print(generate(model, "how much ", 40))
