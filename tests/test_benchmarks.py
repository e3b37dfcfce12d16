"""The benchmarks run, and their clock compares what it says; what they measure is no part of any verdict here."""

from __future__ import annotations

import json
import time

import pytest

from benchmarks.__main__ import TABLES, main
from benchmarks.table import Row, Table
from benchmarks.timing import Times, compare


def _busy(seconds: float):
    def job():
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    return job


def test_ratio_of_jobs_that_take_a_known_time():
    times = compare({"long": _busy(0.004), "short": _busy(0.001)}, rounds=3)
    assert times.ratio("long", "short") == pytest.approx(4, rel=0.2)
    assert times.seconds("short") == pytest.approx(0.001, rel=0.2)


def test_ratios_are_formed_within_a_round():
    times = Times({"ours": [1.0, 20.0, 3.0], "theirs": [2.0, 40.0, 6.0]})  # the second round was disturbed
    assert times.ratio("ours", "theirs") == 0.5


def test_geometric_mean_by_kind_and_peer():
    table = Table("t", rows=[Row("LSTM a", 1, 2, 0.5, "PyTorch"), Row("LSTM b", 4, 2, 2.0, "PyTorch"), Row("GRU a", 1)])
    table.note_means()
    assert table.notes == ["LSTM against PyTorch: geometric mean 1.00 over 2 sizes"]


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"memory", "imports"}))  # these start other processes
def test_each_table_runs_and_has_numbers(name):
    table = TABLES[name](True)
    assert table.rows
    assert all(row.ours > 0 and (row.theirs is None or row.theirs > 0) for row in table.rows)
    assert table.title in str(table)


def test_the_command_writes_json(tmp_path, capsys):
    file = tmp_path / "times.json"
    main(["--quick", "--only", "node-memory", "--json", str(file)])
    written = json.loads(file.read_text())
    assert list(written["tables"]) == ["node-memory"]
    assert "numpy" in written["versions"]
    assert "Memory per node" in capsys.readouterr().out


def test_the_plot_is_drawn(tmp_path):
    pytest.importorskip("matplotlib")
    file = tmp_path / "cost.svg"
    main(["--quick", "--only", "chain", "--plot", str(file)])
    assert file.read_text(encoding="utf-8").startswith("<?xml")
