"""Generate text: a GRU trained on long text in pieces, its state handed on and detached; then sampling."""

import torch
import torch.nn as nn
import torch.optim as optim
from torch.optim.lr_scheduler import ReduceLROnPlateau

text = "hello world, how are you today? " * 20
chars = sorted(list(set(text)))
stoi = {ch: i for i, ch in enumerate(chars)}
itos = {i: ch for ch, i in stoi.items()}
encoded = torch.LongTensor([stoi[c] for c in text])


class CharGRU(nn.Module):
    def __init__(self, vocab, hidden=32, layers=2):
        super().__init__()
        self.hidden, self.layers = hidden, layers
        self.encoder = nn.Embedding(vocab, hidden)
        self.rnn = nn.GRU(hidden, hidden, layers, dropout=0.1)
        self.decoder = nn.Linear(hidden, vocab)

    def forward(self, input, hidden):
        output, hidden = self.rnn(self.encoder(input), hidden)
        return self.decoder(output.view(-1, self.hidden)), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        return weight.new_zeros(self.layers, bsz, self.hidden)


def repackage_hidden(h):
    if isinstance(h, torch.Tensor):
        return h.detach()
    return tuple(repackage_hidden(v) for v in h)


torch.manual_seed(42)
model = CharGRU(len(chars))
print(sum(p.numel() for p in model.parameters() if p.requires_grad), "parameters")
columns = encoded[:640].view(8, -1).t().contiguous()
optimizer = optim.Adam(model.parameters(), lr=0.02)
scheduler = ReduceLROnPlateau(optimizer, patience=2)
for epoch in range(8):
    hidden, total = model.init_hidden(8), 0.0
    for i in range(0, columns.size(0) - 1, 16):
        length = min(16, columns.size(0) - 1 - i)
        hidden = repackage_hidden(hidden)
        optimizer.zero_grad()
        output, hidden = model(columns[i : i + length], hidden)
        loss = nn.functional.cross_entropy(output, columns[i + 1 : i + 1 + length].reshape(-1))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 0.25)
        optimizer.step()
        total += length * loss.item()
    scheduler.step(total)
    if epoch == 0:
        print("first loss", total)
model.eval()
with torch.no_grad():
    hidden, letter, out = model.init_hidden(1), torch.tensor([[stoi["h"]]]), "h"
    for _ in range(12):
        scores, hidden = model(letter, hidden)
        letter = torch.multinomial(torch.softmax(scores[-1] / 0.5, dim=-1), 1).view(1, 1)
        out += itos[letter.item()]
print(repr(out))
print("last loss", total)
