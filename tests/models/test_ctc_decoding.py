"""CTC decoding against the sum over all paths, and against the loss."""

import itertools
import math

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import models
from tinygrad_rnn.nn import functional as F

T, B, K = 5, 3, 3


def labels_of(path, blank):
    """Merge repeats, drop blanks."""
    return tuple(k for k, _ in itertools.groupby(path) if k != blank)


def every_labelling(frames, blank):
    """The log-probability of each labelling: the sum over all its paths, in loops."""
    found = {}
    for path in itertools.product(range(frames.shape[1]), repeat=len(frames)):
        p = math.exp(sum(frames[t, k] for t, k in enumerate(path)))
        labels = labels_of(path, blank)
        found[labels] = found.get(labels, 0.0) + p
    return sorted(((labels, math.log(p)) for labels, p in found.items()), key=lambda item: -item[1])


@pytest.fixture
def log_probs():
    return tg.tensor(np.random.default_rng(3).normal(size=(T, B, K)) * 1.5).log_softmax(-1)


@pytest.mark.parametrize("blank", [0, 2])
def test_a_full_beam_is_exact(log_probs, blank):
    sizes = [5, 3, 4]
    found = models.ctc_beam(log_probs, sizes, blank, width=10_000)
    for b, size in enumerate(sizes):
        expected = every_labelling(log_probs.numpy()[:size, b], blank)
        assert len(found[b]) == len(expected)
        for (labels, score), (right, logp) in zip(found[b], expected, strict=True):
            assert score == pytest.approx(logp, abs=1e-12)
            assert tuple(labels) == right


def test_scores_are_the_negative_loss(log_probs):
    best = [found[0] for found in models.ctc_beam(log_probs, width=1000)]
    targets = [labels for labels, _ in best]
    joined = [k for labels in targets for k in labels]
    losses = F.ctc_loss(log_probs, tg.tensor(joined), [T] * B, [len(labels) for labels in targets], reduction="none")
    np.testing.assert_allclose(losses.numpy(), [-score for _, score in best], atol=1e-12)


def test_greedy_reads_the_best_path(log_probs):
    sizes = [5, 2, 4]
    for blank in range(K):
        for b, found in enumerate(models.ctc_greedy(log_probs, sizes, blank)):
            path = log_probs.numpy()[: sizes[b], b].argmax(-1)
            assert tuple(found) == labels_of(path, blank)


def test_a_repeat_needs_a_blank_between():
    def frames(*path):
        return tg.tensor(np.log(np.eye(3)[list(path)][:, None] * 0.98 + 0.01 / 3 * np.ones(3)))

    assert models.ctc_greedy(frames(1, 1, 0, 1, 2)) == [[1, 1, 2]]
    assert models.ctc_greedy(frames(1, 1, 1, 2)) == [[1, 2]]
    assert models.ctc_beam(frames(1, 1, 0, 1, 2))[0][0][0] == [1, 1, 2]
    assert models.ctc_beam(frames(1, 1, 1, 2))[0][0][0] == [1, 2]


def test_the_beam_finds_what_the_best_path_misses():
    """Two frames, blank .6 each: the best path is empty (.36), but "a" has .4 · .6 twice and .4 · .4: .64."""
    log_probs = tg.tensor(np.log([[[0.6, 0.4]], [[0.6, 0.4]]]))
    assert models.ctc_greedy(log_probs) == [[]]
    (best,) = models.ctc_beam(log_probs, width=2)
    assert best[0][0] == [1]
    assert math.exp(best[0][1]) == pytest.approx(0.64)
    assert best[1][0] == []
    assert math.exp(best[1][1]) == pytest.approx(0.36)


def test_errors():
    with pytest.raises(ValueError, match=r"expected log_probs \(T, B, K\), got shape \[3, 4\]"):
        models.ctc_greedy(tg.zeros(3, 4))
    with pytest.raises(ValueError, match=r"one of the 4 classes 0..3, got 4"):
        models.ctc_beam(tg.zeros(2, 1, 4), blank=4)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        models.ctc_beam(tg.zeros(2, 1, 4), width=0)
    with pytest.raises(ValueError, match=r"in 1..2, the steps of the batch, got \[3\]"):
        models.ctc_greedy(tg.zeros(2, 1, 4), [3])
