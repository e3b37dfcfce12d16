"""Translate digits to English backwards ("3 1 4" to "four one three"): a GRU reads, a GRU with additive attention
writes.

Sentences are read one at a time. The encoder's outputs are stored row by row in a tensor of zeros, and gradients
flow through it. In most sentences the decoder reads the right previous word (teacher forcing), in the others its own.
The score counts sentences that training never meets: those whose digits add up to a multiple of 7.
"""

import random

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn import optim

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

START, END = 0, 1
WORDS = ["<start>", "<end>", "zero", "one", "two", "three", "four", "five"]
MAX_LENGTH = 6


class Encoder(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.embedding = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)

    def forward(self, input, hidden):
        embedded = self.embedding(input).view(1, 1, -1)
        return self.gru(embedded, hidden)

    def init_hidden(self):
        return torch.zeros(1, 1, self.hidden_size, device=device)


class Attention(nn.Module):
    """score[t] = vᵀ tanh(W query + U key[t])        (Bahdanau et al. 2015)"""

    def __init__(self, hidden_size):
        super().__init__()
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.v = nn.Parameter(torch.zeros(hidden_size))
        nn.init.uniform_(self.v, -0.3, 0.3)

    def forward(self, query, keys, mask):
        energy = torch.tanh(self.query(query).expand_as(keys) + self.key(keys))  # (T, H)
        scores = energy @ self.v
        scores = scores.masked_fill(mask == 0, -float("inf"))
        return F.softmax(scores, dim=0)


class Decoder(nn.Module):
    def __init__(self, hidden_size, output_size):
        super().__init__()
        self.embedding = nn.Embedding(output_size, hidden_size)
        self.attention = Attention(hidden_size)
        self.combine = nn.Linear(hidden_size * 2, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size)
        self.out = nn.Linear(hidden_size, output_size)

    def forward(self, input, hidden, encoder_outputs, mask):
        embedded = self.embedding(input).view(1, 1, -1)
        weights = self.attention(hidden[0], encoder_outputs, mask)
        context = torch.bmm(weights.view(1, 1, -1), encoder_outputs.unsqueeze(0))  # (1, 1, H)
        joined = torch.cat((embedded[0], context[0]), 1)
        output, hidden = self.gru(F.relu(self.combine(joined)).unsqueeze(0), hidden)
        return F.log_softmax(self.out(output[0]), dim=1), hidden, weights


def pair(number):
    digits = [(number // 6**k) % 6 for k in range(3 + number % 2)]
    source = torch.tensor(digits, dtype=torch.long, device=device).view(-1, 1)
    target = torch.tensor([d + 2 for d in reversed(digits)] + [END], dtype=torch.long, device=device).view(-1, 1)
    return source, target


def held_out(source):
    return source.sum().item() % 7 == 0


def encode(model, source):
    hidden = model["encoder"].init_hidden()
    outputs = torch.zeros(MAX_LENGTH, model["encoder"].hidden_size, device=device)
    mask = torch.zeros(MAX_LENGTH).byte()
    for t in range(source.size(0)):
        output, hidden = model["encoder"](source[t], hidden)
        outputs[t] = output[0, 0]
        mask[t] = 1
    return outputs, hidden, mask


def loss_of(model, criterion, source, target, forced):
    outputs, hidden, mask = encode(model, source)
    loss = 0
    word = torch.tensor([[START]], device=device)
    for t in range(target.size(0)):
        scores, hidden, _ = model["decoder"](word, hidden, outputs, mask)
        loss += criterion(scores, target[t])
        word = target[t] if forced else scores.topk(1)[1].squeeze().detach()
        if word.item() == END:
            break
    return loss


def translate(model, source):
    words = []
    with torch.no_grad():
        outputs, hidden, mask = encode(model, source)
        word = torch.tensor([[START]], device=device)
        while len(words) < MAX_LENGTH and word.item() != END:
            scores, hidden, _ = model["decoder"](word, hidden, outputs, mask)
            word = scores.argmax(dim=1)
            words.append(WORDS[word])
    return " ".join(words)


def build():
    torch.manual_seed(4)
    return nn.ModuleDict({"encoder": Encoder(6, 32), "decoder": Decoder(32, len(WORDS))}).to(device)


def main(model=None, steps=1500):
    model = build() if model is None else model
    optimizers = [optim.Adam(model[part].parameters(), lr=0.01) for part in ("encoder", "decoder")]
    schedulers = [optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.02, steps) for optimizer in optimizers]
    criterion = nn.NLLLoss()
    rng = random.Random(0)
    losses = []
    for _ in range(steps):
        source, target = pair(rng.randrange(6**4))
        while held_out(source):
            source, target = pair(rng.randrange(6**4))
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = loss_of(model, criterion, source, target, forced=rng.random() < 0.9)
        loss.backward()
        for optimizer, scheduler in zip(optimizers, schedulers, strict=True):
            optimizer.step()
            scheduler.step()
        losses.append(loss.item() / target.size(0))
    return losses


def score(model):
    """How many of the held-out sentences are translated without an error, and how many there are."""
    sentences = {
        tuple(source.view(-1).tolist()): target for source, target in map(pair, range(6**4)) if held_out(source)
    }
    right = 0
    for digits, target in sentences.items():
        words = " ".join(WORDS[word] for word in target.view(-1).tolist())
        right += translate(model, torch.tensor(digits).view(-1, 1)) == words
    return right, len(sentences)


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    losses = main(model)
    print("mean loss of the first and the last 40 sentences:", sum(losses[:40]) / 40, sum(losses[-40:]) / 40)
    source, _ = pair(123)
    print(source.view(-1).tolist(), "->", translate(model, source))
    print("%d of %d held-out sentences are right" % score(model))
