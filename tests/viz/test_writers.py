"""Files and engines: every form is valid, works without Graphviz where it must, and never hangs."""

from __future__ import annotations

import cProfile
import errno
import os
import subprocess

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import record
from tinygrad_rnn.viz import DrawError, draw
from tinygrad_rnn.viz.write import dot as graphviz

from . import graphs

VIEWS = ["op", "folded", "rolled", "module", "backward"]
GRAPHS = {"scalar": graphs.scalar, "rnn": lambda: graphs.rnn(10), "lstm": lambda: graphs.lstm(4), "block": graphs.block}


@pytest.fixture
def no_graphviz(monkeypatch):
    monkeypatch.setattr(graphviz, "find_engine", lambda: "")


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("engine", ["builtin", pytest.param("dot", marks=graphs.needs_dot)])
def test_every_view_is_xml_and_no_box_overlaps_another(name, view, engine):
    output, names = GRAPHS[name]()
    drawing = draw(output, names=names, view=view, engine=engine, grads=True)
    graphs.well_formed(drawing.svg())
    assert drawing.engine == engine
    for tile in drawing.picture.tiles:
        for k, a in enumerate(tile.boxes):
            for b in tile.boxes[:k]:
                apart = abs(a.x - b.x) >= (a.w + b.w) / 2 - 1 or abs(a.y - b.y) >= (a.h + b.h) / 2 - 1
                assert apart, (a.lines, b.lines)
    for arrow in drawing.picture.arrows():
        assert len(arrow.points) % 3 == 1


@graphs.needs_dot
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", GRAPHS)
def test_graphviz_takes_the_dot_text(name, view):
    output, names = GRAPHS[name]()
    text = draw(output, names=names, view=view, grads=True).dot()
    done = subprocess.run(["dot", "-Tsvg"], input=text.encode(), capture_output=True, timeout=60, check=False)
    assert done.returncode == 0
    assert done.stderr == b""
    graphs.well_formed(done.stdout)


def test_dot_has_a_cluster_per_step_and_marks_cuts_and_shared_parameters():
    with record():
        output, names = graphs.rnn(4, cut_every=2)
    drawing = draw(output, names=names)
    text = drawing.source
    assert text.count("subgraph cluster_") == 4 + 1  # the steps, and what follows them
    assert text.count('class="cut"') == 1
    W = drawing.picture.parameters[0][0]
    assert text.count(f'param="{W}"') == 4 + 1  # one chip per step, one in the legend
    assert text.count('label="t = 3"') == 1


def test_svg_needs_nothing(no_graphviz, tmp_path):
    drawing = draw(graphs.lstm(3)[0])
    assert drawing.engine == "builtin"
    for suffix in (".svg", ".dot", ".gv", ".mmd", ".txt"):
        assert drawing.save(tmp_path / f"g{suffix}").stat().st_size > 100


def test_an_empty_path_finds_no_dot_and_still_draws(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(graphs.lstm(3)[0])
    assert drawing.engine in ("builtin", "pygraphviz")
    graphs.well_formed(drawing.svg())


@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_png_and_pdf_without_graphviz_say_what_to_install(no_graphviz, suffix, tmp_path):
    with pytest.raises(DrawError, match=f"{suffix.upper()} needs Graphviz") as error:
        draw(graphs.scalar()[0], tmp_path / f"g.{suffix}")
    for word in ("apt install graphviz", "pip install", "g", ".svg", ".dot", "tried"):
        assert word in str(error.value)
    assert not (tmp_path / f"g.{suffix}").exists()


@graphs.needs_dot
@pytest.mark.parametrize(("suffix", "magic"), [("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_png_and_pdf_with_graphviz(suffix, magic, tmp_path):
    drawing = draw(graphs.lstm(3)[0], grads=True)
    assert drawing.save(tmp_path / f"g.{suffix}").read_bytes().startswith(magic)


@graphs.needs_dot
def test_a_png_too_wide_for_any_writer_is_refused(tmp_path):
    with pytest.raises(DrawError, match="pixels wide"):
        draw(graphs.lstm(100)[0], tmp_path / "g.png", view="op")


def test_an_unknown_suffix_names_the_known_ones(tmp_path):
    with pytest.raises(DrawError, match=r"cannot write '.jpg': use one of .svg, "):
        draw(graphs.scalar()[0], tmp_path / "g.jpg")


def a_dot_that(tmp_path, monkeypatch, does):
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


@pytest.mark.parametrize(("suffix", "magic"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_pygraphviz_replaces_the_program(monkeypatch, tmp_path, suffix, magic):
    pytest.importorskip("pygraphviz")
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(graphs.lstm(3)[0])
    assert drawing.save(tmp_path / f"g.{suffix}").read_bytes().startswith(magic)
    assert drawing.engine == "pygraphviz"


def test_a_layout_that_takes_too_long_is_stopped_with_advice(tmp_path, monkeypatch):
    a_dot_that(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid; exec tail -f /dev/null")
    for seconds in (0.3, 3, 30, 300):  # on a busy machine it has not even started after the first
        with pytest.raises(DrawError, match=rf"layout stopped after {seconds} s.*engine='dot'") as error:
            draw(graphs.lstm(3)[0], timeout=seconds, engine="dot").svg()
        assert "view='folded'" in str(error.value)
        if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
            break
    with pytest.raises(ProcessLookupError):  # it would never have ended by itself
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_broken_dot_is_replaced_by_our_own_layout(tmp_path, monkeypatch):
    a_dot_that(tmp_path, monkeypatch, "echo trouble in init_rank >&2; exit 1")
    drawing = draw(graphs.lstm(3)[0], engine="dot")
    graphs.well_formed(drawing.svg())
    assert drawing.engine == "builtin"


def test_our_own_layout_has_a_time_limit_too():
    with pytest.raises(DrawError, match="layout stopped"):
        draw(graphs.lstm(3)[0], engine="builtin", timeout=-1.0).svg()


def test_a_notebook_gets_svg_and_text_and_never_an_error(tmp_path, monkeypatch):
    bundle = draw(graphs.scalar()[0])._repr_mimebundle_()
    graphs.well_formed(bundle["image/svg+xml"])
    assert bundle["text/plain"]
    failing = draw(graphs.lstm(3)[0], engine="builtin", timeout=-1.0)
    assert "layout stopped" in failing._repr_mimebundle_()["text/plain"]


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_themes(theme):
    svg = draw(graphs.scalar()[0], theme=theme).svg()
    assert ("prefers-color-scheme" in svg) == (theme == "auto")
    graphs.well_formed(svg)


def test_svg_carries_data_for_scripts():
    svg = draw(graphs.rnn(3)[0], names=graphs.rnn(3)[1]).svg()
    document = graphs.parse(svg)
    groups = document.getElementsByTagName("g")
    assert {g.getAttribute("data-t") for g in groups if g.hasAttribute("data-t")} == {"0", "1", "2"}
    ids = [g.getAttribute("id") for g in groups if g.hasAttribute("id")]
    assert len(ids) == len(set(ids))
    assert all(
        p.getAttribute("data-from") in ids for p in document.getElementsByTagName("path") if p.hasAttribute("data-from")
    )


def test_gradient_tracks_have_a_width_and_a_legend():
    svg = draw(graphs.lstm(3)[0], grads=True).svg()
    assert svg.count('class="tg-grad tg-g') > 30
    assert any(text.startswith("gradient norm on its way back, log scale") for text in graphs.texts(svg))
    plain = draw(graphs.lstm(3)[0]).svg()
    assert 'class="tg-grad"' not in plain


def test_text_is_readable():
    a, b = tg.tensor(2.0, requires_grad=True), tg.tensor(-3.0, requires_grad=True)
    d = a * b + a
    text = draw(d, names={"a": a, "b": b, "d": d}).text()
    assert text == ("2 operations · view: op\nn2 = ⊙(a, b)   scalar\nd = +(n2, a)   scalar")


def test_text_of_a_folded_loop():
    output, names = graphs.rnn(50)
    lines = draw(output, names=names).text().splitlines()
    assert lines[0] == "50 time steps · 201 operations · 2 parameters · view: folded"
    assert "parameters: W 3×4 used 50×, U 4×4 used 50×" in lines
    assert "… 46 steps …" in lines
    assert [line for line in lines if line.startswith("t = ")] == ["t = 0", "t = 1", "t = 48", "t = 49"]


def test_mermaid():
    text = draw(graphs.rnn(3)[0]).mermaid()
    assert text.startswith("flowchart LR\n")
    assert text.count("subgraph") == text.count("\nend") == 3


@pytest.mark.parametrize("view", ["folded", "op"])
def test_cost_grows_linearly_with_steps(view):
    def calls(steps):
        """How many functions are called, those written in C too; and how long the text is."""
        output, names = graphs.lstm(steps)
        with cProfile.Profile() as profile:
            svg = draw(output, names=names, view=view, engine="builtin").svg()
        return np.array([sum(entry.callcount for entry in profile.getstats()), len(svg)])

    calls(20)  # what is computed once
    few, more, most = calls(50), calls(100), calls(150)
    assert (most - more < 1.02 * (more - few) + 50).all()


@pytest.mark.parametrize("suffix", [".svg", ".html", ".dot", ".txt"])
def test_a_picture_that_cannot_be_written_leaves_the_old_one_and_names_it(tmp_path, monkeypatch, suffix):
    x = tg.tensor(2.0, requires_grad=True)
    path = tmp_path / f"graph{suffix}"
    tg.draw(x * x, path)
    old = path.read_bytes()

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=f"No space left on device: '{path}'"):
        tg.draw(x * x * x, path)
    assert path.read_bytes() == old
    assert os.listdir(tmp_path) == [path.name]
