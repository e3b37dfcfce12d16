"""Compiled kernels in the world: no place for what was compiled, threads, forks, Ctrl-C while compiling and while running."""

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.kernels import choice
from tinygrad_rnn.kernels.choice import GRU, LSTM, kernels_used

pytestmark = pytest.mark.skipif(not choice.twins(), reason="numba is not installed")

START = """
import sys
import numpy as np
import tinygrad_rnn as tg
from numba.core import caching, event
from tinygrad_rnn.kernels import choice
"""
END = """
x = tg.ones(3, 2, 2, requires_grad=True)
layer = tg.nn.RNN(2, 3)

def gradient():
    x.grad = None
    layer(x)[0].sum().backward()
    return x.grad.numpy()

if interrupted:
    try:
        layer(x)
    except KeyboardInterrupt:
        print("interrupted")
    else:
        raise SystemExit("no interrupt")
    assert choice._ready == {}
compiled = gradient()
assert choice.kernels_used() == {"rnn": "compiled"}, choice.state_of_kernels()
with tg.use_kernels("numpy"):
    np.testing.assert_allclose(compiled, gradient(), rtol=1e-5, atol=1e-6)
"""
NO_FOLDER = """
getattr(caching, "CacheImpl", getattr(caching, "_CacheImpl", None))._locator_classes = []
interrupted = True

class Impatient(event.Listener):
    seen = 0
    def on_start(self, event):
        self.seen += 1
        if self.seen == 2:  # in the middle
            raise KeyboardInterrupt
    def on_end(self, event):
        pass

event.register("numba:compile", Impatient())
"""
FULL = """
def full(*args):
    raise OSError("the disk is full")

caching.IndexDataCacheFile.save = full
interrupted = False
"""


@pytest.mark.parametrize(("trouble", "said"), [(NO_FOLDER, "interrupted\n"), (FULL, "")])
def test_nowhere_to_keep_what_was_compiled_and_ctrl_c_meanwhile(trouble, said, tmp_path):
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", START + trouble + END]
    run = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (run.returncode, run.stdout) == (0, said), run.stderr


def inputs(seed, steps=50):
    """x, states and weights of an LSTM with B=2, I=3, H=8, and the gradients from outside."""
    rng = np.random.default_rng(seed)
    shapes = [(steps, 2, 3), (2, 8), (2, 8), (32, 3), (32, 8), (32,), (32,)]
    x, h, c, *weights = [rng.normal(size=s).astype("float32") for s in shapes]
    return x, (h, c), tuple(weights)


def numbers(seed, steps=50):
    """What an LSTM gives on them, forward and back."""
    x, states, weights = inputs(seed, steps)
    outputs, lease = LSTM.forward(x, states, weights, False, True)
    return [*outputs, *LSTM.backward(lease, outputs[0], None, None)]


def same(these, those):
    return all((a == b).all() for a, b in zip(these, those, strict=True))


def test_eight_threads_whose_first_call_it_is(monkeypatch):
    monkeypatch.setattr(choice, "_ready", {})
    results = {}
    barrier = threading.Barrier(8)

    def work(k):
        barrier.wait()
        results[k] = [numbers(k) for _ in range(20)]

    workers = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert kernels_used()["lstm"] == "compiled"
    for k in range(8):
        alone = numbers(k)
        assert len(results[k]) == 20
        assert all(same(result, alone) for result in results[k])


FORK = """
import os
import tinygrad_rnn as tg
from tinygrad_rnn.kernels import choice
layer, x = tg.nn.LSTM(3, 4), tg.ones(5, 2, 3)
before = layer(x)[0].array
child = os.fork()
if child == 0:
    same = (layer(x)[0].array == before).all()
    tg.nn.RNN(3, 4)(x)[0].sum().backward()  # not met before
    os._exit(0 if same and choice.kernels_used() == {"lstm": "compiled", "rnn": "compiled"} else 1)
assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_runs_them_too():
    assert subprocess.run([sys.executable, "-c", FORK], timeout=300).returncode == 0


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timer")
def test_ctrl_c_during_a_kernel_leaves_nothing_behind():
    def stop(*args):
        raise KeyboardInterrupt

    before, expected = signal.signal(signal.SIGALRM, stop), numbers(0, 3_000)
    try:
        for after in (0.001, 0.004, 0.02):
            with pytest.raises(KeyboardInterrupt):
                signal.setitimer(signal.ITIMER_REAL, after)
                while True:
                    numbers(0, 3_000)
            assert same(numbers(0, 3_000), expected)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_other_types_and_empty_inputs_fall_to_numpy():
    x = np.ones((2, 0, 3), "float32")
    GRU.forward(x, (np.ones((0, 2), "float32"),), tuple(np.ones(s, "float32") for s in [(6, 3), (6, 2), 6, 6]), False, False)  # fmt: skip
    assert kernels_used()["gru"] == "numpy"
    with tg.use_kernels("compiled"):
        tg.nn.GRU(3, 2, dtype=tg.float16)(tg.ones(2, 1, 3, dtype=tg.float16))  # runs in float32
    assert kernels_used()["gru"] == "compiled"
