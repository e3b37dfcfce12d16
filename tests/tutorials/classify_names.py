"""Which language is a name from? A recurrent network written cell by cell, one letter at a time."""

import random
import string

import torch
import torch.nn as nn
import torch.nn.functional as F

names = {
    "Italian": ["rossi", "bianchi", "romano", "ricci", "conti", "moretti", "barbieri", "fontana"],
    "German": ["schmidt", "schneider", "fischer", "weber", "wagner", "becker", "schulz", "hoffmann"],
    "Japanese": ["sato", "suzuki", "takahashi", "tanaka", "watanabe", "yamamoto", "nakamura", "kobayashi"],
}
languages = list(names)
letters = string.ascii_lowercase


def line_to_tensor(line):
    tensor = torch.zeros(len(line), 1, len(letters))
    for i, letter in enumerate(line):
        tensor[i][0][letters.index(letter)] = 1
    return tensor


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(RNN, self).__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.h2o = nn.Linear(hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, line_tensor, hidden):
        combined = torch.cat((line_tensor, hidden), 1)
        hidden = F.tanh(self.i2h(combined))
        return self.softmax(self.h2o(hidden)), hidden

    def init_hidden(self):
        return torch.zeros(1, self.hidden_size)


random.seed(0)
torch.manual_seed(0)
rnn = RNN(len(letters), 32, len(languages))
criterion = nn.NLLLoss()
losses = []
for _ in range(250):
    language = random.choice(languages)
    line = random.choice(names[language])
    target = torch.tensor([languages.index(language)], dtype=torch.long)
    hidden = rnn.init_hidden()
    rnn.zero_grad()
    for letter in line_to_tensor(line):
        output, hidden = rnn(letter, hidden)
    loss = criterion(output, target)
    loss.backward()
    nn.utils.clip_grad_norm_(rnn.parameters(), 1.0)
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-0.1)
    losses.append(loss.item())
top_value, top_index = output.topk(1)
print(line, languages[top_index[0].item()])
print("first loss", sum(losses[:25]) / 25)
print("last loss", sum(losses[-25:]) / 25)
