"""The comparison with stored numbers notices what it should, and the files hold what the programs are."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg

from ..nn import programs as layers, programs_functional as functions
from ..optim import programs as optimizers
from ..parity import programs as operators, programs_printing as printing
from . import stored

TABLES = {
    "optim": optimizers.PROGRAMS,
    "nn": layers.PROGRAMS,
    "functional": functions.PROGRAMS,
    "parity": operators.PROGRAMS,
    "printing": printing.PROGRAMS,
}
X = stored.wave(3, 4)


def swapped(a, i, j):
    b = a.reshape(-1).copy()
    b[[i, j]] = b[[j, i]]
    return b.reshape(a.shape)


def changed(a, i, by):
    b = a.copy().reshape(-1)
    b[i] += by
    return b.reshape(a.shape)


@pytest.mark.parametrize(
    "other",
    [
        tg.tensor(swapped(X, 2, 7)),
        tg.tensor(changed(X, 5, 1e-4)),
        tg.tensor(changed(X, 0, np.nan)),
        tg.tensor(changed(X, 0, np.inf)),
        tg.tensor(-X),
        tg.tensor(X.reshape(4, 3)),
        tg.tensor(X.T),
        tg.tensor(X).float(),
        [tg.tensor(X)],
        [tg.tensor(X), None],
        {"x": tg.tensor(X)},
        {"y": tg.tensor(X)},
    ],
    ids=range(12),
)
def test_another_result_has_another_number(other):
    number, allowed = stored.number(tg.tensor(X))
    assert abs(stored.number(other)[0] - number) > 20 * allowed
    assert stored.number(tg.tensor(X + 1e-15))[0] == pytest.approx(number, abs=allowed)


def test_order_and_signs_of_what_is_not_finite_count():
    inf, nan = float("inf"), float("nan")
    different = [[inf, nan, 1.0], [nan, inf, 1.0], [-inf, nan, 1.0], [1.0, inf, nan]]
    numbers = [stored.number(tg.tensor(row))[0] for row in different]
    assert len({round(n, 6) for n in numbers}) == 4


def test_a_difference_is_told_and_so_is_a_program_without_numbers():
    name, case = "nn", next(iter(layers.PROGRAMS))
    given = layers.PROGRAMS[case]
    assert stored.differences(name, case, given) == []
    (line,) = stored.differences(name, case, lambda torch: given(torch) | {"output": given(torch)["output"] * 2})
    assert line.startswith(f"{case}, output: ")
    (line,) = stored.differences(name, case, lambda torch: given(torch) | {"more": 1})
    assert "['more']" in line
    (line,) = stored.differences(name, "another case", given)
    assert "python -m tests.reference.make" in line


@pytest.mark.parametrize("name", TABLES)
def test_files_and_programs_are_the_same_cases_and_small(name):
    assert sorted(stored.read(name)["cases"]) == sorted(TABLES[name])
    assert sum(path.stat().st_size for path in stored.FOLDER.iterdir()) < 300_000
