"""Training: real thresholds of quick tasks, options, truncation, divergence, and going on bit by bit as if never stopped."""

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.fitting import Diverged, Run, fit
from tinygrad_rnn.runs import environment
from tinygrad_rnn.tasks import TASKS, ConfigError
from tinygrad_rnn.tasks.scoring import METRICS, edit_distance


@pytest.fixture(autouse=True)
def seed():
    tg.manual_seed(0)


QUICK = ["echo", "latch", "counting", "tagging", "sunspots", "weather", "co2"]
FEWER = {"weather": {"batch": 16}, "co2": {"batch": 24}}  # rows: of all 64 the same is learnt in three times the time


@pytest.mark.parametrize("name", QUICK)
def test_quick_tasks_are_solved_by_their_default_models(name):
    task = TASKS[name]()
    run = fit(task.model(), task, **FEWER.get(name, {}))
    assert run.best is not None
    assert task.solved(run.best)
    test = task.score(run.model, "test")
    assert task.solved(test)
    assert task.better(test, 0.95 * task.options["test"] if "test" in task.options else task.trivial)


def test_a_pass_of_the_written_out_loop_gives_the_same_weights():
    task = tg.tasks.adding(length=10)
    run = fit(task.model(), task, steps=5, batch=8, lr=0.01, target="none")
    tg.manual_seed(0)
    model = task.model()
    optimizer = tg.optim.Adam(model.parameters(), lr=0.01)
    for step, batch in task.batches(8, steps=5):
        loss = task.loss(model(*batch.inputs), batch.y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        assert loss.item() == run.losses[step - 1]
    for (name, a), b in zip(run.model.state_dict().items(), model.state_dict().values(), strict=True):
        assert tg.equal(a, b), name


@pytest.mark.parametrize("name", TASKS)
def test_every_task_takes_steps_is_scored_drawn_and_described(name):
    small = {"words": {"least": 100}}.get(name, {})
    task = TASKS[name](**small)
    run = fit(task.model(hidden=8), task, steps=2, batch=4, evaluate_every=2, target="none")
    assert np.isfinite(run.losses).all()
    assert np.isfinite(run.best)
    assert task.about
    assert task.origin
    assert task.solved(task.threshold)
    assert task.better(task.threshold, task.trivial)
    assert task.optimal is None or task.better(task.optimal, task.threshold)
    assert run.plot().axes


@pytest.mark.parametrize(
    "cell", ["irnn", "mgu", "rhn", "peephole", "coupled", "layernorm", "tcn", "transformer", "rnn"]
)
def test_every_cell_trains_on_each_kind_of_task(cell):
    for task in (tg.tasks.adding(length=6), tg.tasks.echo(length=8, delay=2), tg.tasks.sort(length=5)):
        run = fit(task.model(cell=cell, hidden=8), task, steps=2, batch=4, evaluate_every=2, target="none")
        assert np.isfinite(run.losses).all()


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("adding", {"cell": "attention"}, "no source to look back at; use transformer"),
        ("adding", {"cell": "elman"}, "cell must be one of rnn, lstm"),
        ("captions", {"cell": "tcn"}, "a picture sets the first state, and tcn has none"),
        ("tagging", {"cell": "tcn"}, "hangs on words that follow, and a TCN sees only the past"),
        ("text", {"bidirectional": True}, "would read what is to be said"),
        ("echo", {"head": "max"}, "here each step has its own"),
        ("adding", {"cell": "gru", "init": "forget"}, "gru has no forget gate"),
        ("adding", {"cell": "tcn", "init": "orthogonal"}, "for recurrent matrices, and tcn has none"),
        ("adding", {"hidden": 0}, "at least 1, got 0"),
        ("adding", {"dropout": 1.0}, "dropout must be in 0 .. 1"),
    ],
)
def test_pairs_that_cannot_work_are_refused_with_the_reason(name, options, words):
    with pytest.raises(ConfigError, match=words):
        TASKS[name]().model(**options)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [("adding", {}, "one loss for a whole sequence"), ("speech", {}, "one loss for"), ("tagging", {}, "carries no state"), ("echo", {"cell": "tcn"}, "carries no state")],
)  # fmt: skip
def test_truncation_is_refused_where_there_is_nothing_to_cut(name, options, words):
    task = TASKS[name]()
    with pytest.raises(ConfigError, match=words):
        fit(task.model(**options), task, steps=1, tbptt=(2, 2))


def test_truncated_gradients_equal_those_of_truncated_bptt():
    """With k1 = T nothing is cut; with less the windows are those of `models.truncated_bptt`."""
    from tinygrad_rnn.models import truncated_bptt

    task = tg.tasks.echo(length=8, delay=1)
    tg.manual_seed(0)
    whole = fit(task.model(), task, steps=3, batch=4, target="none")
    tg.manual_seed(0)
    cut = fit(task.model(), task, steps=3, batch=4, tbptt=(8, 8), target="none")
    assert whole.losses == cut.losses

    task = tg.tasks.parity(length=8)
    tg.manual_seed(0)
    cut = fit(task.model(), task, steps=1, batch=4, lr=0.01, tbptt=(2, 5), clip=None, target="none")
    tg.manual_seed(0)
    model = task.model()
    optimizer = tg.optim.Adam(model.parameters(), lr=0.01)
    x, y = task.batch(0, 4).x, task.batch(0, 4).y

    def transition(pair, state):
        scores, state = model.run(pair[0].unsqueeze(1), state)
        return task.loss(scores, pair[1].unsqueeze(1)), state

    zeros = tuple(tg.zeros(1, 4, 32) for _ in range(2))
    for loss, _, window in truncated_bptt(transition, list(zip(x.unbind(1), y.unbind(1), strict=True)), zeros, 2, 5):
        optimizer.zero_grad()
        (loss / (window.end - window.first)).backward()
        optimizer.step()
    for (name, a), b in zip(cut.model.state_dict().items(), model.state_dict().values(), strict=True):
        assert tg.allclose(a, b, atol=1e-5), name


def test_the_figure_has_all_scores_to_compare_with_from_step_0_on():
    task = tg.tasks.sunspots()
    right = fit(task.model(hidden=4), task, steps=2, batch=4, target="none").plot().axes[1]
    levels = {text.get_text().rpartition(", ")[0] for text in right.get_legend().get_texts()}
    assert levels == {"", "trivial: as now", "solved", "as 11 steps ago"}
    assert [line.get_ydata()[0] for line in right.get_lines()[1:]] == [task.trivial, task.threshold, task.options["seasonal"]]  # fmt: skip
    assert right.get_xlim()[0] == 0


CASES = {
    "adding": {"schedule": "cosine"},
    "words": {"optimizer": "rmsprop"},  # a state that is carried, and dropout
    "echo": {"tbptt": (5, 10), "optimizer": "sgd"},
    "sentiment": {"schedule": "linear"},  # a fixed set
}


@pytest.mark.parametrize("name", CASES)
def test_going_on_from_a_checkpoint_gives_the_same_bits(name, tmp_path):
    """Through a file, with another model and another state of all random numbers; stopped at several moments."""
    task = TASKS[name](**({"least": 50} if name == "words" else {}))
    options = {"steps": 9, "batch": 4, "evaluate_every": 4, "target": "none", **CASES[name]}
    dropout = {"hidden": 8, "dropout": 0.3}

    def keep(run):
        tg.save(run.state_dict(), tmp_path / f"{run.step}.tgr")

    tg.manual_seed(0)
    whole = fit(task.model(**dropout), task, callbacks=[keep], **options)
    for step in (1, 4, 7, 9):
        tg.manual_seed(99)
        again = fit(task.model(**dropout), task, state=tg.load(tmp_path / f"{step}.tgr"), **options)
        assert again.step == 9
        assert again.losses == whole.losses
        for (key, a), b in zip(again.model.state_dict().items(), whole.model.state_dict().values(), strict=True):
            assert a.array.tobytes() == b.array.tobytes(), (step, key)
        for row, right in zip(again.rows, whole.rows, strict=True):
            assert {k: v for k, v in row.items() if k != "seconds"} == {
                k: v for k, v in right.items() if k != "seconds"
            }


def test_callbacks_are_plain_functions_and_can_stop():
    task = tg.tasks.adding(length=6)
    seen = []
    run = fit(task.model(), task, steps=50, callbacks=[lambda run: seen.append(run.step), lambda run: run.step == 3])
    assert seen == [1, 2, 3]
    assert (run.step, run.why) == (3, "stopped")
    assert isinstance(run, Run)


def test_a_loss_that_is_no_number_is_explained():
    task = tg.tasks.adding(length=6)
    model = task.model()
    with tg.no_grad():
        model.readout.weight.fill_(float("nan"))
    with pytest.raises(Diverged, match=r"step 1: the loss is nan; .*NaN"):
        fit(model, task, steps=3)


def test_a_loss_that_grows_a_hundredfold_is_explained():
    task = tg.tasks.adding(length=20)
    with pytest.raises(Diverged, match=r"step \d+: the loss is .*, it was .* at first; .*"):
        fit(task.model(cell="irnn"), task, steps=200, lr=10.0, optimizer="sgd", clip=None)


@pytest.mark.parametrize(("name", "value"), [("optimizer", "lbfgs"), ("schedule", "warm")])
def test_unknown_names_are_refused(name, value):
    task = tg.tasks.adding()
    with pytest.raises(ConfigError, match=rf"{name} must be one of .*, got '{value}'"):
        fit(task.model(), task, **{name: value})


def test_scores_of_a_predictor_that_knows_nothing_are_the_trivial_ones():
    """A metric that could not tell the trivial predictor from a good one would make thresholds worthless."""
    rng = np.random.default_rng(0)
    for name in ("echo", "latch", "brackets", "video", "sentiment"):
        task = TASKS[name]()
        *inputs, y = task.data.batch(0, 100, "validation")
        scores = rng.normal(size=(*y.shape, task.outputs)).astype(np.float32)
        total, count = task.metric.add_up(scores, inputs, y)
        assert total / count == pytest.approx(task.trivial, abs=0.15), name


def test_edit_distance_and_label_errors():
    assert edit_distance([1, 2, 3], [1, 3]) == 1
    assert edit_distance([], [1, 3]) == 2
    assert edit_distance([2, 1], [1, 2]) == 2
    scores = np.zeros((1, 4, 3), np.float32)
    scores[0, [0, 1, 2, 3], [1, 1, 0, 2]] = 9  # reads 1 2
    assert METRICS["label errors"].add_up(scores, [], np.array([[1, 2, 2]])) == (1.0, 3)


def test_a_run_notes_which_kernels_ran():
    task = TASKS["adding"]()
    with tg.use_kernels("numpy"):
        run = fit(task.model(hidden=4, cell="lstm"), task, steps=1, batch=2, target="none")
        assert environment()["kernels"].startswith("numpy (use_kernels)")
    assert run.state_dict()["kernels"]["lstm"] == "numpy"
