"""The chain rule written out: every term of the worked example against its numbers."""

from __future__ import annotations

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, study

from .graphs import KINDS, W_HH, W_HY, WORKED
from .test_contributions import BY_USE

TOTAL = [[0.118552, -0.117475], [0.462428, -0.670841], [-0.114218, 0.228382], [0.608676, -0.999501]]
H = [[0.282135, -0.197375], [0.176876, 0.089287], [-0.189416, 0.022328], [0.091627, -0.127087]]
DELTA = [[-0.777197, -0.298968], [-0.009438, -1.017008], [-1.072454, 0.112570], [0.116449, -1.147483]]


@pytest.mark.parametrize("kind", WORKED)
def test_every_term_of_the_worked_example(kind):
    graph = WORKED[kind]()
    work = study.show_work(graph.loss, graph.weight)
    states = {term.step: term for term in work.terms if term.kind == "state"}
    assert list(states) == [3, 2, 1, 0]
    slopes = {term.step: term.numbers[-1].ravel() for term in work.terms if term.kind == "slope"}
    for t in range(4):
        np.testing.assert_allclose(states[t].numbers[-1].ravel(), TOTAL[t], atol=2e-6)
        np.testing.assert_allclose(slopes[t], (1 - np.square(H[t])) * TOTAL[t], atol=3e-6)
        if t < 3:
            directly, back, _ = (part.ravel() for part in states[t].numbers)
            np.testing.assert_allclose(directly, W_HY.T @ DELTA[t], atol=3e-6)
            np.testing.assert_allclose(back, W_HH.T @ slopes[t + 1], atol=3e-6)
    uses = {term.step: term.numbers[-1] for term in work.terms if term.kind == "use"}
    for t in range(4):
        np.testing.assert_allclose(uses[t], BY_USE[t], atol=6e-7)
    assert work.terms[-1].kind == "sum"
    np.testing.assert_allclose(work.terms[-1].numbers[-1], sum(np.array(use) for use in BY_USE), atol=2e-6)


def test_text_markdown_and_latex():
    graph = WORKED["loop"]()
    work = study.show_work(graph.loss, graph.weight)
    text = work.text()
    assert text.startswith("t = 3\n")
    assert "0.608676, -0.999501" in text
    assert "(1 - h_2²) ⊙ ∂L/∂h_2 = [" in text
    assert "∂L/∂W by its use at t=1 = [[0.126385, -0.088416], [-0.187759, 0.131352]]" in text
    assert work.markdown().count("### t = ") == 4
    latex = work.latex()
    assert latex.count("&=") == len(work.terms)
    assert latex.count("{") == latex.count("}")
    assert r"\begin{bmatrix} 0.126385 & -0.088416 \\ -0.187759 & 0.131352 \end{bmatrix}" in latex
    assert work.plot()._repr_png_().startswith(b"\x89PNG")
    assert len(work.table()) == len(work.terms)


def test_states_sum_in_gated_cells_and_long_graphs_are_refused():
    tg.manual_seed(0)
    graph = KINDS["LSTM"]()
    work = study.show_work(
        graph.others["module"](tg.randn(3, 1, 3, dtype=tg.float64))[0].sum(), graph.others["module"].bias_hh_l0
    )
    sums = [term.numbers for term in work.terms if len(term.numbers) == 3 and term.kind == "state"]
    assert len(sums) == 4  # h and c at two steps
    for directly, back, whole in sums:
        np.testing.assert_allclose(directly + back, whole, rtol=1e-12)
    with pytest.raises(ValueError, match=r"20 steps are too many to write out; it takes 12"):
        rnn = nn.RNN(2, 4)
        study.show_work(rnn(tg.randn(20, 1, 2))[0].sum(), rnn.weight_hh_l0)


def test_of_large_states_the_first_numbers_are_written():
    tg.manual_seed(0)
    rnn = nn.RNN(3, 6).double()
    work = study.show_work(rnn(tg.randn(2, 1, 3, dtype=tg.float64))[0].sum(), rnn.weight_hh_l0)
    total = work.terms[-1].numbers[-1]
    assert total.shape == (6, 6)
    row = ", ".join(f"{x:.6f}" for x in total[0, :3])
    assert f"= [[{row}, …], [" in work.text().splitlines()[-1]
    assert work.text().splitlines()[-1].endswith(", …], …]")
    last = work.terms[-1].as_latex()
    assert last.endswith(r" & \cdots \\ \vdots \end{bmatrix}")
    assert " & ".join(f"{x:.6f}" for x in total[0, :3]) + r" & \cdots \\" in last
    assert "…" not in work.terms[0].as_text()  # six numbers of h
