"""The demo by numbers: its losses, validation and samples are those of a loop written out here, on a small configuration."""

from __future__ import annotations

import math
import re
from collections import Counter

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import cli, demo
from tinygrad_rnn.data.text import CharText

TEXT = "the quick brown fox jumps over the lazy dog; " * 12
STEPS, STREAMS, PASS = 8, 3, 20  # characters in a batch, streams side by side, batches until the text is read through


@pytest.fixture
def text():
    return CharText(TEXT, batch_size=STREAMS, steps=STEPS)


def small(text, cell="lstm", seed=0):
    tg.manual_seed(seed)
    return demo.CharModel(len(text.vocabulary), cell, embedding=5, hidden=6)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class ByHand:
    """The LSTM model in NumPy: scores, mean loss per character and gradients; the state is a pair of arrays."""

    def __init__(self, model):
        self.p = {name: p.detach().numpy().astype(np.float64) for name, p in model.named_parameters()}

    def forward(self, characters, state):
        E, W, U, V = (self.p[n] for n in ("embedding.weight", "recurrent.weight_ih_l0", "recurrent.weight_hh_l0", "readout.weight"))  # fmt: skip
        b = self.p["recurrent.bias_ih_l0"] + self.p["recurrent.bias_hh_l0"]
        h, c = state if state is not None else (np.zeros((characters.shape[1], 6)),) * 2
        notes, scores = [], []
        for k in characters:
            x = E[k]
            i, f, g, o = np.split(x @ W.T + h @ U.T + b, 4, -1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            before = h, c
            c = f * c + i * g
            h = o * np.tanh(c)
            notes.append((k, x, before, (i, f, g, o), c, h))
            scores.append(h @ V.T + self.p["readout.bias"])
        return np.array(scores), (h, c), notes

    def loss(self, scores, target):
        logs = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
        return -np.take_along_axis(logs, target[..., None], -1).mean(), np.exp(logs)

    def gradients(self, notes, chances, target):
        d = {name: np.zeros_like(p) for name, p in self.p.items()}
        W, U, V = (self.p[n] for n in ("recurrent.weight_ih_l0", "recurrent.weight_hh_l0", "readout.weight"))
        dh = dc = 0.0  # from the next step; from the next piece of text nothing comes back
        for (k, x, (h0, c0), (i, f, g, o), c, h), p, y in reversed(list(zip(notes, chances, target, strict=True))):
            ds = (p - np.eye(p.shape[-1])[y]) / target.size
            d["readout.weight"] += ds.T @ h
            d["readout.bias"] += ds.sum(0)
            dh = dh + ds @ V
            dc = dc + dh * o * (1 - np.tanh(c) ** 2)
            parts = (dc * g * i * (1 - i), dc * c0 * f * (1 - f), dc * i * (1 - g * g), dh * np.tanh(c) * o * (1 - o))
            da = np.concatenate(parts, -1)
            d["recurrent.weight_ih_l0"] += da.T @ x
            d["recurrent.weight_hh_l0"] += da.T @ h0
            d["recurrent.bias_ih_l0"] += da.sum(0)
            d["recurrent.bias_hh_l0"] += da.sum(0)
            np.add.at(d["embedding.weight"], k, da @ W)
            dh, dc = da @ U, dc * f
        return d


def pieces(numbers, streams):
    """(input, target) as the demo reads them: streams side by side, STEPS characters at a time."""
    length = (len(numbers) - 1) // streams
    table = np.array([numbers[s * length : s * length + length + 1] for s in range(streams)]).T
    return [(table[k : k + STEPS], table[k + 1 : k + STEPS + 1]) for k in range(0, length - STEPS + 1, STEPS)]


def numbers_of(part):
    vocabulary = sorted(set(TEXT))
    return [vocabulary.index(character) for character in part]


SPLIT = int(len(TEXT) * 0.9)


def trained_by_hand(model, steps, rate=3e-3, clip=1.0):
    """Truncated backpropagation, clipping and Adam: the losses, and how large the gradients were before clipping."""
    hand, state, losses, sizes = ByHand(model), None, [], []
    m, v = ({name: np.zeros_like(p) for name, p in hand.p.items()} for _ in range(2))
    batches = pieces(numbers_of(TEXT[:SPLIT]), STREAMS)
    assert len(batches) == PASS
    for step in range(steps):
        if step % len(batches) == 0:
            state = None  # the text starts again
        characters, target = batches[step % len(batches)]
        scores, state, notes = hand.forward(characters, state)
        loss, chances = hand.loss(scores, target)
        d = hand.gradients(notes, chances, target)
        size = math.sqrt(sum((g**2).sum() for g in d.values()))
        for name, g in d.items():
            g = g * min(1.0, clip / (size + 1e-6))
            m[name] = 0.9 * m[name] + 0.1 * g
            v[name] = 0.999 * v[name] + 0.001 * g * g
            t = step + 1
            hand.p[name] -= rate * (m[name] / (1 - 0.9**t)) / (np.sqrt(v[name] / (1 - 0.999**t)) + 1e-8)
        losses.append(loss)
        sizes.append(size)
    return losses, sizes, hand


def sharpen(model):
    """Larger weights: gradients that clipping changes, and a state that matters."""
    with tg.no_grad():
        for p in model.parameters():
            p.mul_(8.0)
    return model


def test_losses_are_those_of_a_loop_by_hand(text):
    model = sharpen(small(text)).double()
    expected, sizes, hand = trained_by_hand(model, PASS + 5)
    assert max(sizes) > 1.5 > 0.9 > min(sizes)  # some were clipped, some were not
    reports = []
    losses = demo.train(model, text, PASS + 5, report=reports.append)
    np.testing.assert_allclose(losses, expected, rtol=1e-10)
    assert [(r.step, r.loss) for r in reports] == list(enumerate(losses, 1))
    assert all(r.characters_per_second > 0 for r in reports)
    for name, p in model.named_parameters():
        np.testing.assert_allclose(p.detach().numpy(), hand.p[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_other_cells_are_trained_in_the_same_way(text, cell):
    """Against a loop of the library's own pieces: the state is carried and cut, and starts anew with the text."""
    model, twin = (sharpen(small(text, cell)) for _ in range(2))
    losses = demo.train(model, text, PASS + 2)
    optimizer, state, expected = tg.optim.Adam(twin.parameters(), lr=3e-3), None, []
    batches = pieces(numbers_of(TEXT[:SPLIT]), STREAMS)
    for step in range(PASS + 2):
        characters, target = map(tg.tensor, batches[step % PASS])
        scores, state = twin(characters, None if step % PASS == 0 else state.detach())
        loss = tg.nn.functional.cross_entropy(scores.flatten(0, 1), target.flatten())
        optimizer.zero_grad()
        loss.backward()
        tg.nn.utils.clip_grad_norm_(twin.parameters(), 1.0)
        optimizer.step()
        expected.append(loss.item())
    assert losses == pytest.approx(expected, rel=1e-6)


def test_validation_reads_the_end_of_the_text_with_its_state_carried(text):
    model = sharpen(small(text))
    hand, state, losses = ByHand(model), None, []
    numbers = numbers_of(TEXT[SPLIT:])
    for characters, target in pieces(numbers, min(STREAMS, (len(numbers) - 1) // STEPS)):
        scores, state, _ = hand.forward(characters, state)
        losses.append(hand.loss(scores, target)[0])
    assert len(losses) > 1
    assert demo.validation_loss(model, text) == pytest.approx(np.mean(losses), rel=1e-5)
    assert all(p.grad is None for p in model.parameters())


def test_a_text_is_split_and_numbered_and_its_entropy_is_that_of_its_characters(text):
    assert text.vocabulary == "".join(sorted(set(TEXT)))
    assert text.training.tolist() + text.validation.tolist() == numbers_of(TEXT)
    assert len(text.training) == SPLIT
    shares = np.array(list(Counter(TEXT).values())) / len(TEXT)
    assert text.unigram_entropy == pytest.approx(-(shares * np.log(shares)).sum())
    for part, numbers in (("training", numbers_of(TEXT[:SPLIT])), ("validation", numbers_of(TEXT[SPLIT:]))):
        streams = min(STREAMS, (len(numbers) - 1) // STEPS)
        found = [(x.tolist(), y.tolist()) for x, y in text.batches(part)]
        assert found == [(x.tolist(), y.tolist()) for x, y in pieces(numbers, streams)]


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_a_sample_is_drawn_character_by_character_at_its_temperature(text, temperature):
    model = sharpen(small(text))
    hand, state, written = ByHand(model), None, []
    tg.manual_seed(7)
    source = tg.random.source()
    character = numbers_of(text.vocabulary[0])[0]  # "\n" is not in the text
    for _ in range(40):
        scores, state, _ = hand.forward(np.array([[character]]), state)
        chances = np.exp(scores[0, 0] / temperature)
        character = source.choice(len(chances), p=chances / chances.sum())
        written.append(text.vocabulary[character])
    tg.manual_seed(7)
    assert demo.sample(model, text, length=40, temperature=temperature) == "".join(written)


def test_a_low_temperature_takes_the_likeliest_character(text):
    model = sharpen(small(text))
    hand, state, written = ByHand(model), None, []
    character = numbers_of("q")[0]
    for _ in range(12):
        scores, state, _ = hand.forward(np.array([[character]]), state)
        character = int(scores[0, 0].argmax())
        written.append(text.vocabulary[character])
    assert demo.sample(model, text, length=12, temperature=1e-3, start="q") == "".join(written)


# --- the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def run_demo(tmp_path, capsys, monkeypatch):
    """Run `demo` with small models and batches; gives what was printed, and the checkpoint."""

    class Small(CharText):
        def __init__(self, text):
            super().__init__(text, batch_size=STREAMS, steps=STEPS)

    monkeypatch.setattr("tinygrad_rnn.cli.demo.CharText", Small)
    monkeypatch.setattr("tinygrad_rnn.demo.plot_losses", lambda *arguments: drawn.append(arguments))
    monkeypatch.setattr(demo.CharModel.__init__, "__defaults__", ("lstm", 5, 6))
    drawn = []
    path = tmp_path / "text.txt"
    path.write_text(TEXT, encoding="utf-8")

    def run(*options):
        drawn.clear()
        (tmp_path / "checkpoint.tgr").unlink(missing_ok=True)
        (tmp_path / "graph.svg").unlink(missing_ok=True)
        assert cli.main(["demo", "--text", str(path), "--out", str(tmp_path), *options]) == 0
        return capsys.readouterr(), tg.load(tmp_path / "checkpoint.tgr"), drawn[0]

    return run


def test_the_demo_prints_and_keeps_its_numbers(run_demo, text, tmp_path):
    printed, checkpoint, plotted = run_demo("--steps", "3", "--seed", "5")
    tg.manual_seed(5)
    model = demo.CharModel(len(text.vocabulary))
    before = demo.sample(model, text)
    losses = demo.train(model, text, 3)
    validation = demo.validation_loss(model, text)
    after = demo.sample(model, text)
    assert checkpoint["losses"] == losses
    assert checkpoint["settings"] == {"cell": "lstm", "vocabulary": text.vocabulary, "steps": 3, "seed": 5}
    for name, p in model.state_dict().items():
        assert tg.equal(checkpoint["model"][name], p), name
    lines = printed.out.splitlines()
    n = sum(p.numel() for p in model.parameters())
    assert lines[0].endswith(
        f"text.txt: 540 characters, {len(text.vocabulary)} different; lstm model with {n:,} parameters"
    )
    assert f"--- sample before training ---\n{before.strip()}\n" in printed.out
    assert f"--- sample after training ---\n{after.strip()}\n" in printed.out
    assert before != after
    assert lines[-3] == f"validation loss  {validation:.3f} nats per character"
    assert lines[-2].startswith(f"unigram entropy  {text.unigram_entropy:.3f} nats per character")
    files = [tmp_path / name for name in ("checkpoint.tgr", "loss.png", "graph.svg")]
    assert lines[-1] == f"wrote {files[0]}, {files[1]} and {files[2]}"
    assert plotted == (losses, text.unigram_entropy, validation, files[1])
    assert f"loss {losses[-1]:.3f} nats" in printed.err
    assert "4 time steps" in files[2].read_text(encoding="utf-8")
    assert run_demo("--steps", "3", "--seed", "6")[1]["losses"] != losses


def test_draw_reads_as_many_characters_as_it_is_asked_for(run_demo, tmp_path, capsys):
    _, checkpoint, _ = run_demo("--steps", "2")
    saved = str(tmp_path / "checkpoint.tgr")
    assert cli.main(["draw", saved, "--steps", "5", "--out", str(tmp_path / "g.svg")]) == 0
    assert capsys.readouterr().out.startswith(f"wrote {tmp_path / 'g.svg'}: 5 time steps · ")
    svg = (tmp_path / "g.svg").read_text(encoding="utf-8")
    model, settings, losses = demo.load_checkpoint(tmp_path / "checkpoint.tgr")
    assert (settings, losses) == (checkpoint["settings"], checkpoint["losses"])
    numbers = demo.text_to_draw(settings["vocabulary"], 6)
    documentation = [c for c in demo.standard_library_text()[:120] if c in settings["vocabulary"]]
    assert [settings["vocabulary"][k] for k in numbers] == documentation[:6]
    demo.few_steps(model, tg.tensor(numbers[:-1, None]), tg.tensor(numbers[1:, None])).backward()
    drawn = {float(n) for n in re.findall(r"\|gradient\| ([\d.e+-]+)<", svg)}  # the gradient is drawn beside the graph
    assert float(f"{model.readout.bias.grad.norm().item():.3g}") in drawn
    assert {f"readout.{n}" for n in ("weight", "bias")} <= set(re.findall(r"([\w.]+): \d", svg))


def test_characters_to_draw_are_repeated_where_there_are_too_few():
    assert demo.text_to_draw("\x00\x01", 5).tolist() == [0, 1, 0, 1, 0]
