"""Any terminal takes the output, and the loss of one stops nothing."""

import errno
import io
import os
import subprocess
import sys

import pytest

from tinygrad_rnn.runs import Terminal
from tinygrad_rnn.runs.terminal import Output

SAID = "“quoted” – naïve · σ 日本"
SHOWN = {
    "ascii": '"quoted" - naive * sigma ??',
    "cp1252": "“quoted” – naïve · sigma ??",
    "cp932": "“quoted” - naive * σ 日本",
    "utf-8": SAID,
}


@pytest.mark.parametrize("encoding", SHOWN)
def test_characters_that_a_terminal_lacks_become_plain_ones(encoding):
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding=encoding))
    print(SAID, file=output)
    assert raw.getvalue().decode(encoding) == SHOWN[encoding] + "\n"
    assert output.encoding == encoding


def test_a_name_that_is_no_text_is_printed():
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding="utf-8"))
    print(os.fsdecode(b"caf\xe9"), file=output)
    assert raw.getvalue() == b"caf?\n"


class Broken(io.StringIO):
    """A stream that fails from its n-th write on."""

    def __init__(self, good, number):
        super().__init__()
        self.good, self.number = good, number

    def write(self, text):
        self.good -= 1
        if self.good < 0:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(text)


@pytest.mark.parametrize(("number", "status"), [(errno.EPIPE, 141), (errno.ENOSPC, 1), (errno.EIO, 1)])
def test_a_stream_that_fails_is_given_up_and_the_status_says_so(monkeypatch, number, status):
    broken = Broken(2, number)
    monkeypatch.setattr(sys, "stdout", broken)
    with Terminal() as terminal:
        print("one")
        assert (terminal.status, terminal.why) == (0, "")
        print("two")
        print("three")
        assert (terminal.status, terminal.why) == (status, os.strerror(number))
    assert sys.stdout is broken
    assert broken.getvalue() == "one\n"


def test_streams_that_were_closed_from_the_start(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    with Terminal() as terminal:
        print("one")
        print("two", file=sys.stderr)
        sys.stdout.flush()
    assert terminal.status == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_nothing_is_left_for_python_to_fail_at_when_it_ends():
    program = (
        "import sys; from tinygrad_rnn.runs import Terminal\nwith Terminal() as t: print('x' * 100)\nsys.exit(t.status)"
    )
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-c", program], stdout=full, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
