"""The benchmarks run, and their clock compares what it says; what they measure is no part of any verdict here."""

from __future__ import annotations

import inspect
import json
import re
import shutil
import subprocess
import sys
import time

import pytest

from benchmarks import against, attention, layers, ops, training
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


@pytest.mark.parametrize("name", sorted(set(TABLES) - {"memory", "imports", "pictures"}))  # these start other processes
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


# --- two checkouts in one run ----------------------------------------------------------------------------


def _checkout(folder, changed: str):
    """A copy of this checkout's package, with lines added at its end."""
    shutil.copytree(
        against.ROOT / "tinygrad_rnn", folder / "tinygrad_rnn", ignore=shutil.ignore_patterns("__pycache__")
    )
    with open(folder / "tinygrad_rnn" / "__init__.py", "a", encoding="utf-8") as file:
        file.write(changed)
    return folder


SLOW_SUM = """
import time
def _slow_sum(self, fast=Tensor.sum):
    end = time.process_time() + 0.02
    while time.process_time() < end:
        pass
    return fast(self)
Tensor.sum = _slow_sum
"""


def test_a_slower_checkout_is_seen_in_the_rows_that_it_slows(tmp_path):
    table = against.against(str(_checkout(tmp_path, SLOW_SUM)), ["chain", "nodes", "inference"], quick=True)
    ratio = {row.what: row.ratio for row in table.rows}
    assert ratio["100 multiplications, forward and backward"] < 0.5
    assert ratio["LSTM no_grad T=20 B=1 I=8 H=16"] > 0.25
    assert table.notes[0].startswith("geometric mean 0.")
    assert table.notes[0].endswith("over 3 rows; highest " + f"{max(ratio.values()):.3f}: {max(ratio, key=ratio.get)}")


def test_a_row_that_a_checkout_cannot_run_is_named_and_left_out(tmp_path):
    old = _checkout(tmp_path, "del nn.LSTMCell, nn.recurrent\nprint('a line that is no answer')\n")
    table = against.against(str(old), ["ways", "nodes"], quick=True)
    assert [row.what for row in table.rows] == ["chain of 1,000 nodes"]
    assert "left out: LSTMCell T=20 B=1 I=8 H=16: AttributeError" in table.notes[1]
    assert str(old) in table.notes[1]


def test_a_folder_without_the_package_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="has no tinygrad_rnn in it"):
        against.against(str(tmp_path), None, quick=True)
    with pytest.raises(SystemExit, match="no rows in memory"):
        against.against(str(against.ROOT), ["memory"], quick=True)


def test_a_checkout_that_does_not_start_is_named(tmp_path, capfd):
    with pytest.raises(SystemExit, match=r"the worker for .* ended"):
        against.against(str(_checkout(tmp_path, "raise ImportError('broken here')")), ["chain"], quick=True)
    assert "broken here" in capfd.readouterr().err


def test_the_rows_come_from_public_names_and_the_quick_ones_are_among_them():
    quick, whole = against.rows(True), against.rows(False)
    assert list(quick) == list(whole)
    assert set(quick) <= set(TABLES)
    assert all(set(quick[table]) < set(whole[table]) or len(whole[table]) == 1 for table in quick)
    used = "".join(inspect.getsource(module) for module in (against, attention, layers, ops, training))
    assert not re.findall(r"(?:\btg|\blibrary|\blib)\._[a-z]+", used)


def test_the_clock_counts_processes_that_a_job_starts():
    start = against.clock()
    subprocess.run([sys.executable, "-c", "sum(range(2_000_000))"], check=True)
    assert against.clock() - start > 0.01


def test_the_command_compares_with_another_checkout(capsys):
    main(["--quick", "--only", "inference", "--against", str(against.ROOT)])
    assert f"This checkout against {against.ROOT}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--against", str(against.ROOT), "--plot", "cost.svg"])
