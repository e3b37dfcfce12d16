"""Sentences of different length, padded and packed for a bidirectional LSTM."""

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

positive = ["good film", "a wonderful happy film", "i liked it a lot", "great fun", "very good and very funny"]
negative = ["bad film", "a boring sad film", "i hated it a lot", "no fun", "very bad and very slow"]
samples = [(s.split(), 1.0) for s in positive] + [(s.split(), 0.0) for s in negative]
vocab = {w: i + 1 for i, w in enumerate(sorted({w for s, _ in samples for w in s}))}


def collate_batch(batch):
    tokens = [torch.tensor([vocab[w] for w in s]) for s, _ in batch]
    lengths = torch.tensor([len(t) for t in tokens])
    labels = torch.tensor([label for _, label in batch])
    return pad_sequence(tokens, batch_first=True, padding_value=0), lengths, labels


class Sentiment(nn.Module):
    def __init__(self, vocab_size, embed_dim=8, hidden=8):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim, padding_idx=0)
        self.lstm = nn.LSTM(embed_dim, hidden, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(2 * hidden, 1)

    def forward(self, text, lengths):
        packed = pack_padded_sequence(self.embedding(text), lengths.cpu(), batch_first=True, enforce_sorted=False)
        packed_output, (hidden, _) = self.lstm(packed)
        output, _ = pad_packed_sequence(packed_output, batch_first=True)
        assert output.shape[:2] == text.shape
        return self.fc(torch.cat((hidden[-2], hidden[-1]), dim=1)).squeeze(1)


torch.manual_seed(0)
model = Sentiment(len(vocab) + 1)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
for epoch in range(15):
    total = 0.0
    for text, lengths, labels in DataLoader(samples, batch_size=5, shuffle=True, collate_fn=collate_batch):
        optimizer.zero_grad()
        loss = criterion(model(text, lengths), labels)
        loss.backward()
        optimizer.step()
        total += loss.item()
    if epoch == 0:
        print("first loss", total)
accuracy = ((model(text, lengths) > 0).float() == labels).float().mean()
print(f"accuracy {accuracy:.2f}")
print("last loss", total)
