"""All tests are shared by several processes, and by no more than that; what one looks into stays in this one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from .conftest import processes

WHOLE = {"numprocesses": None, "usepdb": False, "trace": False, "capture": "fd", "collectonly": False, "keyword": ""}


def asked(named: bool = False, **options: Any) -> Any:
    """The configuration of a call of pytest."""
    source = pytest.Config.ArgsSource
    return SimpleNamespace(
        args_source=source.ARGS if named else source.TESTPATHS, option=SimpleNamespace(**{**WHOLE, **options})
    )


@pytest.fixture(autouse=True)
def the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)


@pytest.mark.parametrize(("cores", "expected"), [(1, 0), (2, 2), (4, 4), (64, 4)])
def test_all_tests_are_shared(cores: int, expected: int) -> None:
    assert processes(asked(), cores) == expected


@pytest.mark.parametrize(
    "options", [{"named": True}, {"keyword": "lstm"}, {"usepdb": True}, {"trace": True}, {"capture": "no"}, {"collectonly": True}, {"numprocesses": 0}, {"numprocesses": 8}]
)  # fmt: skip
def test_the_rest_is_left_as_it_was_asked_for(options: dict[str, Any]) -> None:
    assert processes(asked(**options), 8) == 0


def test_without_pytest_xdist_there_is_one_process() -> None:
    config = asked()
    del config.option.numprocesses
    assert processes(config, 8) == 0


def test_a_process_that_shares_starts_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Or each of those would start more."""
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw0")
    assert processes(asked(), 8) == 0
