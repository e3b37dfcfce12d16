"""Labels are data: no name can break out of DOT, SVG or Mermaid, and what can be shown arrives unchanged."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import tinygrad_rnn as tg
from tinygrad_rnn.viz import draw
from tinygrad_rnn.viz.write.quote import LONGEST, clean, dot_text, mermaid_text, xml_text

from . import graphs

HOSTILE = [
    'say "hi"',
    "ends with a backslash\\",
    "\\N \\G \\l \\n",
    "<b>x</b>",
    "</title><script>alert(1)</script>",
    "<Wx @ h>",
    "a &lt; b &#60;script&#62;",
    "nul \x00 bell \x07",
    "lone \ud800 surrogate",
    "line\nbreak\r\ttab",
    "cell:1 {a|b} [c] ; --> -- }",
    "javascript:alert(1)",
    "]]> <!-- --> <?xml?>",
    "σ ⊙ ℝ 漢字 🙂",
    "right\u202eto left",
    "\ufffe\uffff",
    "'single' onload='x'",
    "x" * 20_000,
    "",
    " ",
]
anything = st.text(max_size=60) | st.text(alphabet='"\\<>&;\n{}|[]\x00\ud800-#:%', max_size=30)


def dot_svg(*labels):
    """For each label, through DOT, Graphviz and SVG, its lines as text again."""
    nodes = [f"n{k} [shape=box, label={dot_text(x, 'second')}, tooltip={dot_text(x)}]" for k, x in enumerate(labels)]
    source = f"digraph {{ {'; '.join(nodes)} }}"
    done = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == b""
    document = graphs.parse(done.stdout)
    assert not document.getElementsByTagName("script")
    shown = {
        group.getAttribute("id"): ["".join(n.data for n in e.childNodes) for e in group.getElementsByTagName("text")]
        for group in document.getElementsByTagName("g")
        if group.getAttribute("class") == "node"
    }
    return [shown[f"node{k + 1}"] for k in range(len(labels))]


def same(shown, label):
    """Graphviz writes several spaces as no-break spaces, and nothing for an empty line."""
    expected = [line.replace("\xa0", " ") for line in (clean(label), "second")]
    return [line.replace("\xa0", " ") for line in shown if line.strip()] == [line for line in expected if line.strip()]


@graphs.needs_dot
@pytest.mark.parametrize("label", HOSTILE, ids=range(len(HOSTILE)))
def test_graphviz_shows_the_label_itself(label):
    [shown] = dot_svg(label)
    assert same(shown, label)


@graphs.needs_dot
@settings(max_examples=10, deadline=None)
@given(st.lists(anything, min_size=6, max_size=6))  # in one picture: starting Graphviz takes longer than drawing it
def test_graphviz_shows_any_label_itself(labels):
    for shown, label in zip(dot_svg(*labels), labels, strict=True):
        assert same(shown, label)


@given(anything)
def test_xml_gives_any_label_back(label):
    document = graphs.parse(f'<a b="{xml_text(label)}">{xml_text(label)}</a>').documentElement
    assert document.getAttribute("b") == clean(label)
    assert "".join(n.data for n in document.childNodes) == clean(label)


@given(anything)
def test_clean_text_has_nothing_that_breaks(label):
    text = clean(label)
    assert len(text) <= LONGEST
    text.encode()
    assert not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in text)
    assert clean(text) == text


@given(anything)
def test_mermaid_keeps_the_label_inside_its_quotes(label):
    text = mermaid_text(label)
    assert text[0] == text[-1] == '"'
    assert not set(text[1:-1]) & set('"<>`\n[]{}|()')


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(anything)
def test_a_whole_picture_survives_any_names(label):
    w = tg.ones(2, requires_grad=True)
    w.name = label
    h = tg.ones(2)
    for t in range(3):
        with tg.scope(label), tg.step(t):
            h = (h * w).tanh()
    drawing = draw(h.sum(), names={label: h}, engine="builtin")
    document = graphs.parse(drawing.svg())
    assert not document.getElementsByTagName("script")
    drawing.text().encode()
    drawing.mermaid().encode()
    drawing.dot().encode()


@graphs.needs_dot
@pytest.mark.parametrize("label", HOSTILE, ids=range(len(HOSTILE)))
def test_a_whole_dot_file_survives_hostile_names(label):
    w = tg.ones(2, requires_grad=True)
    w.name = label
    with tg.scope(label), tg.step(0):
        h = (w * w).tanh()
    source = draw(h.sum(), names={label: h}).dot()
    done = subprocess.run(["dot", "-Tsvg"], input=source.encode(), capture_output=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert not graphs.parse(done.stdout).getElementsByTagName("script")
