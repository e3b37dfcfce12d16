"""Signals in this process: noted while training, raised otherwise, left alone where they were ignored."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from tinygrad_rnn.runs import Stopped, WaysOut

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")
SIGNALS = [("SIGINT", 130, "Ctrl-C"), ("SIGTERM", 143, "SIGTERM"), ("SIGHUP", 129, "SIGHUP")]


@pytest.fixture(autouse=True)
def handlers_are_put_back():
    """SIGTERM must not stay ignored in the process that runs the tests."""
    numbers = [getattr(signal, name) for name, *_ in SIGNALS]
    before = [signal.getsignal(number) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.mark.parametrize(("name", "status", "said"), SIGNALS)
def test_the_first_signal_is_noted_while_training_and_the_second_raises(name, status, said):
    with WaysOut() as ways:
        with pytest.raises(Stopped), ways.noted():
            assert (ways.signal, ways.status, ways.name) == (None, 0, "")
            signal.raise_signal(getattr(signal, name))
            assert (ways.signal.name, ways.status, ways.name, ways.raised) == (name, status, said, False)
            signal.raise_signal(getattr(signal, name))
        assert (ways.status, ways.raised) == (status, True)


@pytest.mark.parametrize(("name", "status", "said"), SIGNALS)
def test_anywhere_else_a_signal_raises_at_once(name, status, said):
    with WaysOut() as ways:
        with ways.noted():
            pass
        with pytest.raises(KeyboardInterrupt):  # which Stopped is
            signal.raise_signal(getattr(signal, name))
        assert (ways.status, ways.raised) == (status, True)


@pytest.mark.parametrize(("name", "status", "said"), SIGNALS)
def test_after_the_loop_ctrl_c_lets_the_program_go_on_and_the_others_do_not(name, status, said):
    saved = []
    with WaysOut() as ways:
        try:
            with ways.noted():
                signal.raise_signal(getattr(signal, name))
                saved.append("saved")
            saved.append("went on")
        except Stopped:
            assert ways.raised
    assert saved == (["saved", "went on"] if name == "SIGINT" else ["saved"])


def test_the_last_signal_counts():
    with WaysOut() as ways:
        with pytest.raises(Stopped), ways.noted():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
        assert ways.status == 143


def test_nohup_means_what_it_says_and_a_script_that_starts_programs_in_the_background_can_stop_them():
    """Both ignore a signal before the program starts."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with WaysOut() as ways:
            signal.raise_signal(signal.SIGHUP)
            assert ways.signal is None
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with WaysOut() as ways, pytest.raises(Stopped):
            signal.raise_signal(signal.SIGINT)
        assert ways.status == 130
    finally:
        signal.signal(signal.SIGINT, before)


PROGRAM = """
import atexit, signal
from tinygrad_rnn.runs import Stopped, WaysOut
atexit.register(print, "tidied up", flush=True)
with WaysOut(to_the_end=True) as ways:
    try:
        signal.raise_signal(signal.{})
    except Stopped:
        ways.ignore()
        signal.raise_signal(signal.SIGINT)
        print("said why", flush=True)
signal.raise_signal(signal.SIGTERM)
"""


@pytest.mark.parametrize(("name", "status", "said"), [("SIGTERM", 143, b"said why\n"), ("SIGWINCH", 0, b"tidied up\n")])
def test_to_its_end_a_program_ignores_signals_and_one_that_was_stopped_does_not_tidy_up(name, status, said):
    done = subprocess.run([sys.executable, "-c", PROGRAM.format(name)], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, said, b"")


def test_a_signal_that_a_finaliser_swallows_is_noted_without_a_word(capsys):
    class Swallows:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    with WaysOut() as ways:
        Swallows()
    assert (ways.status, ways.raised) == (143, True)
    assert capsys.readouterr().err == ""


def test_outside_of_the_main_thread_signals_are_left_alone():
    found = []

    def work():
        with WaysOut() as ways, ways.noted():
            found.append((ways.signal, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(None, signal.getsignal(signal.SIGINT))]
