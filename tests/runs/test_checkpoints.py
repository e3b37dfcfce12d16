"""Checkpoints are as frequent as their cost allows, and a failed one costs nothing."""

import errno
import os

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import atomic
from tinygrad_rnn.runs import Checkpoints


class Clock:
    """Time that passes only when it is told to."""

    now = 100.0

    def __call__(self):
        return self.now


def trained(tmp_path, monkeypatch, seconds_per_step, seconds_per_save, steps):
    """The steps that were saved in a loop of `steps`."""
    clock, saved = Clock(), []
    monkeypatch.setattr(
        "tinygrad_rnn.runs.checkpoint_file.write_atomically", lambda path, data: spend(seconds_per_save)
    )

    def spend(seconds):
        clock.now += seconds

    checkpoints = Checkpoints(tmp_path / "state", dict, clock=clock)
    for step in range(1, steps + 1):
        spend(seconds_per_step)
        if checkpoints.due():
            assert checkpoints.save(step)
            saved.append(step)
            assert checkpoints.step == step
    return saved, (len(saved) * seconds_per_save) / (clock.now - 100)


@pytest.mark.parametrize("seconds_per_step", [0.001, 0.03, 0.7, 5.0])
@pytest.mark.parametrize("seconds_per_save", [0.0, 0.005, 0.03, 0.3, 2.0])
def test_saving_takes_at_most_its_share_and_otherwise_a_checkpoint_is_two_seconds_old(
    tmp_path, monkeypatch, seconds_per_step, seconds_per_save
):
    saved, share = trained(tmp_path, monkeypatch, seconds_per_step, seconds_per_save, int(600 / seconds_per_step))
    assert share < 0.021
    oldest = max(b - a for a, b in zip([0, *saved], saved, strict=False)) * seconds_per_step
    assert oldest <= max(2.0, 2 * 50 * seconds_per_save) + seconds_per_step + 1e-6
    if seconds_per_save <= 0.03:
        assert oldest <= max(3.1, 2 * seconds_per_step)


def test_what_is_saved_is_what_there_is_at_that_step(tmp_path):
    losses = []
    checkpoints = Checkpoints(tmp_path / "state", lambda: {"losses": losses, "w": tg.full((2,), len(losses))})
    assert checkpoints.step is None
    for step in (1, 2):
        losses.append(float(step))
        checkpoints.save(step)
        loaded = tg.load(tmp_path / "state")
        assert loaded["losses"] == losses
        assert loaded["w"].tolist() == [step] * 2


def test_a_full_disk_keeps_the_checkpoint_before_and_the_next_save_tries_again(tmp_path, monkeypatch):
    checkpoints = Checkpoints(tmp_path / "state", lambda: step)
    step = 1
    assert checkpoints.save(1)

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "fsync", full)
        step = 2
        assert not checkpoints.save(2)
    assert (checkpoints.step, tg.load(tmp_path / "state")) == (1, 1)
    assert checkpoints.error.filename == str(tmp_path / "state")
    assert os.listdir(tmp_path) == ["state"]
    assert checkpoints.save(2)
    assert (checkpoints.step, checkpoints.error, tg.load(tmp_path / "state")) == (2, None, 2)
