"""In a notebook: a kernel is started, cells run, and what they show is looked at, also in a browser."""

from __future__ import annotations

import base64
import importlib.util
import io
import re

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn
from tinygrad_rnn.pixels import png, tensor_html
from tinygrad_rnn.viz import draw

from . import graphs

MISSING = [name for name in ("nbclient", "nbformat", "ipykernel") if importlib.util.find_spec(name) is None]

CELLS = {
    "drawing": """
import tinygrad_rnn as tg
from tinygrad_rnn import nn, study
tg.manual_seed(0)
lstm = nn.LSTM(3, 8)
x = tg.randn(6, 2, 3)
with tg.record():
    output, _ = lstm(x)
    loss = output.square().mean()
tg.draw(loss)""",
    "page": "tg.draw(loss).page(text='hello!', height=700)",
    "plot": "from tinygrad_rnn.viz.plots import loss_curves\nloss_curves({'LSTM': [3.0, 2.0, 1.5]})",
    "study": "study.decay(loss).plot()",
    "summary": "tg.summary(lstm, x)",
    "tensor": "lstm.weight_hh_l0",
    "bar": "from tqdm.auto import tqdm\nfor _ in tqdm(range(3)): pass",
}


@pytest.fixture(scope="module")
def shown():
    """What each cell shows: {name: {mime type: content}}."""
    if MISSING:
        pytest.skip(f"not installed: {', '.join(MISSING)}")
    import nbclient
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS.values()])
    nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    return {
        name: next((output["data"] for output in cell.outputs if "data" in output), {})
        for name, cell in zip(CELLS, notebook.cells, strict=True)
    }


@pytest.mark.filterwarnings("ignore")  # of the client and its event loop
def test_every_cell_shows_what_it_should(shown):
    assert shown["drawing"]["image/svg+xml"].startswith("<?xml") or "<svg" in shown["drawing"]["image/svg+xml"]
    assert "<script" not in shown["drawing"]["text/html"]
    assert 'sandbox="allow-scripts"' in shown["page"]["text/html"]
    for name in ("plot", "study"):
        assert base64.b64decode(shown[name]["image/png"]).startswith(b"\x89PNG")
    assert "multiply-adds" in shown["summary"]["text/html"]
    assert "(32 × 8), float32, requires grad" in shown["tensor"]["text/html"]


def test_a_drawing_is_as_wide_as_it_can_be_read():
    """Steps in lines that fit a notebook; what is wider still is not squeezed: it scrolls."""
    drawing = draw(graphs.lstm(6)[0], view="op", engine="builtin")
    bundle = drawing._repr_mimebundle_()
    width = int(re.search(r'<svg[^>]*width="(\d+)"', bundle["image/svg+xml"])[1])
    assert width < int(re.search(r'<svg[^>]*width="(\d+)"', drawing.svg())[1])
    assert f"width:{width}px;max-width:none" in bundle["text/html"]
    assert "overflow-x:auto" in bundle["text/html"]
    svg = base64.b64decode(re.search(r"base64,([\w+/=]+)", bundle["text/html"])[1]).decode()
    assert svg == bundle["image/svg+xml"]


def test_a_tensor_as_html():
    t = tg.tensor([[1.0, -2.0], [0.0, float("nan")]], requires_grad=True)
    html = t._repr_html_()
    assert "(2 × 2), float32, requires grad, mean -0.3333, from -2 to 1" in html
    assert "<b>1 not finite</b>" in html
    assert html.count("<img") == 1
    assert "<details>" in tg.zeros(40, 40)._repr_html_()
    assert "<img" not in tg.tensor(3.0)._repr_html_()
    assert "[]" in tg.zeros(0, 3)._repr_html_()
    assert "&lt;" in tensor_html(tg.ones(2), "<script>")


def test_a_heat_map_stays_small_and_sharp():
    """At most 320 × 200 pixels, or 6 for a cell; a cell has as many pixels as it is shown with."""
    for shape, size in {(32, 8): 6, (4, 8): 16, (64, 64): 6, (1, 2): 16}.items():
        rows, columns = (min(32, n) for n in shape)
        html = tg.ones(shape)._repr_html_()
        assert f"width:{columns * size}px;height:{rows * size}px" in html
        header = base64.b64decode(re.search(r"base64,([\w+/=]+)", html)[1])[16:24]
        assert (int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")) == (columns * size, rows * size)


def test_the_bar_of_a_training_is_the_notebooks():
    pytest.importorskip("tqdm")
    kernel = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    task = tg.tasks.adding(length=5)
    run = tg.fit(
        task.model(cell="rnn", hidden=4), task, steps=3, evaluate_every=2, callbacks=[tg.runs.Progress(file=kernel)]
    )
    assert "3/3" in kernel.getvalue()
    assert "step 2 of 3:" not in kernel.getvalue()
    assert re.fullmatch(r"<Run of adding: steps, 3 of 3 steps, best mean squared error [\d.]+>", repr(run))


def test_words_stand_where_a_frame_was_taken_out(shown):
    frame = shown["page"]["text/html"]
    assert "not trusted" in re.search(r"<iframe[^>]*>(.*)</iframe>", frame)[1]


def test_a_png_is_read_by_others():
    pyplot = pytest.importorskip("matplotlib.image")
    colours = np.random.default_rng(0).integers(0, 256, (3, 5, 3)).astype(np.uint8)
    read = pyplot.imread(io.BytesIO(png(colours)), format="png")
    np.testing.assert_array_equal((read * 255).round().astype(np.uint8)[..., :3], colours)


@pytest.mark.browser
@pytest.mark.filterwarnings("ignore")
def test_a_browser_shows_the_cells(shown, tmp_path):
    """As a notebook puts them: HTML where there is some, else the image. The frame plays, and nothing is fetched."""
    from .test_page_browser import CHROMIUM, DRIVER, Browser, By

    if not (CHROMIUM and DRIVER):
        pytest.skip("needs chromium and chromedriver on PATH")
    cells = [
        data.get("text/html") or f'<img src="data:image/png;base64,{data["image/png"]}">'
        for data in shown.values()
        if "text/html" in data or "image/png" in data
    ]
    path = tmp_path / "notebook.html"
    head = "<!DOCTYPE html><html data-ready='yes'><meta charset='utf-8'><body style='width:900px;margin:auto'>"
    path.write_text(head + "<hr>".join(cells), encoding="utf-8")
    browser = Browser(tmp_path / "chromium")
    try:
        browser.open(path)
        assert not [url for url in browser.requests() if not url.startswith(("file:", "data:", "about:srcdoc"))]
        assert browser.run("return [...document.images].filter(i => !i.naturalWidth).length") == 0
        box = "return [...document.querySelectorAll('div')].find(d => d.style.overflowX === 'auto').clientWidth"
        assert browser.run(box) <= 900
        browser.driver.save_screenshot(str(tmp_path / "notebook.png"))
        browser.driver.switch_to.frame(browser.driver.find_element(By.TAG_NAME, "iframe"))
        assert browser.run("return document.documentElement.dataset.ready") == "yes"
        browser.click("#play-next")
        assert browser.text("#position-shown").startswith("1 of ")
        assert browser.text(".words").startswith("hello!")
        assert browser.complaints() == []
    finally:
        browser.driver.quit()


# --- the summary of a model ----------------------------------------------------------------------------------


class Tagger(nn.Module):
    """An embedding, two layers in both directions, a readout."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 3)
        self.lstm = nn.LSTM(3, 4, num_layers=2, bidirectional=True)
        self.readout = nn.Linear(8, 5)

    def forward(self, words):
        h, _ = self.lstm(self.embedding(words))
        return self.readout(h)


def test_a_summary_by_hand():
    T, B = 6, 2
    model = Tagger()
    found = tg.summary(model, tg.zeros(T, B).long())
    rows = {layer.path: layer for layer in found.layers}
    lstm = 2 * (3 * 16 + 4 * 16 + 2 * 16) + 2 * (8 * 16 + 4 * 16 + 2 * 16)
    assert rows["lstm"].parameters == lstm
    assert found.parameters == 30 + lstm + 45 == sum(p.numel() for p in model.parameters())
    assert found.parameter_bytes == 4 * found.parameters
    assert rows["lstm"].multiply_adds == T * B * 2 * ((3 + 4) * 16 + (8 + 4) * 16)
    assert rows["readout"].multiply_adds == T * B * 8 * 5
    assert found.multiply_adds == rows["lstm"].multiply_adds + rows["readout"].multiply_adds
    assert rows["readout"].output == f"({T}, {B}, 5)"
    assert rows["readout"].kept == T * B * 8 * 4  # its input; weights are no memory of the run
    assert "_repr_html_" in dir(found)
    assert "Tagger" in repr(found)
    assert found.table().rows[1][0].strip() == "embedding"


def test_a_summary_changes_nothing():
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
    model[0].weight.requires_grad_(False)
    model[2].eval()
    before = {name: value.array.copy() for name, value in model.state_dict().items()}
    tg.summary(model, tg.randn(5, 3))
    assert [m.training for m in model] == [True, True, False]
    assert all((value.array == before[name]).all() for name, value in model.state_dict().items())
    assert all(p.grad is None for p in model.parameters())
    assert not model[0]._forward_hooks
    assert not model[0]._forward_pre_hooks


def test_a_shared_layer_counts_its_calls_but_its_parameters_once():
    linear = nn.Linear(3, 3)
    found = tg.summary(nn.Sequential(linear, nn.Tanh(), linear), tg.ones(2, 3))
    assert found.parameters == 12
    assert found.multiply_adds == 2 * 2 * 9
    assert "(2, 3) × 2" in repr(found)


def test_convolutions_and_attention_are_counted():
    assert tg.summary(nn.Conv1d(3, 4, 2), tg.ones(2, 3, 7)).multiply_adds == 2 * 4 * 6 * 3 * 2
    assert tg.summary(nn.Conv2d(3, 4, (2, 3)), tg.ones(2, 3, 7, 5)).multiply_adds == 2 * 4 * (6 * 3) * 3 * (2 * 3)
    assert tg.summary(nn.ConvTranspose1d(3, 4, 2, 2), tg.ones(2, 3, 7)).multiply_adds == 2 * 3 * 7 * 4 * 2
    attention = tg.summary(nn.MultiheadAttention(8, 2), *[tg.ones(5, 2, 8)] * 3)
    assert attention.multiply_adds == 4 * 10 * 64 + 2 * (2 * 5 * 5 * 8)


def test_a_summary_of_something_else():
    with pytest.raises(TypeError, match="summary: expected a Module, got Tensor"):
        tg.summary(tg.ones(2))
