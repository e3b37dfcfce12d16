"""A typed training loop: nothing of it may be red in an editor."""

import tinygrad_rnn as tg
import tinygrad_rnn.nn.functional as F
from tinygrad_rnn import Tensor, nn, optim


class Tagger(nn.Module):
    def __init__(self, vocabulary: int, hidden: int, tags: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, hidden)
        self.lstm = nn.LSTM(hidden, hidden, batch_first=True)
        self.out = nn.Linear(hidden, tags)

    def forward(self, words: Tensor) -> Tensor:
        output, (h, c) = self.lstm(self.embedding(words))
        scores: Tensor = self.out(output)
        return scores


def train(steps: int) -> list[float]:
    model = Tagger(10, 8, 3)
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    words, tags = tg.randint(0, 10, (4, 5)), tg.randint(0, 3, (4, 5))
    losses: list[float] = []
    for _ in range(steps):
        scores: Tensor = model(words)
        loss = F.cross_entropy(scores.reshape(-1, 3), tags.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.item()))
    with tg.no_grad():
        best = F.softmax(model.forward(words), dim=-1).argmax(-1)
    assert best.shape == (4, 5)
    return losses


if __name__ == "__main__":
    print(train(3))
