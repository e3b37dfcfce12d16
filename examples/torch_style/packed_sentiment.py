"""Is a review good or bad? A bidirectional LSTM reads packed sentences of different lengths.

A DataLoader makes the batches with a `collate_fn` that pads; `pack_padded_sequence` keeps padding out of the LSTM.
"""

import tinygrad_rnn as torch
import tinygrad_rnn.nn as nn
from tinygrad_rnn.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from tinygrad_rnn.utils.data import DataLoader, Dataset

REVIEWS = [
    ("a warm and funny film", 1), ("dull", 0), ("the plot was a dull mess", 0), ("great fun from start to end", 1),
    ("not funny at all", 0), ("i liked the warm ending", 1), ("a mess from start to end", 0), ("great", 1),
    ("the film was not dull at all", 1), ("a cold and dull film", 0), ("funny and warm", 1), ("i was not warm", 0),
]  # fmt: skip
VOCABULARY = {word: i + 1 for i, word in enumerate(sorted({w for text, _ in REVIEWS for w in text.split()}))}

device = torch.device("cuda:0" if torch.cuda.is_available() else "cpu")


class ReviewDataset(Dataset):
    def __init__(self, reviews):
        self.reviews = reviews

    def __len__(self):
        return len(self.reviews)

    def __getitem__(self, index):
        text, label = self.reviews[index]
        return torch.tensor([VOCABULARY[w] for w in text.split()]), label


def collate(batch):
    texts, labels = zip(*batch)
    lengths = torch.tensor([len(text) for text in texts])
    padded = pad_sequence(texts, batch_first=True, padding_value=0)
    return padded, lengths, torch.tensor(labels, dtype=torch.float)


class Sentiment(nn.Module):
    def __init__(self, vocabulary, embedding_dim, hidden_dim):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding_dim, padding_idx=0)
        self.lstm = nn.LSTM(embedding_dim, hidden_dim, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden_dim * 3, 1)
        self.dropout = nn.Dropout(0.0)
        for name, param in self.named_parameters():
            if "weight_hh" in name:
                nn.init.orthogonal_(param)
            elif "bias" in name:
                nn.init.constant_(param, 0)

    def forward(self, text, lengths):  # (B, T) and (B,) to (B,)
        packed = pack_padded_sequence(self.embedding(text), lengths, batch_first=True, enforce_sorted=False)
        output, (hidden, cell) = self.lstm(packed)
        output, _ = pad_packed_sequence(output, batch_first=True)
        ends = torch.cat((hidden[-2, :, :], hidden[-1, :, :]), dim=1)
        both = output.view(output.size(0), output.size(1), 2, -1).sum(2)
        features = torch.cat([ends, both.max(1)[0]], 1)
        return self.fc(self.dropout(features)).squeeze(1)


def binary_accuracy(predictions, y):
    rounded = torch.round(torch.sigmoid(predictions))
    correct = (rounded == y).float()
    return correct.sum() / len(correct)


def build():
    torch.manual_seed(10)
    return Sentiment(len(VOCABULARY) + 1, 8, 10).to(device)


def main(model=None, steps=60):
    model = build() if model is None else model
    dataset = ReviewDataset(REVIEWS)
    loader = DataLoader(dataset=dataset, batch_size=5, shuffle=False, collate_fn=collate)
    criterion = nn.BCEWithLogitsLoss().to(device)
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01, alpha=0.9, momentum=0.1)
    losses = []
    while len(losses) < steps:
        for i, (text, lengths, labels) in enumerate(loader):  # noqa: B007
            optimizer.zero_grad()
            loss = criterion(model(text.to(device), lengths), labels.to(device))
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert i + 1 == len(loader)
    return losses[:steps]


def accuracy(model):
    model.eval()
    with torch.no_grad():
        text, lengths, labels = collate([ReviewDataset(REVIEWS)[i] for i in range(len(REVIEWS))])
        return binary_accuracy(model(text, lengths), labels).item()


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: on a busy machine several threads wait for each other
    model = build()
    print(model)
    losses = main(model)
    print(f"loss of the first and the last batch: {losses[0]:.3f} {losses[-1]:.3f}")
    print(f"accuracy on the training reviews: {accuracy(model) * 100:.0f}%")
