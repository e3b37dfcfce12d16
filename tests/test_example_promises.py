"""The promises of the examples that are cheap enough; `python -m tests.promises` has all of them at full size."""

import pytest

from .promises import PROMISES, printed_by
from .test_examples import EXAMPLES


def test_every_example_has_a_promise():
    assert sorted(PROMISES) == [path.stem for path in EXAMPLES]


@pytest.mark.parametrize("name", [name for name, promise in PROMISES.items() if promise.fewer])
def test_what_an_example_says_you_will_see(name, tmp_path):
    printed = printed_by(name, tmp_path, steps=PROMISES[name].fewer)
    assert PROMISES[name].kept(printed), printed


def test_a_promise_that_is_not_kept_is_seen():
    printed = "blocks  receptive field\n     1  5  5  0.1585\n     3  29  29  0.0770\n     4  61  40  0.0700\n"
    assert not PROMISES["tcn"].kept(printed)
    assert PROMISES["tcn"].kept(printed.replace("0.0700", "0.0070"))
