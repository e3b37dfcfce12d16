"""What all tests share: the same random numbers in any order, and a summary that says in one line each what was skipped and why.

`pytest --reverse` runs them from the last to the first, to see that none needs another before it.
"""

from __future__ import annotations

import collections
import gc
import importlib.util
import itertools
import os
import tempfile
from typing import Any

import pytest
from hypothesis import settings

import tinygrad_rnn as tg

WITHOUT_TORCH = "PyTorch is not installed"

settings.register_profile("the same examples in every run", derandomize=True, database=None)
settings.load_profile("the same examples in every run")


begun = itertools.count(1)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Each test starts from one seed, whatever ran before it (an autouse fixture would do it in five times the time)."""
    tg.manual_seed(0)
    if next(begun) % 300 == 0:
        set_aside()


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Any:
    """Also the one before which a fixture of its whole file is made."""
    made = yield
    if fixturedef.scope != "function":
        tg.manual_seed(0)
    return made


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --reverse."""
    parser.addoption("--reverse", action="store_true", help="run the tests from the last to the first")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """The tests are shared by several processes, if pytest-xdist is there."""
    if count := processes(config, cores()):
        config.option.numprocesses, config.option.dist = count, "worksteal"
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # else threads of each wait for those of the others
            os.environ.setdefault(name, "1")


def processes(config: Any, cores: int) -> int:
    """How many share all tests: one for each core (at most 4: each collects them, and takes half a gigabyte).

    0 where this process runs them: a folder or file, tests chosen by -k, tests that one looks into; so is everything with `-n 0`.
    """
    if "PYTEST_XDIST_WORKER" in os.environ:  # this is one of those processes, or was started by one: it starts no more
        return 0
    option, named = config.option, config.args_source is pytest.Config.ArgsSource.ARGS
    looked_into = option.usepdb or option.trace or option.capture == "no" or option.collectonly
    asked = getattr(option, "numprocesses", 0) is not None  # or there is no pytest-xdist
    return 0 if asked or named or option.keyword or looked_into or cores < 2 else min(cores, 4)


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pytest_configure(config: pytest.Config) -> None:
    """Where Python may write no compiled code beside the source, the many processes that tests start share some elsewhere."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        config.add_cleanup(folder.cleanup)
        os.environ["PYTHONPYCACHEPREFIX"] = folder.name


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip comparisons where there is nothing to compare with."""
    if importlib.util.find_spec("torch") is None:
        for item in items:
            if item.get_closest_marker("torch"):
                item.add_marker(pytest.mark.skip(reason=WITHOUT_TORCH))
    if config.getoption("reverse"):
        items.reverse()


def pytest_collection_finish() -> None:
    """The collected tests."""
    set_aside()


def set_aside() -> None:
    """Thousands of tests and reports stay to the end: the garbage collector, which many tests call, need not visit them."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """One line for each reason: how many tests, and whole files of tests, it skipped."""
    tests, files = collections.Counter(), collections.Counter()
    for report in terminalreporter.stats.get("skipped", ()):
        counted = files if isinstance(report, pytest.CollectReport) else tests
        counted[_reason(report)] += 1
    for reason in sorted(tests | files):
        counts = [f"{n:,} {what}" for n, what in ((tests[reason], "tests"), (files[reason], "files of tests")) if n]
        terminalreporter.write_line(f"{reason}: {' and '.join(counts)} skipped")


def _reason(report: Any) -> str:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return WITHOUT_TORCH if "could not import 'torch'" in reason else reason.removeprefix("Skipped: ")
