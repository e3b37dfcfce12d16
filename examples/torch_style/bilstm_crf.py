"""Names in sentences: a bidirectional LSTM scores the tags of each word, and a conditional random field scores whole
sequences of tags (Lample et al. 2016).

    score(tags) = Σ_t emission[t, tags[t]] + transition[tags[t], tags[t-1]]       loss = logsumexp over all tags - score

The sum over all sequences runs forwards through the sentence, the search for the best one as well (Viterbi).
"""

import tinygrad_rnn as torch
import tinygrad_rnn.autograd as autograd
import tinygrad_rnn.nn as nn
import tinygrad_rnn.optim as optim

SENTENCES = [
    ("anna smith works in new york", "B I O O B I"),
    ("the firm blue river moved to london", "O O B I O O B"),
    ("in london anna met john stone", "O B B O B I"),
    ("john works for blue river", "B O O B I"),
]
TAGS = {"B": 0, "I": 1, "O": 2, "<start>": 3, "<stop>": 4}
WORDS = {word: i for i, word in enumerate(sorted({w for s, _ in SENTENCES for w in s.split()}))}


def log_sum_exp(vec):
    """Of a (1, K) tensor."""
    best = vec[0, vec.max(1)[1].item()]
    return best + torch.log(torch.sum(torch.exp(vec - best.view(1, -1).expand(1, vec.size()[1]))))


class BiLSTM_CRF(nn.Module):
    def __init__(self, vocabulary, tags, embedding_dim, hidden_dim):
        super(BiLSTM_CRF, self).__init__()
        self.hidden_dim = hidden_dim
        self.tags = tags
        self.word_embeds = nn.Embedding(vocabulary, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim // 2, num_layers=1, bidirectional=True)
        self.hidden2tag = nn.Linear(hidden_dim, len(tags))
        self.transitions = nn.Parameter(torch.randn(len(tags), len(tags)))  # [to, from]
        self.transitions.data[tags["<start>"], :] = -10000
        self.transitions.data[:, tags["<stop>"]] = -10000

    def emissions(self, sentence):
        hidden = (torch.zeros(2, 1, self.hidden_dim // 2), torch.zeros(2, 1, self.hidden_dim // 2))
        out, _ = self.lstm(self.word_embeds(sentence).view(len(sentence), 1, -1), hidden)
        return self.hidden2tag(out.view(len(sentence), self.hidden_dim))  # (T, K)

    def all_scores(self, feats):
        alphas = torch.full((1, len(self.tags)), -10000.0)
        alphas[0][self.tags["<start>"]] = 0.0
        for feat in feats:
            step = []
            for tag in range(len(self.tags)):
                emission = feat[tag].view(1, -1).expand(1, len(self.tags))
                scores = alphas + self.transitions[tag].view(1, -1) + emission
                step.append(log_sum_exp(scores).view(1))
            alphas = torch.cat(step).view(1, -1)
        return torch.logsumexp(alphas + self.transitions[self.tags["<stop>"]], dim=1)[0]

    def score(self, feats, tags):
        total = torch.zeros(1)
        tags = torch.cat([torch.tensor([self.tags["<start>"]], dtype=torch.long), tags])
        for i, feat in enumerate(feats):
            total = total + self.transitions[tags[i + 1], tags[i]] + feat[tags[i + 1]]
        return total + self.transitions[self.tags["<stop>"], tags[-1]]

    def loss(self, sentence, tags):
        feats = self.emissions(sentence)
        return self.all_scores(feats) - self.score(feats, tags)

    def forward(self, sentence):
        """The best tags and their score."""
        scores = torch.Tensor(1, len(self.tags)).fill_(-10000.0)
        scores[0][self.tags["<start>"]] = 0
        back = []
        for feat in self.emissions(sentence):
            best, previous = (scores.view(1, -1) + self.transitions).max(1)
            back.append(previous)
            scores = (best + feat).view(1, -1)
        final, tag = (scores + self.transitions[self.tags["<stop>"]]).max(1)
        path = [tag.item()]
        for previous in reversed(back):
            path.append(previous[path[-1]].item())
        assert path.pop() == self.tags["<start>"]
        return final.item(), path[::-1]


def prepare(text, numbers):
    return autograd.Variable(torch.LongTensor([numbers[w] for w in text.split()]))


def build():
    torch.manual_seed(9)
    return BiLSTM_CRF(len(WORDS), TAGS, 6, 8)


def main(model=None, steps=100):
    model = build() if model is None else model
    optimizer = optim.SGD(model.parameters(), lr=0.2, weight_decay=1e-4)
    losses = []
    for step in range(steps):
        sentence, tags = SENTENCES[step % len(SENTENCES)]
        model.zero_grad()
        loss = model.loss(prepare(sentence, WORDS), prepare(tags, TAGS))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    losses = main(model)
    for i in range(0, len(losses), 20):
        print("step {:3d}  loss {:.4f}".format(i, losses[i]))
    with torch.no_grad():
        print("john smith met anna in london:", model(prepare("john smith met anna in london", WORDS)))
