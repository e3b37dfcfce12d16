"""Reverse a sequence of digits: an encoder, a decoder with attention, teacher forcing half of the time."""

import random

import torch
from torch import nn, optim
import torch.nn.functional as F

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SOS, SIZE, LENGTH = 0, 8, 5


class EncoderRNN(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(SIZE, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, batch_first=True)
        self.dropout = nn.Dropout(0.1)

    def forward(self, input):
        return self.gru(self.dropout(self.embedding(input)))


class BahdanauAttention(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.Wa = nn.Linear(hidden_size, hidden_size)
        self.Ua = nn.Linear(hidden_size, hidden_size)
        self.Va = nn.Linear(hidden_size, 1)

    def forward(self, query, keys):
        scores = self.Va(torch.tanh(self.Wa(query) + self.Ua(keys)))
        weights = F.softmax(scores.squeeze(2).unsqueeze(1), dim=-1)
        return torch.bmm(weights, keys), weights


class AttnDecoderRNN(nn.Module):
    def __init__(self, hidden_size):
        super().__init__()
        self.embedding = nn.Embedding(SIZE, hidden_size)
        self.attention = BahdanauAttention(hidden_size)
        self.gru = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)
        self.out = nn.Linear(hidden_size, SIZE)

    def forward(self, encoder_outputs, hidden, target):
        token = torch.empty(target.size(0), 1, dtype=torch.long, device=device).fill_(SOS)
        outputs, attentions = [], []
        forced = random.random() < 0.5
        for i in range(LENGTH):
            context, weights = self.attention(hidden.permute(1, 0, 2), encoder_outputs)
            output, hidden = self.gru(torch.cat((self.embedding(token), context), dim=2), hidden)
            outputs.append(self.out(output))
            attentions.append(weights)
            token = target[:, i].unsqueeze(1) if forced else outputs[-1].topk(1)[1].squeeze(-1).detach()
        return F.log_softmax(torch.cat(outputs, dim=1), dim=-1), torch.cat(attentions, dim=1)


random.seed(0)
torch.manual_seed(0)
encoder, decoder = EncoderRNN(24).to(device), AttnDecoderRNN(24).to(device)
optimizers = [optim.Adam(m.parameters(), lr=0.01) for m in (encoder, decoder)]
criterion = nn.NLLLoss()
for step in range(60):
    source = torch.randint(1, SIZE, (16, LENGTH), device=device)
    target = source.flip(1)
    for optimizer in optimizers:
        optimizer.zero_grad()
    outputs, hidden = encoder(source)
    log_probs, attention = decoder(outputs, hidden, target)
    loss = criterion(log_probs.view(-1, log_probs.size(-1)), target.reshape(-1))
    loss.backward()
    for optimizer in optimizers:
        optimizer.step()
    if step == 0:
        print("first loss", loss.item())
print(tuple(attention.shape))
print("last loss", loss.item())
