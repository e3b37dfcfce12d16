"""A claim that is stopped, or of which runs fail: the same command goes on, and repeats nothing."""

from typing import ClassVar

import numpy as np
import pytest

from tinygrad_rnn.claims import CLAIMS
from tinygrad_rnn.claims.claim import Claim, Trial
from tinygrad_rnn.cli import main


class Counted(Claim):
    """Three runs a seed, of which some may be told to fail; it notes what was run."""

    name, lecture, says, about = "counted", "000", "something", "nothing"
    ran: ClassVar[list[int]] = []
    fails: ClassVar[dict[int, BaseException]] = {}

    @classmethod
    def trials(cls, effort):
        before = None
        for k in range(3):
            before = yield Trial(cls.run, {"k": k})
            assert before is None or before["k"] == k

    @classmethod
    def run(cls, k):
        cls.ran.append(k)
        if k in cls.fails:
            raise cls.fails[k]
        return {"value": np.float64(k / 3), "right": k > 0}


@pytest.fixture
def counted(monkeypatch):
    monkeypatch.setattr(Counted, "ran", [])
    monkeypatch.setattr(Counted, "fails", {})
    return Counted


def test_a_stopped_claim_goes_on_and_repeats_nothing(counted, tmp_path):
    counted.fails[2] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        counted.tried(keep=tmp_path / "part")
    counted.fails.clear()
    rows = counted.tried(keep=tmp_path / "part").rows
    assert counted.ran == [0, 1, 2, 2]
    assert rows == [{"k": k, "value": k / 3, "right": k > 0} for k in range(3)]


def test_a_failed_run_loses_no_other_and_is_tried_again(counted, tmp_path):
    counted.fails[1] = ValueError("no")
    with pytest.raises(RuntimeError, match=r"^1 of 3 runs failed: k 1: ValueError: no$"):
        counted.tried(keep=tmp_path / "part")
    counted.fails.clear()
    assert len(counted.tried(keep=tmp_path / "part").rows) == 3
    assert counted.ran == [0, 1, 2, 1]
    counted.fails[1] = ValueError("no")
    with pytest.raises(ValueError, match=r"^no$"):  # where nothing is kept
        counted.tried()


def test_rows_of_another_effort_or_of_a_broken_file_do_not_count(counted, tmp_path):
    counted.tried(quick=True, keep=tmp_path / "part")
    counted.tried(keep=tmp_path / "part")
    assert counted.ran == [0, 1, 2] * 2
    for text in ("", "[]", "{"):
        (tmp_path / "part").write_text(text)
        counted.tried(keep=tmp_path / "part")
    assert counted.ran == [0, 1, 2] * 5


def test_a_failed_run_by_command(counted, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(CLAIMS, "range", counted)
    counted.fails[1] = ValueError("no")
    assert main(["claim", "range", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "tinygrad-rnn claim: error: 1 of 3 runs failed: k 1: ValueError: no",
        "the others are kept, and the same command goes on",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["claim-range.part"]
