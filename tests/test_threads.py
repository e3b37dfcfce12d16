"""The number of threads of matrix products can be asked for and set, as in PyTorch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import threads
from tinygrad_rnn.cli import commands
from tinygrad_rnn.cli.arguments import UsageError

pytestmark = pytest.mark.skipif(not threads.libraries(), reason="NumPy's BLAS takes no orders here")


@pytest.fixture(autouse=True)
def restored():
    before = tg.get_num_threads()
    yield
    tg.set_num_threads(before)


def test_what_was_set_is_what_numpy_uses():
    from threadpoolctl import threadpool_info

    for n in (2, 1):
        tg.set_num_threads(n)
        assert tg.get_num_threads() == n
        assert n in {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
    assert np.allclose(np.ones((300, 300)) @ np.ones((300, 300)), 300)


@pytest.mark.parametrize(
    ("wrong", "error"), [(0, RuntimeError), (-1, RuntimeError), (1.0, TypeError), (True, TypeError), ("1", TypeError)]
)
def test_anything_but_a_positive_int_is_refused_and_changes_nothing(wrong, error):
    tg.set_num_threads(1)
    with pytest.raises(error, match="set_num_threads expects"):
        tg.set_num_threads(wrong)
    assert tg.get_num_threads() == 1


def test_only_the_blas_of_numpy_is_told(monkeypatch):
    """Where NumPy brings its own; another one in the process keeps its number."""

    class Library:
        user_api, num_threads = "blas", 4

        def __init__(self, filepath):
            self.filepath = filepath

        def set_num_threads(self, n):
            self.num_threads = n

    own, other = Library("/x/site-packages/numpy.libs/libopenblas.so"), Library("/x/numpy-env/lib/libmkl_rt.so")
    monkeypatch.setattr("threadpoolctl.ThreadpoolController.select", lambda *_, **__: Found([own, other]))
    tg.set_num_threads(2)
    assert (own.num_threads, other.num_threads, tg.get_num_threads()) == (2, 4, 2)
    monkeypatch.setattr("threadpoolctl.ThreadpoolController.select", lambda *_, **__: Found([other]))
    tg.set_num_threads(3)
    assert (own.num_threads, other.num_threads, tg.get_num_threads()) == (2, 3, 3)
    monkeypatch.setattr("threadpoolctl.ThreadpoolController.select", lambda *_, **__: Found([]))
    tg.set_num_threads(3)  # nobody takes the order
    assert tg.get_num_threads() >= 1
    monkeypatch.undo()


class Found:
    def __init__(self, lib_controllers):
        self.lib_controllers = lib_controllers


def test_the_command_line_uses_one_thread_and_puts_the_number_back(monkeypatch):
    seen = []
    tg.set_num_threads(2)

    def run(arguments, ways):
        seen.append(tg.get_num_threads())
        raise UsageError("enough")

    monkeypatch.setattr(commands, "add_demo", lambda parsers: parsers.add_parser("demo").set_defaults(run=run))
    assert commands.main(["demo"]) == 2
    assert seen == [1]
    assert tg.get_num_threads() == 2


def test_importing_the_library_does_not_import_threadpoolctl():
    code = "import sys, tinygrad_rnn; sys.exit('threadpoolctl' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
