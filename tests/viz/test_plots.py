"""Plots hold the numbers they were given."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.viz import plots


def saved(figure, tmp_path):
    figure.savefig(tmp_path / "plot.png", dpi=50)
    return (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_loss_curves_show_the_mean_and_the_range_of_the_seeds(tmp_path):
    rng = np.random.default_rng(0)
    losses = rng.random((3, 40))
    figure = plots.loss_curves({"LSTM": losses, "RNN": tg.tensor(losses[0])}, levels={"chance": 0.5})
    [ax] = figure.axes
    lstm, rnn, chance = ax.lines
    np.testing.assert_allclose(lstm.get_ydata(), losses.mean(0))
    np.testing.assert_allclose(rnn.get_ydata(), losses[0], rtol=1e-6)
    assert set(chance.get_ydata()) == {0.5}
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].max() == losses.max()
    assert corners[:, 1].min() == losses.min()
    assert saved(figure, tmp_path)


def test_a_running_mean_ends_at_the_last_step():
    figure = plots.loss_curves({"a": [1.0, 2.0, 3.0, 4.0]}, smooth=2)
    pale, line = figure.axes[0].lines
    assert list(line.get_xdata()) == [2, 3, 4]
    assert list(line.get_ydata()) == [1.5, 2.5, 3.5]
    assert list(pale.get_ydata()) == [1, 2, 3, 4]


def test_gradient_norms_are_on_a_log_scale_and_leave_out_zeros(tmp_path):
    figure = plots.gradient_norms({"h": [0.0, 1e-3, 1e-1]}, clip=1.0)
    [ax] = figure.axes
    assert ax.get_yscale() == "log"
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), [np.nan, 1e-3, 1e-1])
    assert saved(figure, tmp_path)


def test_activity_maps_have_time_to_the_right_and_zero_in_the_middle(tmp_path):
    rng = np.random.default_rng(0)
    gate, state = rng.random((5, 3)), rng.standard_normal((5, 3))
    figure = plots.activity_maps({"f": gate, "h": state}, labels=list("hel o"))
    images = [ax.images[0] for ax in figure.axes if ax.images and ax.get_ylabel() in ("f", "h")]
    np.testing.assert_array_equal(images[0].get_array(), gate.T)
    assert images[0].get_clim() == (0.0, 1.0)
    low, high = images[1].get_clim()
    assert low == -high == -np.abs(state).max()
    assert [t.get_text() for t in images[1].axes.get_xticklabels()] == ["h", "e", "l", " ", "o"]
    assert saved(figure, tmp_path)


def test_attention_maps_have_one_map_per_head(tmp_path):
    rng = np.random.default_rng(0)
    weights = rng.dirichlet(np.ones(4), size=(5, 3))  # 5 heads, 3 queries, 4 keys
    figure = plots.attention_maps(weights, keys=list("abcd"))
    maps = [ax for ax in figure.axes if ax.get_title().startswith("head") and ax.get_visible()]
    assert len(maps) == 5
    for k, ax in enumerate(maps):
        np.testing.assert_array_equal(ax.images[0].get_array(), weights[k])
        assert ax.images[0].get_clim() == (0.0, 1.0)
    assert saved(figure, tmp_path)


def test_attention_of_a_whole_batch_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 3, 4, 4\), expected \(heads, queries, keys\)"):
        plots.attention_maps(np.zeros((2, 3, 4, 4)))


def test_a_phase_portrait_points_from_each_state_to_the_next(tmp_path):
    def step(h):  # a rotation that shrinks: everything ends at 0
        return 0.5 * h @ np.array([[0.0, 1.0], [-1.0, 0.0]])

    figure = plots.phase_portrait(step, start=[(1.0, 0.5)], steps=30, grid=5)
    ax = figure.axes[0]
    arrows = ax.collections[0]
    states = np.asarray(arrows.XY)
    np.testing.assert_allclose(np.stack([arrows.U, arrows.V], 1), step(states) - states)
    path, end = ax.lines
    np.testing.assert_allclose(path.get_xydata()[:2], [(1.0, 0.5), step(np.array((1.0, 0.5)))])
    np.testing.assert_allclose(end.get_xydata(), [(0, 0)], atol=1e-8)
    assert saved(figure, tmp_path)


def test_singular_values_are_those_of_each_step(tmp_path):
    jacobians = np.stack([np.diag([2.0, 1.0, 0.5]), np.diag([0.1, 3.0, 0.2])])
    figure = plots.singular_values(jacobians, most=2)
    largest, smallest, one = figure.axes[0].lines
    np.testing.assert_allclose(largest.get_ydata(), [2.0, 3.0])
    np.testing.assert_allclose(smallest.get_ydata(), [0.5, 0.1])
    assert set(one.get_ydata()) == {1.0}
    assert saved(figure, tmp_path)


def test_matplotlib_is_not_imported_before_a_plot_is_made():
    code = "import sys, tinygrad_rnn.viz.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_figure_is_saved_completely_or_not_at_all(tmp_path, monkeypatch):
    figure = plots.loss_curves({"a": [3.0, 2.0, 1.0]})
    path = plots.save_figure(figure, tmp_path / "loss.png", dpi=50)
    old = path.read_bytes()
    assert old.startswith(b"\x89PNG")
    assert plots.save_figure(figure, tmp_path / "loss.svg").read_bytes().startswith(b"<?xml")

    def stopped(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stopped)
    with pytest.raises(KeyboardInterrupt):
        plots.save_figure(plots.loss_curves({"a": [1.0, 2.0]}), path)
    assert path.read_bytes() == old
    assert sorted(os.listdir(tmp_path)) == ["loss.png", "loss.svg"]
