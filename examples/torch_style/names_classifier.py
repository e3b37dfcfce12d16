"""Which language is a name from? A recurrent cell written out: the input and the hidden state are joined, and two
linear layers make the next hidden state and the answer.

The names are made up, and the update of the weights is written by hand.
"""

import string

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
from tinygrad_rnn.autograd import Variable

LETTERS = string.ascii_lowercase
NAMES = {
    "Italian": ["rossini", "bellino", "carlotti", "marvelli", "fontina", "verdoni"],
    "Polish": ["kowalik", "nowacki", "zielinski", "mazurek", "wozniak", "dabrowik"],
    "Japanese": ["tanamura", "sakimoto", "yoshida", "hayashiro", "komatsu", "nakagawa"],
}
LANGUAGES = list(NAMES)


class RNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size):
        super(RNN, self).__init__()
        self.hidden_size = hidden_size
        self.i2h = nn.Linear(input_size + hidden_size, hidden_size)
        self.i2o = nn.Linear(input_size + hidden_size, output_size)
        self.softmax = nn.LogSoftmax(dim=1)

    def forward(self, input, hidden):
        combined = torch.cat((input, hidden), 1)
        hidden = torch.tanh(self.i2h(combined))
        return self.softmax(self.i2o(combined)), hidden

    def init_hidden(self):
        return Variable(torch.zeros(1, self.hidden_size))


def name_to_tensor(name):
    """One-hot letters, (T, 1, 26)."""
    tensor = torch.zeros(len(name), 1, len(LETTERS))
    for t, letter in enumerate(name):
        tensor[t][0][LETTERS.index(letter)] = 1
    return tensor


def read(rnn, name):
    hidden = rnn.init_hidden()
    line = Variable(name_to_tensor(name))
    for i in range(line.size()[0]):
        output, hidden = rnn(line[i], hidden)
    return output


def language_of(output):
    _, top = output.data.topk(1)
    return LANGUAGES[top[0][0]]


def train_step(rnn, criterion, name, language, learning_rate):
    target = Variable(torch.LongTensor([LANGUAGES.index(language)]))
    rnn.zero_grad()
    loss = criterion(read(rnn, name), target)
    loss.backward()
    for p in rnn.parameters():
        p.data.add_(p.grad.data, alpha=-learning_rate)
    return loss.item()


def build():
    torch.manual_seed(2)
    return RNN(len(LETTERS), 24, len(LANGUAGES))


def main(model=None, steps=600):
    rnn = build() if model is None else model
    criterion = nn.NLLLoss()
    losses = []
    for step in range(steps):
        language = LANGUAGES[step % len(LANGUAGES)]
        name = NAMES[language][step // len(LANGUAGES) % 6]
        losses.append(train_step(rnn, criterion, name, language, 0.05))
    return losses


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    losses = main(model)
    print("mean loss of the first and the last 18 names: %.3f %.3f" % (sum(losses[:18]) / 18, sum(losses[-18:]) / 18))
    for name in ("marconi", "wolniak", "sakamura"):
        print(name, "->", language_of(read(model, name)))
