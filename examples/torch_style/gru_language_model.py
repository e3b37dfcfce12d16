"""A word-level language model: a GRU over several streams of text at once, cut into pieces.

The state is carried from piece to piece and detached between them, gradients are clipped, and the learning rate of
SGD is lowered in steps. Input and output share their word vectors.
"""

import math
import tempfile

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
import tinygrad_rnn.optim as optim
from tinygrad_rnn.nn.utils import clip_grad_norm_
from tinygrad_rnn.optim.lr_scheduler import StepLR

TEXT = """
the wind blew over the hill and the rain fell on the field . the farmer looked over the field and saw the rain .
then the sun rose over the hill and the wind fell . the farmer walked on the hill and looked at the sun .
the rain rose from the field , and the sun and the wind and the rain were over the farmer .
"""
BATCH, PIECE = 4, 5

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Corpus:
    def __init__(self, text):
        self.word2idx, self.idx2word = {}, []
        for word in text.split():
            if word not in self.word2idx:
                self.word2idx[word] = len(self.idx2word)
                self.idx2word.append(word)
        self.ids = torch.LongTensor([self.word2idx[word] for word in text.split()])


def batchify(data, batch):
    """Cut one long stream into `batch` columns: (N,) to (N // batch, batch)."""
    n = data.size(0) // batch
    data = data.narrow(0, 0, n * batch)
    return data.view(batch, -1).t().contiguous().to(device)


class LanguageModel(nn.Module):
    def __init__(self, vocabulary, hidden, layers):
        super().__init__()
        self.hidden, self.layers = hidden, layers
        self.drop = nn.Dropout(0.0)
        self.encoder = nn.Embedding(vocabulary, hidden)
        self.rnn = nn.GRU(hidden, hidden, layers, dropout=0.0)
        self.decoder = nn.Linear(hidden, vocabulary)
        self.decoder.weight = self.encoder.weight
        self.init_weights()

    def init_weights(self):
        self.encoder.weight.data.uniform_(-0.1, 0.1)
        self.decoder.bias.data.zero_()

    def forward(self, input, hidden):
        output, hidden = self.rnn(self.drop(self.encoder(input)), hidden)  # (T, B, H)
        decoded = self.decoder(output.reshape(output.size(0) * output.size(1), output.size(2)))
        return decoded.view(output.size(0), output.size(1), decoded.size(1)), hidden

    def init_hidden(self, batch):
        weight = next(self.parameters()).data
        return weight.new_zeros(self.layers, batch, self.hidden)


CORPUS = Corpus(TEXT)


def build():
    torch.manual_seed(5)
    return LanguageModel(len(CORPUS.idx2word), 16, 2).to(device)


def main(model=None, steps=240):
    model = build() if model is None else model
    data = batchify(CORPUS.ids, BATCH)
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(model.parameters(), lr=2.0)
    scheduler = StepLR(optimizer, step_size=8, gamma=0.9)
    losses = []
    model.train()
    while len(losses) < steps:
        hidden = model.init_hidden(BATCH)
        for i in range(0, data.size(0) - 1, PIECE):
            length = min(PIECE, data.size(0) - 1 - i)
            inputs, targets = data[i : i + length], data[i + 1 : i + 1 + length].view(-1)
            hidden = hidden.detach()
            optimizer.zero_grad(set_to_none=True)
            output, hidden = model(inputs, hidden)
            loss = criterion(output.view(-1, len(CORPUS.idx2word)), targets)
            loss.backward()
            clip_grad_norm_(model.parameters(), 0.25)
            optimizer.step()
            losses.append(loss.item())
        scheduler.step()

    with tempfile.TemporaryFile() as f:
        torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": scheduler.last_epoch}, f)
        f.seek(0)
        checkpoint = torch.load(f, weights_only=False)
    again = build()
    again.load_state_dict(checkpoint["model"])
    optim.SGD(again.parameters(), lr=1.0).load_state_dict(checkpoint["optimizer"])
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), model.parameters()))
    return losses[:steps]


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    losses = main()
    for step in range(0, len(losses), 40):
        print(f"step {step:3d}  loss {losses[step]:.3f}  perplexity {math.exp(losses[step]):.2f}")
