"""Greedy search, sampling and beam search over models whose best answers can be found by trying everything."""

import itertools
import math
from functools import partial

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models, nn
from tinygrad_rnn.models.generation import beam_search, filtered, greedy, rows_of, sample

V, B, LONGEST = 4, 3, 4
END = 1
START = tg.zeros(B, dtype=tg.int64)


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(4)


@pytest.fixture
def table():
    """Scores for each sequence and each history, which is numbered by its tokens as digits behind a 1."""
    return np.random.default_rng(8).normal(size=(B, 2 * V**LONGEST, V)) * 1.5


def stepper(table):
    """step(state, tokens) for the scores table[b, history]; the state says which sequence and which history."""

    def step(state, tokens):
        history = after(state["history"][0], tokens) if state["begun"] else state["history"][0]
        scores = table[state["row"].numpy(), history.numpy()]
        return tg.tensor(scores), {"row": state["row"], "history": [history], "begun": True}

    return step, {"row": tg.arange(B), "history": [tg.ones(B, dtype=tg.int64)], "begun": False}


def after(history, token):
    """The number of a history that goes on with `token`."""
    return history * V + token


def log_softmax(x):
    return x - x.max() - np.log(np.exp(x - x.max()).sum())


def every_answer(table, b, end, power=0.0):
    """All sequences that may come out, with their scores, best first."""
    found = {}
    for tokens in itertools.product(range(V), repeat=LONGEST):
        if end in tokens:
            tokens = tokens[: tokens.index(end) + 1]
        history, total = 1, 0.0
        for token in tokens:
            total += log_softmax(table[b, history])[token]
            history = after(history, token)
        found[tokens] = total / ((5 + len(tokens)) / 6) ** power
    return sorted(found.items(), key=lambda item: -item[1])


def answers(result, b, k=None):
    """Tokens up to the end, and the score, of one result."""
    place = b if k is None else (b, k)
    return tuple(result.tokens.numpy()[place][: result.lengths.numpy()[place]]), result.scores.numpy()[place]


def test_greedy_takes_the_best_token_each_time(table):
    step, state = stepper(table)
    result = greedy(step, state, START, LONGEST, END)
    for b in range(B):
        history, tokens, total = 1, [], 0.0
        for _ in range(LONGEST):
            logp = log_softmax(table[b, history])
            tokens.append(int(logp.argmax()))
            total += logp[tokens[-1]]
            history = after(history, tokens[-1])
            if tokens[-1] == END:
                break
        found, score = answers(result, b)
        assert found == tuple(tokens)
        assert score == pytest.approx(total, abs=1e-12)
        assert (result.tokens.numpy()[b][len(tokens) :] == END).all()


@pytest.mark.parametrize("end", [END, None])
@pytest.mark.parametrize("power", [0.0, 0.6, 2.0])
def test_beam_of_full_width_finds_the_best_of_all(table, end, power):
    step, state = stepper(table)
    result = beam_search(step, state, START, LONGEST, width=V**LONGEST, end=end, length_penalty=power)
    for b in range(B):
        expected = every_answer(table, b, end, power)
        for k in range(20):
            tokens, score = answers(result, b, k)
            assert tokens == expected[k][0]
            assert score == pytest.approx(expected[k][1], abs=1e-12)
        assert np.isfinite(result.scores.numpy()[b]).sum() == len(expected)  # each answer once, the rest -inf


@pytest.mark.parametrize("end", [END, None])
@pytest.mark.parametrize("power", [0.0, 1.0])
def test_beam_of_width_1_is_greedy(table, end, power):
    step, state = stepper(table)
    one, best = beam_search(step, state, START, LONGEST, 1, end, power), greedy(step, state, START, LONGEST, end)
    assert one.tokens[:, 0].tolist() == best.tokens.tolist()
    assert one.lengths[:, 0].tolist() == best.lengths.tolist()
    expected = best.scores.numpy() / ((5 + best.lengths.numpy()) / 6) ** power
    np.testing.assert_allclose(one.scores[:, 0].numpy(), expected, atol=1e-12)


def test_wider_beams_are_no_worse_here_and_results_are_in_order(table):
    step, state = stepper(table)
    before = np.full(B, -np.inf)
    for width in (1, 2, 4, 16, 64):
        scores = beam_search(step, state, START, LONGEST, width, END).scores.numpy()
        assert (np.diff(scores[:, : min(width, 8)], axis=1) <= 0).all()
        assert (scores[:, 0] >= before - 1e-12).all()
        before = scores[:, 0]


def test_a_length_penalty_prefers_longer_answers():
    """All tokens equally likely: length L scores -L ln 4, divided by ((5 + L) / 6)^power."""
    step, state = stepper(np.zeros((B, 2 * V**LONGEST, V)))
    for power, best in ((0.0, 1), (5.0, LONGEST)):
        result = beam_search(step, state, START, LONGEST, V**LONGEST, END, power)
        assert result.lengths[:, 0].tolist() == [best] * B
        np.testing.assert_allclose(result.scores[:, 0].numpy(), -best * math.log(4) / ((5 + best) / 6) ** power)


def test_recurrent_states_follow_their_hypotheses():
    """States of nn.LSTM have the batch on axis 1: the score of each hypothesis equals that of its tokens in one go."""
    tg.manual_seed(0)
    embedding, lstm, readout = nn.Embedding(V, 5), nn.LSTM(5, 6, num_layers=2), nn.Linear(6, V)
    with tg.no_grad():
        for p in lstm.parameters():
            p.mul_(4)  # so that what was said long ago matters
        readout.weight.mul_(2)

    def step(state, tokens):
        h, state = lstm(embedding(tokens).unsqueeze(0), state)
        return readout(h[0]), state

    zero = (tg.zeros(2, B, 6), tg.zeros(2, B, 6))
    result = beam_search(step, zero, START, 6, 5, batch_dim=1)
    for b, k in itertools.product(range(B), range(5)):
        tokens = result.tokens[b, k]
        fed = tg.cat([tg.zeros(1, dtype=tg.int64), tokens[:-1]])
        logp = readout(lstm(embedding(fed).unsqueeze(1))[0][:, 0]).log_softmax(-1)
        total = sum(logp[t, int(token)].item() for t, token in enumerate(tokens.tolist()))
        assert result.scores[b, k].item() == pytest.approx(total, abs=1e-5)


def test_top_k_1_is_greedy(table):
    step, state = stepper(table)
    best = greedy(step, state, START, LONGEST, END)
    drawn = sample(step, state, START, LONGEST, END, top_k=1)
    assert drawn.tokens.tolist() == best.tokens.tolist()
    np.testing.assert_allclose(drawn.scores.numpy(), best.scores.numpy())
    cold = sample(step, state, START, LONGEST, END, temperature=1e-4)
    assert cold.tokens.tolist() == best.tokens.tolist()


def test_filters_by_hand():
    p = np.array([[0.1, 0.4, 0.2, 0.3]])
    same = partial(np.testing.assert_allclose, atol=1e-12)
    same(filtered(np.log(p)), p)
    same(filtered(np.log(p), top_p=1.0), p)
    same(filtered(np.log(p), temperature=0.5), p**2 / (p**2).sum())
    same(filtered(np.log(p), top_k=2), [[0, 4 / 7, 0, 3 / 7]])
    same(filtered(np.log(p), top_k=9), p)
    same(filtered(np.log(p), top_p=0.65), [[0, 4 / 7, 0, 3 / 7]])  # .4 + .3 reach it
    same(filtered(np.log(p), top_p=0.75), [[0, 4 / 9, 2 / 9, 3 / 9]])
    same(filtered(np.log(p), top_p=0.01), [[0, 1, 0, 0]])  # one token always stays
    same(filtered(np.log(p), top_k=3, top_p=0.5), [[0, 4 / 7, 0, 3 / 7]])  # 4/9 alone do not
    same(filtered(np.zeros((1, 4)), top_k=2), [[0.5, 0.5, 0, 0]])  # ties: smaller numbers stay


def chi_square(counts, chances):
    """Σ (counted - expected)² / expected, which is about the number of free classes."""
    expected = chances * counts.sum()
    return ((counts - expected)[expected > 0] ** 2 / expected[expected > 0]).sum()


@pytest.mark.parametrize(
    "options", [{}, {"top_p": 1.0}, {"temperature": 2.0}, {"top_k": 3}, {"top_p": 0.6}], ids=lambda o: str(o)
)
def test_samples_have_the_filtered_distribution(options):
    scores = np.random.default_rng(2).normal(size=6)
    many = 20_000
    result = sample(
        lambda state, tokens: (tg.tensor(np.tile(scores, (len(tokens), 1))), None),
        None,
        tg.zeros(many, dtype=tg.int64),
        1,
        generator=tg.Generator().manual_seed(6),
        **options,
    )
    counts = np.bincount(result.tokens.numpy()[:, 0], minlength=6)
    chances = filtered(scores[None], **options)[0]
    assert counts[chances == 0].sum() == 0
    assert chi_square(counts, chances) < 20.5  # 5 degrees of freedom: exceeded once in 1000
    np.testing.assert_allclose(  # scores are those of the model, not of the filter
        result.scores.numpy(), log_softmax(scores)[result.tokens.numpy()[:, 0]], atol=1e-12
    )


def test_sampling_is_repeatable_and_leaves_no_graph():
    model = models.TransformerLM(V, 8, 2, 1)
    runs = []
    for _ in range(2):
        runs.append(sample(model.next_scores, None, START, 6, generator=tg.Generator().manual_seed(1)))
    assert runs[0].tokens.tolist() == runs[1].tokens.tolist()
    assert not runs[0].scores.requires_grad
    assert tg.is_grad_enabled()


def test_rows_of_keeps_structure():
    Memory = models.encoder_decoder.Memory
    state = (Memory(tg.tensor([[1.0], [2.0]]), tg.zeros(2, 3), tg.ones(2, dtype=tg.bool)), None, 5)
    picked = rows_of(state, np.array([1, 1, 0]))
    assert isinstance(picked[0], Memory)
    assert picked[0].h.tolist() == [[2.0], [2.0], [1.0]]
    assert picked[1:] == (None, 5)


def flat_step(scores):
    return lambda state, tokens: (tg.tensor(scores), state)


ERRORS = [
    (lambda: greedy(flat_step(np.zeros((B, V))), None, START, 0), "max_steps must be at least 1, got 0"),
    (lambda: greedy(flat_step(np.zeros((B, V))), None, START, 2, end=7), "end=7 is not a token: the scores have 4"),
    (lambda: greedy(flat_step(np.zeros((B, V))), None, START, 2, end=-1), "at least 0, got -1"),
    (lambda: greedy(flat_step(np.zeros((2, V))), None, START, 2), r"must return scores \(3, V\) for 3 tokens, got \[2, 4\]"),
    (lambda: greedy(flat_step(np.full((B, V), np.nan)), None, START, 2), "step 0 returned scores that are no distribution"),
    (lambda: greedy(flat_step(np.full((B, V), -np.inf)), None, START, 2), "no distribution: a row has maximum -inf"),
    (lambda: greedy(flat_step(np.zeros((B, V))), None, tg.zeros(B), 2), r"ints \(B,\), got float32 of shape \[3\]"),
    (lambda: sample(flat_step(np.zeros((B, V))), None, START, 2, temperature=0), "greater than 0, got 0; use greedy"),
    (lambda: sample(flat_step(np.zeros((B, V))), None, START, 2, top_k=0), "top_k must be at least 1, got 0"),
    (lambda: sample(flat_step(np.zeros((B, V))), None, START, 2, top_p=1.5), r"top_p must be in \(0, 1\], got 1.5"),
    (lambda: beam_search(flat_step(np.zeros((B, V))), None, START, 2, 0), "got 0 and 0.0"),
    (lambda: beam_search(flat_step(np.zeros((B, V))), None, START, 2, 2, length_penalty=-1), "got 2 and -1"),
    (lambda: beam_search(flat_step(np.zeros((B, V))), tg.zeros(B), START, 2, 2, batch_dim=1), r"shape \[3\] has no axis batch_dim=1"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "message"), ERRORS)
def test_wrong_calls_name_the_numbers(wrong, message):
    with pytest.raises(ValueError, match=message):
        wrong()


# --- the decoder-only transformer and its cache --------------------------------------------------------------------


@pytest.mark.parametrize("max_length", [None, 12])
@pytest.mark.parametrize("chunks", [[1] * 7, [4, 1, 1, 1], [3, 4], [7]])
def test_with_a_cache_equals_without(max_length, chunks):
    model = models.TransformerLM(9, 8, 2, 3, max_length=max_length, dtype=tg.float64)
    tokens = tg.randint(0, 9, (2, 7))
    whole, _ = model(tokens)
    cache, parts, at = None, [], 0
    for size in chunks:
        scores, cache = model(tokens[:, at : at + size], cache)
        parts.append(scores)
        at += size
    np.testing.assert_allclose(tg.cat(parts, 1).detach().numpy(), whole.detach().numpy(), atol=1e-12)
    assert cache[0][0].shape == (2, 2, 7, 4)  # B, heads, steps, E / heads


def test_cached_generation_equals_recomputing_everything():
    model = models.TransformerLM(9, 8, 2, 2, dtype=tg.float64)

    def recomputed(seen, tokens):
        seen = tg.cat([seen, tokens.unsqueeze(1)], 1)
        return model(seen)[0][:, -1], seen

    nothing = tg.zeros(B, 0, dtype=tg.int64)
    for search in (greedy, partial(beam_search, width=3, end=2), partial(sample, generator=None)):
        tg.manual_seed(7)
        cached = search(model.next_scores, None, START, 8)
        tg.manual_seed(7)
        again = search(recomputed, nothing, START, 8)
        assert cached.tokens.tolist() == again.tokens.tolist()
        np.testing.assert_allclose(cached.scores.numpy(), again.scores.numpy(), atol=1e-10)


def test_a_causal_block_is_an_encoder_layer_under_a_causal_mask():
    block = models.CausalBlock(8, 2, 16, dropout=0.0, batch_first=True, dtype=tg.float64)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True, dtype=tg.float64)
    layer.load_state_dict(block.state_dict())
    x = tg.randn(2, 5, 8, dtype=tg.float64)
    expected = layer(x, ~models.causal_mask(5))
    np.testing.assert_allclose(block(x)[0].detach().numpy(), expected.detach().numpy(), atol=1e-12)


def test_no_score_depends_on_later_tokens():
    model = models.TransformerLM(9, 8, 2, 2, dtype=tg.float64)
    tokens = tg.randint(0, 9, (1, 6))
    before, _ = model(tokens)
    tokens[0, 4] = (tokens[0, 4] + 1) % 9
    after, _ = model(tokens)
    assert (before[:, :4] == after[:, :4]).all().item()
    assert not (before[:, 4] == after[:, 4]).any().item()


def test_tied_embeddings_are_one_parameter_with_both_gradients():
    tied, free = (
        models.TransformerLM(9, 8, 2, 1, dtype=tg.float64),
        models.TransformerLM(9, 8, 2, 1, tied=False, dtype=tg.float64),
    )
    free.load_state_dict(tied.state_dict())
    assert tied.readout.weight is tied.embedding.weight
    assert len(list(free.parameters())) == len(list(tied.parameters())) + 1
    tokens = tg.randint(0, 9, (2, 5))
    for model in (tied, free):
        model(tokens)[0].sin().sum().backward()
    both = free.embedding.weight.grad + free.readout.weight.grad
    np.testing.assert_allclose(tied.embedding.weight.grad.numpy(), both.numpy(), atol=1e-12)


def test_transformer_errors():
    model = models.TransformerLM(9, 8, 2, 1, max_length=4)
    with pytest.raises(ValueError, match=r"tokens \(B, T\) with T > 0, got shape \[3\]"):
        model(tg.zeros(3, dtype=tg.int64))
    with pytest.raises(ValueError, match=r"positions 0..4 are not all in 0..3"):
        model(tg.zeros(1, 5, dtype=tg.int64))
    _, cache = model(tg.zeros(2, 1, dtype=tg.int64))
    with pytest.raises(ValueError, match="1 layers for 2 sequences, the model 1 layers and the tokens 3"):
        model(tg.zeros(3, 1, dtype=tg.int64), cache)


# --- encoder–decoder ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("attention", ["additive", "dot", "scaled_dot", "general", "cosine", None])
def test_padding_of_the_source_changes_nothing(attention):
    model = models.Seq2Seq(7, 6, 5, 8, attention).double()
    source, target = tg.randint(0, 7, (2, 5)), tg.randint(0, 6, (2, 4))
    padded, weights = model(source, target, lengths=[5, 3])
    alone, _ = model(source[1:, :3], target[1:])
    np.testing.assert_allclose(padded[1:].detach().numpy(), alone.detach().numpy(), atol=1e-12)
    if attention is None:
        assert weights is None
    else:
        assert (weights[1, :, 3:] == 0).all().item()
        np.testing.assert_allclose(weights.sum(-1).detach().numpy(), 1.0, atol=1e-12)


def test_free_running_equals_greedy_and_teacher_forcing_its_own_output():
    model = models.Seq2Seq(7, 6, 5, 8, start=2)
    source, target = tg.randint(0, 7, (3, 5)), tg.randint(0, 6, (3, 4))
    written = greedy(model.next_scores, model.encode(source), tg.full((3,), 2), 4).tokens
    free, _ = model(source, target, teacher_forcing=0.0)
    assert free.argmax(-1).tolist() == written.tolist()
    forced, _ = model(source, written)
    np.testing.assert_allclose(forced.detach().numpy(), free.detach().numpy(), atol=1e-6)


def test_scheduled_sampling_mixes_as_often_as_asked(monkeypatch):
    model = models.Seq2Seq(7, 6, 5, 8)
    with tg.no_grad():
        model.readout.bias[5] = 100.0  # its own guess is always 5
    fed = []
    look = model.look
    monkeypatch.setattr(model, "look", lambda memory, tokens: (fed.append(tokens.numpy()), look(memory, tokens))[1])
    model(tg.randint(0, 7, (200, 2)), tg.zeros(200, 11, dtype=tg.int64), teacher_forcing=0.7)
    own = np.stack(fed[1:]) == 5
    assert abs(own.mean() - 0.3) < 0.04
    assert own.mean(0).std() > 0.02  # drawn for each sequence and step, not once


def test_tied_seq2seq_and_decays():
    model = models.Seq2Seq(7, 6, 8, 8, tied=True)
    assert model.readout.weight is model.target.weight
    with pytest.raises(ValueError, match="embedding == hidden, got 5 and 8"):
        models.Seq2Seq(7, 6, 5, 8, tied=True)
    linear, exponential, sigmoid = (
        models.linear_decay, models.exponential_decay, models.inverse_sigmoid_decay,
    )  # fmt: skip
    assert [linear(s, 0.25, 0.1) for s in (0, 2, 4)] == [1.0, 0.5, 0.1]
    assert exponential(3, 0.5) == 0.125
    assert sigmoid(0, 10) == pytest.approx(10 / 11)
    assert sigmoid(10 * math.log(10), 10) == pytest.approx(0.5)
    assert sigmoid(10**9, 10) < 1e-300
    for wrong in (lambda: exponential(1, 1.0), lambda: sigmoid(1, 0.5)):
        with pytest.raises(ValueError, match="got"):
            wrong()


def test_seq2seq_errors():
    model = models.Seq2Seq(7, 6, 5, 8)
    with pytest.raises(ValueError, match=r"0\.\.1, got 1\.2"):
        model(tg.zeros(1, 2, dtype=tg.int64), tg.zeros(1, 2, dtype=tg.int64), teacher_forcing=1.2)
    with pytest.raises(ValueError, match=r"got \[2, 2\] and \[1, 2\]"):
        model(tg.zeros(1, 2, dtype=tg.int64), tg.zeros(2, 2, dtype=tg.int64))
    with pytest.raises(ValueError, match="'cosine', got 'bilinear'"):
        models.Seq2Seq(7, 6, 5, 8, "bilinear")
