"""Every task solved by its default model: a table with scores and processor times. Takes minutes, and is not run by pytest.

    python -m tests.tasks.solve_all [TASK ...] [--seed 0]

Exit status 1 if a task is not solved, on the validation and on the test part, or takes more than two minutes of processor time. Write the times into tasks/times.py.
"""

import argparse
import sys

import tinygrad_rnn as tg
from tinygrad_rnn.tasks import TASKS


def main() -> int:
    """Train, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=[], metavar="TASK", help=", ".join(TASKS))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tg.set_num_threads(1)
    tg.warm_up()  # no task pays for the compiled kernels of all
    bad = 0
    print(f"{'task':15}{'cell':>12}{'weights':>9}{'trivial':>12}{'threshold':>12}{'held out':>12}{'test':>12}{'steps':>7}{'seconds':>9}")  # fmt: skip
    for name in options.tasks or TASKS:
        tg.manual_seed(options.seed)
        task = TASKS[name](seed=options.seed)
        model = task.model()
        run = tg.fit(model, task)
        test = task.score(model, "test")
        wrong = run.best is None or not task.solved(run.best) or not task.solved(test) or run.seconds > 120
        bad += wrong
        weights = sum(p.numel() for p in model.parameters())
        scores = [task.trivial, task.threshold, run.best, test]
        print(
            f"{name:15}{task.defaults['cell']:>12}{weights:9,}{''.join(f'{task.metric.shown(s):>12}' for s in scores)}"
            f"{run.step:7,}{run.seconds:9.1f}{'  NOT SOLVED IN TIME' if wrong else ''}",
            flush=True,
        )
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
