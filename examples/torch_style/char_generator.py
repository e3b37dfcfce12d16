"""A GRU learns to write a nursery rhyme letter by letter; letters are drawn with `multinomial` at a temperature."""

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
from tinygrad_rnn.autograd import Variable

TEXT = "one two three four five, once i caught a fish alive. six seven eight nine ten, then i let it go again. "
LETTERS = sorted(set(TEXT))
CHUNK = 16


def char_tensor(text):
    tensor = torch.zeros(len(text)).long()
    for i in range(len(text)):
        tensor[i] = LETTERS.index(text[i])
    return Variable(tensor)


class CharRNN(nn.Module):
    def __init__(self, input_size, hidden_size, output_size, n_layers=1):
        super(CharRNN, self).__init__()
        self.hidden_size = hidden_size
        self.n_layers = n_layers
        self.encoder = nn.Embedding(input_size, hidden_size)
        self.gru = nn.GRU(hidden_size, hidden_size, n_layers)
        self.decoder = nn.Linear(hidden_size, output_size)

    def forward(self, input, hidden):
        encoded = self.encoder(input.view(1, -1))
        output, hidden = self.gru(encoded.view(1, 1, -1), hidden)
        return self.decoder(output.view(1, -1)), hidden

    def init_hidden(self):
        return Variable(torch.zeros(self.n_layers, 1, self.hidden_size))


def train_step(model, optimizer, criterion, start):
    chunk = (TEXT + TEXT)[start : start + CHUNK + 1]
    inputs, targets = char_tensor(chunk[:-1]), char_tensor(chunk[1:])
    hidden = model.init_hidden()
    model.zero_grad()
    loss = 0
    for c in range(CHUNK):
        output, hidden = model(inputs[c], hidden)
        loss += criterion(output.view(1, -1), targets[c].unsqueeze(0))
    loss.backward()
    optimizer.step()
    return loss.data.item() / CHUNK


def generate(model, prime="one", length=60, temperature=0.5):
    hidden = model.init_hidden()
    letters = char_tensor(prime)
    for p in range(len(prime) - 1):
        _, hidden = model(letters[p], hidden)
    input = letters[-1]
    text = prime
    for _ in range(length):
        output, hidden = model(input, hidden)
        weights = output.data.view(-1).div(temperature).exp()
        text += LETTERS[torch.multinomial(weights, 1)[0]]
        input = char_tensor(text[-1])
    return text


def build():
    torch.manual_seed(3)
    return CharRNN(len(LETTERS), 32, len(LETTERS), 2)


def main(model=None, steps=150):
    model = build() if model is None else model
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    criterion = nn.CrossEntropyLoss()
    return [train_step(model, optimizer, criterion, 17 * step % len(TEXT)) for step in range(steps)]


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    losses = main(model)
    for step in range(0, len(losses), 30):
        print(f"step {step:3d}  loss {losses[step]:.3f}")
    print(generate(model))
