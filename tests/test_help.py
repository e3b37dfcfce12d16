"""Help: what `help(tinygrad_rnn)` says, and what a misspelt name is answered with."""

import re
import types

import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn

GROUPS = tg.__doc__.split("\n\n")[3]


def test_the_package_lists_its_public_names_and_no_others():
    said = set(re.findall(r"\w+", re.sub(r"^\w+ +", "", GROUPS, flags=re.M))) - {"and", "their", "_like"}
    said |= {f"{name}_like" for name in ("zeros", "ones", "empty", "full")}
    public = {
        name
        for name, value in vars(tg).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType) and name != "TYPE_CHECKING"
    }
    public |= {"fit", "compare", "draw", "summary", "save", "load", "as_torch", "from_torch", "to_torch"}
    assert public - said == set()
    assert said - public == set()


@pytest.mark.parametrize(
    ("module", "wrong", "right"),
    [(tg, "sigmod", "sigmoid"), (tg, "Tensr", "Tensor"), (nn, "LTSM", "LSTM"), (nn, "Liner", "Linear"), (nn.functional, "sofmax", "softmax")],
)  # fmt: skip
def test_a_misspelt_name_gets_the_nearest(module, wrong, right):
    with pytest.raises(AttributeError, match=rf"{module.__name__}.*no attribute '{wrong}'.*did you mean .*{right}"):
        getattr(module, wrong)


def test_a_name_like_no_other_gets_no_hint():
    with pytest.raises(AttributeError, match=r"no attribute 'qqqqq'$"):
        tg.qqqqq


def test_plots_are_there_without_a_further_import():
    assert callable(tg.viz.plots.loss_curves)
