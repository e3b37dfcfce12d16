"""The ways out of the demo, each as a process: the exit status, one line and no traceback, and a checkpoint that is whole.

All run at once. `python -m tests.runs.random_moments` tries each way at ten random moments; it takes a quarter of an hour.
"""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.data import standard_library_text

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")
FOR_EVER = 1_000_000
# draws nothing until it is stopped: else it may be at its end before the second signal
HELD = """
import sys, time
from tinygrad_rnn import demo
from tinygrad_rnn_start import main

demo.plot_losses = lambda *arguments: time.sleep(3600)
sys.exit(main())
"""
WAYS = ("Ctrl-C", "Ctrl-C twice", "SIGTERM", "SIGHUP", "SIGKILL", "closed pipe", "full output")


class Demo:
    """The demo as a process, on a short text, with its results in `out`."""

    def __init__(self, folder, text, steps, encoding="utf-8", program=("-m", "tinygrad_rnn"), **streams):
        self.out = folder / "out"
        command = [sys.executable, *program, "demo", "--text", str(text), "--steps", str(steps)]
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "OPENBLAS_NUM_THREADS": "1"}
        self.seen = {"stdout": b"", "stderr": b""}
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        self.process = subprocess.Popen([*command, "--out", str(self.out)], env=environment, **streams)

    def wait_for(self, words, stream="stderr"):
        """Read a stream until `words` were in it, or to its end."""
        while words not in self.seen[stream] and (part := os.read(getattr(self.process, stream).fileno(), 4096)):
            self.seen[stream] += part

    def end(self):
        """What the process left: its status, the losses in its checkpoint, and all that it printed."""
        for stream, text in zip(("stdout", "stderr"), self.process.communicate(timeout=300), strict=True):
            self.seen[stream] += text or b""
        self.status = self.process.returncode
        self.losses = tg.load(self.out / "checkpoint.tgr")["losses"]
        self.files = sorted(os.listdir(self.out))
        self.said = self.seen["stderr"].decode("utf-8", "replace").splitlines()[-1]
        assert b"Traceback" not in self.seen["stdout"] + self.seen["stderr"]


def leave(demo, way):
    """Go the way out while it trains."""
    if way in ("closed pipe", "full output"):
        return  # from the start
    demo.wait_for(b"nats")
    if way.startswith("Ctrl-C"):
        demo.process.send_signal(signal.SIGINT)
        if way == "Ctrl-C twice":
            demo.wait_for(b"stopped after", "stdout")
            demo.process.send_signal(signal.SIGINT)
    else:
        demo.process.send_signal(signal.Signals[way])


@pytest.fixture(scope="module")
def demos(tmp_path_factory):
    """Every way out, gone."""
    text = tmp_path_factory.mktemp("text") / "text.txt"
    text.write_text("“Typographic” – " + standard_library_text()[:5000], encoding="utf-8")
    with contextlib.ExitStack() as stack:
        found = {}
        for way in WAYS:
            streams, steps, encoding = {}, FOR_EVER, "ascii"
            program = ("-c", HELD) if way == "Ctrl-C twice" else ("-m", "tinygrad_rnn")
            if way == "full output":
                streams, steps = {"stdout": stack.enter_context(open("/dev/full", "w"))}, 2
            if way == "closed pipe":
                reading, writing = os.pipe()
                os.close(reading)
                streams, steps = {"stdout": writing}, 2
            found[way] = Demo(tmp_path_factory.mktemp("run"), text, steps, encoding, program, **streams)
            stack.callback(found[way].process.kill)
            if way == "closed pipe":
                os.close(writing)
        for way, demo in found.items():
            leave(demo, way)
        for demo in found.values():
            demo.end()
        yield found


def test_ctrl_c_ends_training_and_shows_what_was_trained(demos):
    demo = demos["Ctrl-C"]
    assert demo.status == 130
    assert 0 < len(demo.losses) < FOR_EVER
    assert f"stopped after {len(demo.losses)} of {FOR_EVER} steps".encode() in demo.seen["stdout"]
    assert demo.files == ["checkpoint.tgr", "graph.svg", "loss.png"]
    assert demo.seen["stdout"].splitlines()[-1].decode().startswith(f"wrote {demo.out / 'checkpoint.tgr'}, ")


@pytest.mark.parametrize(("way", "status"), [("Ctrl-C twice", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_the_others_save_and_stop(demos, way, status):
    demo = demos[way]
    assert demo.status == status
    assert 0 < len(demo.losses) < FOR_EVER
    assert "checkpoint.tgr" in demo.files
    kept = f"{demo.out / 'checkpoint.tgr'} holds {len(demo.losses)} of {FOR_EVER} steps"
    assert demo.said == f"tinygrad-rnn demo: stopped by {way.removesuffix(' twice')}; {kept}"


def test_a_kill_leaves_a_whole_checkpoint(demos):
    assert demos["SIGKILL"].status == -signal.SIGKILL
    assert [name for name in demos["SIGKILL"].files if not name.startswith(".saving-")] == ["checkpoint.tgr"]


@pytest.mark.parametrize(("way", "status", "why"), [("closed pipe", 141, "Broken pipe"), ("full output", 1, "No space left on device")])  # fmt: skip
def test_output_that_is_lost_costs_nothing_else(demos, way, status, why):
    demo = demos[way]
    assert (demo.status, len(demo.losses)) == (status, 2)
    assert demo.files == ["checkpoint.tgr", "graph.svg", "loss.png"]
    kept = f"{demo.out / 'checkpoint.tgr'} holds 2 of 2 steps"
    assert demo.said == f"tinygrad-rnn demo: its output was lost: {why}; {kept}"


def test_an_ascii_terminal_shows_plain_letters_for_the_rest(demos):
    assert demos["Ctrl-C"].seen["stdout"].isascii()
    assert demos["Ctrl-C"].seen["stderr"].isascii()
