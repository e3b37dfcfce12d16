"""One small grid, trained in this process without any sweep: what every way of training it must give, to the bit."""

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn.comparing.grid import grid
from tinygrad_rnn.comparing.one_run import finish

from .small import GRID


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """The text, the CSV files and the figure's numbers of a comparison that nobody disturbed."""
    out = tmp_path_factory.mktemp("whole")
    threads = tg.get_num_threads()
    tg.set_num_threads(1)
    try:
        for run in grid(**{**GRID, "options": dict(GRID["options"])}, out=out):
            assert finish(run.folder, run.config, lambda: False)["failed"] == ""
    finally:
        tg.set_num_threads(threads)
    return out
