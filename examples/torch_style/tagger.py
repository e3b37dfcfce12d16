"""A part-of-speech tagger: an LSTM reads the words of a sentence and names the class of each.

One sentence at a time, as 1-d tensors of word numbers. After training it tags a sentence it has not seen.
"""

import tempfile

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
import tinygrad_rnn.nn.functional as F
import tinygrad_rnn.optim as optim

SENTENCES = [
    ("the cat saw a small bird", "DET NOUN VERB DET ADJ NOUN"),
    ("a small dog ate", "DET ADJ NOUN VERB"),
    ("every old bird sang a song", "DET ADJ NOUN VERB DET NOUN"),
    ("the dog saw every old cat", "DET NOUN VERB DET ADJ NOUN"),
    ("the song ended", "DET NOUN VERB"),
]
WORDS = sorted({word for sentence, _ in SENTENCES for word in sentence.split()})
TAGS = ["ADJ", "DET", "NOUN", "VERB"]
WORD_TO_IX = {word: i for i, word in enumerate(WORDS)}
TAG_TO_IX = {tag: i for i, tag in enumerate(TAGS)}


def prepare(text, to_ix):
    return torch.tensor([to_ix[word] for word in text.split()], dtype=torch.long)


class Tagger(nn.Module):
    def __init__(self, embedding_dim, hidden_dim, vocabulary, tags):
        super(Tagger, self).__init__()
        self.hidden_dim = hidden_dim
        self.embeddings = nn.Embedding(vocabulary, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim)
        self.to_tag = nn.Linear(hidden_dim, tags)

    def init_hidden(self):
        return (torch.zeros(1, 1, self.hidden_dim), torch.zeros(1, 1, self.hidden_dim))

    def forward(self, sentence):
        embeds = self.embeddings(sentence)  # (T, E)
        out, _ = self.lstm(embeds.view(len(sentence), 1, -1), self.init_hidden())  # (T, 1, H)
        scores = self.to_tag(out.view(len(sentence), -1))  # (T, K)
        return F.log_softmax(scores, dim=1)


def build():
    torch.manual_seed(1)
    return Tagger(6, 8, len(WORDS), len(TAGS))


def tag(model, text):
    with torch.no_grad():
        scores = model(prepare(text, WORD_TO_IX))
    return [TAGS[i] for i in scores.max(1)[1]]


def main(model=None, steps=60):
    model = build() if model is None else model
    loss_function = nn.NLLLoss()
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    losses = []
    for _ in range(steps):
        total = 0
        for sentence, tags in SENTENCES:
            model.zero_grad()
            scores = model(prepare(sentence, WORD_TO_IX))
            loss = loss_function(scores, prepare(tags, TAG_TO_IX))
            loss.backward()
            optimizer.step()
            total += loss.item()
        losses.append(total / len(SENTENCES))

    with tempfile.TemporaryDirectory() as folder:
        torch.save(model.state_dict(), folder + "/tagger.pt")
        again = build()
        again.load_state_dict(torch.load(folder + "/tagger.pt"))
    assert tag(again, "a bird saw the song") == tag(model, "a bird saw the song")
    return losses


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    losses = main(model)
    print("loss of the first and the last epoch: {:.3f} {:.3f}".format(losses[0], losses[-1]))
    print("every small cat sang:", tag(model, "every small cat sang"))
