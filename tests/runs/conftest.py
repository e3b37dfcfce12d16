"""Signals as in a terminal, also where the tests were started by nohup."""

import os
import signal

import pytest


@pytest.fixture(autouse=True, scope="package")
def sighup_is_not_ignored():
    """Processes that the tests start inherit it."""
    if os.name != "posix":
        yield
        return
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)
