"""The benchmarks run, and their clock compares what it says; what they measure is no part of any verdict here."""

from __future__ import annotations

import functools
import inspect
import json
import re
import resource
import subprocess
import sys

import pytest

import tinygrad_rnn as tg
from benchmarks import against, attention, growth, layers, ops, summary, tasks, training
from benchmarks.__main__ import TABLES, main
from benchmarks.table import Row, Table
from benchmarks.timing import Times, compare


class Clock:
    """Goes on only where a job says so."""

    now, asked = 0.0, 0

    def __call__(self) -> float:
        return self.now

    def job(self, seconds: float):
        def work():
            self.now += seconds
            self.asked += 1

        return work


def test_ratio_of_jobs_that_take_a_known_time():
    clock = Clock()
    times = compare({"long": clock.job(0.004), "short": clock.job(0.001)}, rounds=3, clock=clock)
    assert times.ratio("long", "short") == pytest.approx(4)
    assert times.seconds("short") == pytest.approx(0.001)
    assert clock.asked == sum(2 + 3 * (1 + calls) for calls in (12, 50))  # 12 and 50 take a twentieth of a second


def test_ratios_are_formed_within_a_round():
    times = Times({"ours": [1.0, 20.0, 3.0], "theirs": [2.0, 40.0, 6.0]})  # the second round was disturbed
    assert times.ratio("ours", "theirs") == 0.5


def test_geometric_mean_by_kind_and_peer():
    table = Table("t", rows=[Row("LSTM a", 1, 2, 0.5, "PyTorch"), Row("LSTM b", 4, 2, 2.0, "PyTorch"), Row("GRU a", 1)])
    table.note_means()
    assert table.notes == ["LSTM against PyTorch: geometric mean 1.00 over 2 sizes"]


def test_the_short_table_is_put_between_its_marks(tmp_path, monkeypatch):
    monkeypatch.setattr(summary, "KERNELS", ("numpy", "compiled"))
    file = tmp_path / "page.md"
    file.write_text(f"before\n{summary.START}old\n{summary.END}\nafter\n", encoding="utf-8")
    tables = {name: Table(name) for name in summary.NEEDED}
    tables["layers"].rows = [Row(f"LSTM {k}, numpy", 1, 1, k, "PyTorch") for k in (0.5, 2.0)]
    tables["layers"].rows += [Row("LSTM a, compiled", 1, 2, 0.5, "PyTorch"), Row("LSTM a, numpy", 1, 9, 0.1, "JAX")]
    tables["chain"].rows = [Row("forward and backward", 1, 2, 0.5, "PyTorch"), Row("forward only", 1, 2, 9, "PyTorch")]
    text = summary.summary(tables, "A machine.")
    assert "| `nn.LSTM`, six sizes | **1.00** (0.50 to 2.00) | **0.50** |" in text
    assert "| 100 multiplications of 8 numbers | **0.50** | the same |" in text
    for _ in range(2):
        summary.write(str(file), text)
        assert file.read_text(encoding="utf-8") == f"before\n{summary.START}\n{text}\n{summary.END}\nafter\n"
    file.write_text("no marks", encoding="utf-8")
    with pytest.raises(ValueError, match="has no place for the table"):
        summary.write(str(file), text)


made_quickly = functools.cache(lambda name: TABLES[name](True))


@pytest.mark.parametrize(
    "name", sorted(set(TABLES) - {"memory", "imports", "pictures", "first-call"})
)  # these start other processes
def test_each_table_runs_and_has_numbers(name):
    table = made_quickly(name)
    assert table.rows
    assert all(row.ours > 0 and (row.theirs is None or row.theirs > 0) for row in table.rows)
    assert table.title in str(table)


@pytest.mark.torch
@pytest.mark.parametrize("name", tasks.NAMES)
def test_tasks_are_trained_on_the_same_model_in_both_libraries(name):
    torch = pytest.importorskip("torch")
    task = tg.tasks.TASKS[name]()
    ours, theirs = task.model(), tasks.twin(torch, task)
    theirs.load_state_dict({key: torch.from_numpy(value.numpy().copy()) for key, value in ours.state_dict().items()})
    losses = []
    for library, model in ((tg, ours), (torch, theirs)):
        *inputs, y = map(library.tensor, task.data.batch(0, 8))
        scores = model(*inputs)
        loss = tasks.loss_of(library, task.loss_kind, scores[0] if isinstance(scores, tuple) else scores, y)
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    batch = task.batch(0, 8)
    scores = ours(*batch.inputs)
    assert losses[0] == pytest.approx(task.loss(scores[0] if task.carries else scores, batch.y).item(), rel=1e-6)


def test_the_command_writes_json(tmp_path, capsys):
    file = tmp_path / "times.json"
    main(["--quick", "--only", "node-memory", "--json", str(file)])
    written = json.loads(file.read_text())
    assert list(written["tables"]) == ["node-memory"]
    assert "numpy" in written["versions"]
    assert "Memory per node" in capsys.readouterr().out


def test_the_plot_is_drawn(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    for name in growth.PANELS.values():
        monkeypatch.setitem(TABLES, name, lambda quick, table=made_quickly(name): table)
    file = tmp_path / "cost.svg"
    main(["--quick", "--only", "chain", "--plot", str(file)])
    assert file.read_text(encoding="utf-8").startswith("<?xml")


# --- two checkouts in one run ----------------------------------------------------------------------------


def _checkout(folder, changed: str):
    """This checkout's package under another path, with lines added at its end."""
    ours, package = against.ROOT / "tinygrad_rnn", folder / "tinygrad_rnn"
    package.mkdir()
    for path in ours.iterdir():
        if path.name not in ("__init__.py", "__pycache__"):
            (package / path.name).symlink_to(path)
    (package / "__init__.py").write_text((ours / "__init__.py").read_text("utf8") + changed, "utf8")
    return folder


SLOW_SUM = """
def _slow_sum(self, fast=Tensor.sum):
    for nothing in [lambda: None] * 10_000:
        nothing()
    return fast(self)
Tensor.sum = _slow_sum
"""
COUNT_CALLS = """
calls = 0
def count(frame, event, argument):
    global calls
    calls += event == "call"
against.clock = lambda: calls
sys.setprofile(count)
"""


def test_a_slower_checkout_is_seen_in_the_rows_that_it_slows(tmp_path, monkeypatch):
    """By a clock that counts calls of Python functions."""
    serve = "against.serve(answers)"
    monkeypatch.setattr(against, "WORKER", against.WORKER.replace(serve, COUNT_CALLS + serve))
    table = against.against(str(_checkout(tmp_path, SLOW_SUM)), ["chain", "nodes", "inference"], quick=True)
    ratio = {row.what: row.ratio for row in table.rows}
    assert ratio["100 multiplications, forward and backward"] < 0.5
    assert ratio["LSTM no_grad T=20 B=1 I=8 H=16"] == pytest.approx(1, rel=0.1)
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
    def of_children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    start, before = against.clock(), of_children()
    subprocess.run([sys.executable, "-c", "sum(range(2_000_000))"], check=True)
    assert against.clock() - start >= of_children() - before > 0


def test_the_command_compares_with_another_checkout(capsys):
    main(["--quick", "--only", "inference", "--against", str(against.ROOT)])
    assert f"This checkout against {against.ROOT}" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["--against", str(against.ROOT), "--plot", "cost.svg"])
