"""The page in headless Chromium: what a reader sees is what Python computed, and nothing is fetched."""

from __future__ import annotations

import json
import shutil
import time

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import record
from tinygrad_rnn._mode import switch
from tinygrad_rnn.viz import draw

from . import graphs

selenium = pytest.importorskip("selenium", reason="selenium is not installed: pip install 'tinygrad-rnn[browser]'")
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver on PATH"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the driver's sockets
]

FLAGS = "headless=new no-sandbox disable-gpu no-first-run disable-background-networking disable-component-update disable-sync"


class Browser:
    """A browser, and what tests ask of it."""

    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for flag in [*FLAGS.split(), f"user-data-dir={folder}", "window-size=1300,950"]:
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.run = self.driver.execute_script

    def open(self, path, **media):
        """Load a page from disk and wait until its script is done."""
        features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(path.as_uri())
        assert self.settled("return document.documentElement.dataset.ready", "yes") == "yes", self.complaints()
        return self

    def settled(self, script, wanted):
        """What a script returns, once that is what is wanted; else, after half a minute, what it is then."""
        until = time.monotonic() + 30
        while (found := self.run(script)) != wanted and time.monotonic() < until:
            time.sleep(0.02)
        return found

    def complaints(self):
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self):
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]

    def text(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector).get_attribute("textContent")

    def number(self, key):
        return float(self.text(f'#panel [data-key="{key}"]').replace("−", "-"))

    def click_node(self, item):
        self.run(
            f"document.querySelector('.view:not([hidden]) [data-node={item.id}]')"
            ".dispatchEvent(new MouseEvent('click', {bubbles: true}))"
        )

    def click(self, selector):
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def press(self, *keys, on="#graph"):
        self.driver.find_element(By.CSS_SELECTOR, on).send_keys(*keys)

    def classed(self, name):
        """Which nodes bear a mark."""
        script = (
            "return [...document.querySelectorAll('.view:not([hidden]) .' + arguments[0])].map(e => e.dataset.node)"
        )
        return self.run(script, name)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.driver.quit()


@pytest.fixture(scope="module")
def lstm(tmp_path_factory):
    """(drawing, path of its page, names) of an LSTM over four steps."""
    with record():
        out, names = graphs.lstm(4)
        names |= {"out": out}
    drawing = draw(out, names=names, grads=True)
    path = drawing.save(tmp_path_factory.mktemp("page") / "lstm.html", gradient_flow=True, losses=[3.0, 2.0, 1.5])
    return drawing, path, names


def item(drawing, name, t=None):
    [found] = [i for i in drawing.model.items if i.name == name and (t is None or (i.place and i.place.step == t))]
    return found


def test_the_page_loads_alone(browser, lstm):
    browser.open(lstm[1])
    assert browser.requests() == [lstm[1].as_uri()] or browser.requests() == []
    assert browser.complaints() == []


def test_requests_are_seen_and_forbidden(browser, lstm, tmp_path):
    """The check above could fail: an image from elsewhere is asked for, refused by the policy, and complained about."""
    html = lstm[1].read_text(encoding="utf-8")
    (tmp_path / "bad.html").write_text(
        html.replace("</footer>", '<img src="https://example.invalid/x.png"></footer>'), encoding="utf-8"
    )
    browser.open(tmp_path / "bad.html")
    assert any("Content Security Policy" in message for message in browser.complaints())


def test_a_click_shows_the_numbers_of_the_node(browser, lstm):
    drawing, path, names = lstm
    browser.open(path)
    node = item(drawing, "c", 2)
    browser.click_node(node)
    value = node.node.notes.output
    assert browser.number("value-norm") == pytest.approx(np.linalg.norm(value), rel=1e-3)
    mean, std = browser.text('[data-key="value-mean"]').split(" ± ")
    assert float(mean) == pytest.approx(value.mean(), rel=2e-3)
    assert float(std) == pytest.approx(value.std(), rel=2e-3)
    assert browser.text('[data-key="t"]') == "2"
    assert browser.text('[data-key="shape"]') == "(2, 4)"
    assert "z = x + y" in browser.text("#panel .formula")
    assert browser.classed("pg-chosen") == [node.id]
    assert browser.complaints() == []


def test_the_gradient_of_a_weight_and_its_uses(browser, lstm):
    drawing, path, names = lstm
    browser.open(path)
    browser.click_node(item(drawing, "U"))
    (g,) = tg.autograd.grad(names["out"], names["U"], retain_graph=True)
    assert browser.number("grad-norm") == pytest.approx(np.linalg.norm(g.array), rel=1e-3)
    assert browser.number("sum-norm") == pytest.approx(np.linalg.norm(g.array), rel=1e-3)
    assert browser.number("uses") == 4
    columns = browser.run("return [...document.querySelectorAll('#panel .column title')].map(t => t.textContent)")
    uses = [link.norm for link in item(drawing, "U").uses]
    shown = [float(text.rpartition(": ")[2]) for text in columns if "MatMul" in text]
    assert shown == pytest.approx(uses, rel=1e-3)


def test_play_backward_visits_the_nodes_in_the_order_of_the_engine(browser, lstm):
    drawing, path, names = lstm
    ran = []
    with switch(watchers=(lambda node, gradient, sent: ran.append(drawing.model.item_of[node].id),)):
        tg.autograd.grad(names["out"], [names["W"], names["U"]], retain_graph=True)
    browser.open(path)
    visited = []
    for _ in ran:
        browser.press("b")
        visited.append(browser.run("return document.getElementById('playing').dataset.node"))
        drawn = browser.classed("pg-now")
        assert set(drawn) == {visited[-1]}
        received, _, expected = browser.text("#arrived").partition(" of ")
        assert received == expected, "a node ran before its gradient was complete"
    assert visited == ran
    assert browser.text("#position-shown") == f"{len(ran)} of {len(ran)}"
    assert (
        browser.run("return document.querySelectorAll('.view:not([hidden]) .tg-grad[data-from]:not(.pg-on)').length")
        == 0
    )
    browser.click("#play-start")
    assert browser.classed("pg-done") == []


def test_play_runs_by_itself_and_pauses(browser, lstm):
    browser.open(lstm[1])
    browser.press(" ")
    far = "return parseInt(document.getElementById('position-shown').textContent) > 2"
    assert browser.settled(far, True)
    assert browser.text("#play") == "Pause"
    browser.press(" ")
    at = browser.text("#position-shown")
    time.sleep(0.5)
    assert browser.text("#position-shown") == at


def test_forward_plays_the_operations_in_the_order_of_their_making(browser, lstm):
    drawing, path, _ = lstm
    browser.open(path)
    browser.run(
        "const d = document.getElementById('direction'); d.value = 'forward'; d.dispatchEvent(new Event('change'))"
    )
    visited = []
    for _ in range(10):
        browser.click("#play-next")
        visited.append(browser.run("return document.getElementById('playing').dataset.node"))
    assert visited == [i.id for i in drawing.model.items if i.kind == "op"][:10]


def test_the_time_slider_dims_all_but_one_step(browser, lstm):
    browser.open(lstm[1])
    opaque = "return [...document.querySelectorAll('.view:not([hidden]) g[transform][data-row]')].filter(g => getComputedStyle(g).opacity === '1').map(g => g.dataset.t)"
    browser.press("]", "]", "]")
    assert browser.settled(opaque, ["2"]) == ["2"]
    assert browser.text("#time-shown") == "t = 2"
    browser.press(Keys.ARROW_LEFT, on="#time")
    assert browser.settled(opaque, ["1"]) == ["1"]
    browser.press(Keys.ESCAPE)
    assert browser.settled(opaque, ["0", "1", "2", "3"]) == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("sigmoid", lambda i: i.op == "Sigmoid"),
        ("tanh t=3", lambda i: i.op == "Tanh" and i.place.step == 3),
        ("grad>1.5", lambda i: i.node is not None and i.node.notes is not None and (i.node.notes.arrived or 0) > 1.5),
        ("nan", lambda i: False),
    ],
)
def test_search(browser, lstm, query, fits):
    drawing, path, _ = lstm
    browser.open(path)
    browser.press("/")
    active = browser.driver.switch_to.active_element
    assert active.get_attribute("id") == "search"
    active.send_keys(query)
    expected = [i.id for i in drawing.model.items if fits(i)]
    assert browser.text("#found") == (f"Enter: next of {len(expected)}" if expected else "none found")
    assert set(browser.classed("pg-hit")) == set(expected)
    if expected:
        active.send_keys(Keys.ENTER)
        assert browser.text("#found") == f"1 of {len(expected)} · Enter: next"
        assert browser.classed("pg-chosen")[:1] == expected[:1]


def test_the_keyboard_alone_follows_the_edges(browser, lstm):
    drawing, path, _ = lstm
    browser.open(path)
    browser.press(Keys.ARROW_LEFT)
    last = drawing.model.items[-1]
    assert browser.classed("pg-chosen") == [last.id]
    browser.press(Keys.ARROW_LEFT)
    h = last.inputs[0].source
    assert browser.classed("pg-chosen") == [h.id]
    assert "h · Mul · t = 3" in browser.text("#said")
    browser.press(Keys.ARROW_RIGHT)
    assert browser.classed("pg-chosen") == [last.id]
    browser.press("?")
    assert "play or pause" in browser.text("#help")
    browser.press("l")
    rows = browser.run("return document.querySelectorAll('#table tbody tr').length")
    assert rows == len(drawing.model.items)


def test_everything_can_be_reached_with_tab(browser, lstm):
    browser.open(lstm[1])
    seen = set()
    for _ in range(25):
        browser.driver.switch_to.active_element.send_keys(Keys.TAB)
        seen.add(browser.driver.switch_to.active_element.get_attribute("id"))
    assert {"view", "zoom-in", "search", "table-button", "graph", "time", "direction", "play", "position"} <= seen
    unnamed = "return [...document.querySelectorAll('button, select, input, canvas')].filter(e => !(e.textContent.trim() || e.getAttribute('aria-label') || e.labels && e.labels.length)).map(e => e.outerHTML)"
    assert browser.run(unnamed) == []


def test_views_can_be_changed(browser, lstm):
    browser.open(lstm[1])
    options = browser.run("return [...document.getElementById('view').options].map(o => o.value)")
    assert set(options) == {"op", "folded", "module", "rolled"}
    browser.click_node(item(lstm[0], "U"))
    for view in options:
        browser.run(
            f"const v = document.getElementById('view'); v.value = '{view}'; v.dispatchEvent(new Event('change'))"
        )
        assert browser.run("return document.querySelectorAll('.view:not([hidden])').length") == 1
        browser.press("b")
    ids = browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert browser.complaints() == []


def test_the_gradient_flow_leads_to_the_graph(browser, lstm):
    drawing, path, _ = lstm
    browser.open(path)
    canvas = browser.driver.find_element(By.CSS_SELECTOR, "#flow canvas")
    assert (canvas.get_attribute("width"), canvas.get_attribute("height")) == ("4", "1")  # one loss, at the last step
    canvas.send_keys(Keys.ARROW_RIGHT, Keys.ENTER)
    assert "loss at t = 3, state at k = 1" in browser.text("#flow")
    assert browser.classed("pg-chosen") == [item(drawing, "h", 1).id]
    assert browser.text("#time-shown") == "t = 1"


def test_pan_and_zoom(browser, lstm):
    browser.open(lstm[1])
    transform = "return document.querySelector('.view:not([hidden]) svg').style.transform"
    before = browser.run(transform)
    browser.press("+")
    closer = browser.run(transform)
    assert float(closer.split("(")[1].split(")")[0]) > float(before.split("(")[1].split(")")[0])
    graph = browser.driver.find_element(By.ID, "graph")
    webdriver.ActionChains(browser.driver).drag_and_drop_by_offset(graph, 60, 20).perform()
    assert browser.run(transform) != closer
    browser.press("0")
    inside = "const g = document.getElementById('graph').getBoundingClientRect(), s = document.querySelector('.view:not([hidden]) svg').getBoundingClientRect(); return s.left >= g.left - 1 && s.right <= g.right + 1"
    assert browser.run(inside)


@pytest.mark.parametrize(
    "name",
    ["</script><script>window.broken=1</script>", "'\"><img src=x onerror=window.broken=1>", "<svg onload=window.broken=1>", "名前 é σ &lt;b&gt;"],
)  # fmt: skip
def test_hostile_names_are_text(browser, tmp_path, name):
    a = tg.tensor([1.0, 2.0], requires_grad=True)
    with tg.scope(name):
        b = a * a
    drawing = draw(b.sum(), names={name: a})
    drawing.save(tmp_path / "page.html", title=name)
    browser.open(tmp_path / "page.html")
    browser.click_node(item(drawing, name))
    assert browser.text("#panel-title") == name
    assert browser.text("h1") == name
    assert browser.driver.title == name
    browser.click_node(b._edge and drawing.model.item_of[b._edge[0]])
    assert browser.text('[data-key="module"]') == name
    browser.press("l")
    assert name in browser.text("#table")
    assert browser.run("return window.broken") is None
    assert browser.complaints() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark(browser, lstm, scheme):
    browser.open(lstm[1], prefers_color_scheme=scheme)
    paper, ink = (
        browser.run(f"return getComputedStyle(document.body).{part}") for part in ("backgroundColor", "color")
    )
    assert contrast(rgb(paper), rgb(ink)) > 10
    soft, tile = (
        rgb(browser.run(f"return getComputedStyle(document.querySelector('{where}')).{part}"))
        for where, part in ((".hint", "color"), ("footer", "backgroundColor"))
    )
    assert contrast(soft, tile) > 4.5
    assert (rgb(paper)[0] < 60) == (scheme == "dark")
    svg_paper = rgb(
        browser.run("return getComputedStyle(document.querySelector('.view:not([hidden]) .tg-paper')).fill")
    )
    assert svg_paper == rgb(paper)


def rgb(text):
    return [int(part) for part in text[text.index("(") + 1 : -1].split(",")[:3]]


def contrast(a, b):
    """WCAG 2: (L1 + 0.05) / (L2 + 0.05)."""

    def light(colour):
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_motion_can_be_reduced(browser, lstm):
    for choice, moves in (("no-preference", True), ("reduce", False)):
        browser.open(lstm[1], prefers_reduced_motion=choice)
        duration = browser.run("return getComputedStyle(document.querySelector('.tg path')).transitionDuration")
        assert (duration != "0s") == moves


def test_a_narrow_window_needs_no_sideways_scrolling(browser, lstm):
    metrics = {"width": 400, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.open(lstm[1])
        browser.click_node(item(lstm[0], "U"))
        assert browser.run("return document.documentElement.scrollWidth") <= 400
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


ACTIONS = {
    "click": "document.querySelectorAll('.view:not([hidden]) [data-node]')[800].dispatchEvent(new MouseEvent('click', {bubbles: true}))",
    "step": "document.getElementById('play-next').click()",
    "time": "const s = document.getElementById('time'); s.value = 60; s.dispatchEvent(new Event('input'))",
    "wheel": "document.getElementById('graph').dispatchEvent(new WheelEvent('wheel', {deltaY: 20, clientX: 300, clientY: 200, bubbles: true, cancelable: true}))",
}


def work_of(browser, path):
    """For loading a page and for each of ACTIONS: how often a block of the page's script ran, and changes in the document."""

    def blocks():
        scripts = browser.driver.execute_cdp_cmd("Profiler.takePreciseCoverage", {})["result"]
        functions = [
            function for script in scripts if script["url"] == path.as_uri() for function in script["functions"]
        ]
        return sum(block["count"] for function in functions for block in function["ranges"])

    browser.driver.execute_cdp_cmd("Profiler.enable", {})
    browser.driver.execute_cdp_cmd("Profiler.startPreciseCoverage", {"callCount": True, "detailed": True})
    browser.open(path)
    found = {"load": (blocks(), 0)}
    everything = "{subtree: true, childList: true, attributes: true, characterData: true}"
    browser.run(
        "window.changes = 0;"
        f"new MutationObserver(found => {{ window.changes += found.length }}).observe(document, {everything})"
    )
    for name, action in ACTIONS.items():
        blocks()  # starts from zero
        changes = browser.driver.execute_async_script(
            f"window.changes = 0; {action}; const done = arguments[0];"  # what is put off to the next frame is seen in the one after it
            "requestAnimationFrame(() => requestAnimationFrame(() => done(window.changes)))"
        )
        found[name] = blocks(), changes
    browser.driver.execute_cdp_cmd("Profiler.disable", {})
    return found


def test_thousands_of_nodes_stay_responsive(browser, tmp_path):
    """Work, not seconds: it grows with the graph while a page loads, and with its steps when time is chosen, but no more."""
    found = []
    for steps in (100, 385):
        out, names = graphs.lstm(steps)
        drawing = draw(out, names=names, view="op", engine="builtin")
        found.append(work_of(browser, drawing.save(tmp_path / f"{steps}.html")))
    assert drawing.stats["nodes"] > 5000
    small, large = found
    assert 10_000 < large["load"][0] < 4 * small["load"][0]  # 3.85 times the nodes
    assert 385 < large["time"][0] < small["time"][0] + 2 * 285
    for name in ("click", "step", "wheel"):
        assert 0 < large[name][0] < small[name][0] + 20, (name, found)
    assert large["wheel"][0] < 20  # each turn of the wheel moves the picture as a whole
    for name in ACTIONS:
        assert 0 < large[name][1] < 40, (name, found)


# --- what was read, and where the reader is -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def reading(tmp_path_factory):
    """The page of an LSTM that read twelve characters."""
    tg.manual_seed(0)
    lstm, readout = tg.nn.LSTM(3, 8), tg.nn.Linear(8, 4)
    with record():
        output, _ = lstm(tg.randn(12, 1, 3))
        scores = readout(output)
        loss = scores.square().mean()
    drawing = draw(loss, names={"lstm": lstm, "readout": readout}, grads=True, view="op")
    path = tmp_path_factory.mktemp("page") / "reading.html"
    drawing.save(
        path, text="abcd abcd ab", scores=scores, vocabulary="abcd", targets=list("bcd abcd abc"), gradient_flow=True
    )
    return drawing, path, scores


def test_a_click_on_a_character_shows_its_guesses_and_its_step(browser, reading):
    _, path, scores = reading
    browser.open(path)
    assert browser.text(".words") == "abcd␣abcd␣ab"
    assert "After “b”, t = 11" in browser.text("#guesses")  # the last at first
    browser.run("document.querySelectorAll('.words button')[3].click()")
    assert browser.text("#time-shown") == "t = 3"
    assert "After “d”, t = 3" in browser.text("#guesses")
    shown = browser.run(
        "return [...document.querySelectorAll('#guesses .guess .number')].map(e => Number(e.textContent))"
    )
    assert shown == pytest.approx(sorted(scores[3, 0].softmax(-1).array.tolist(), reverse=True), abs=6e-4)
    browser.press("]")
    assert "t = 4" in browser.text("#guesses")
    assert browser.complaints() == []


def test_the_units_are_a_heat_map_and_colour_the_characters(browser, reading):
    browser.open(reading[1])
    canvas = browser.driver.find_element(By.CSS_SELECTOR, ".stage canvas")
    assert (canvas.get_attribute("width"), canvas.get_attribute("height")) == ("12", "8")
    options = browser.run("return [...document.getElementById('shown-under').options].map(o => o.textContent)")
    assert {"gate i", "gate f", "gate o", "state c", "state h"} <= set(options)
    coloured = "return [...document.querySelectorAll('.words button')].filter(b => b.style.background).length"
    assert browser.run(coloured) == 0
    canvas.click()
    assert browser.run(coloured) == 12
    assert browser.run("return [...document.querySelectorAll('.ticks span')].map(s => s.textContent)") == [*"01234567"]


def test_details_follow_the_playing_node(browser, reading):
    drawing, path, _ = reading
    browser.open(path)
    browser.press("b", "b", "b")
    playing = browser.run("return document.getElementById('playing').dataset.node")
    assert browser.classed("pg-chosen") == [playing]
    told = browser.text("#playing strong")
    assert browser.text("#panel-title") == told


def test_a_chosen_time_step_does_not_dim_what_plays(browser, reading):
    browser.open(reading[1])
    browser.press("]")  # t = 0, while backward starts at the end
    for _ in range(12):
        browser.press("b")
    dim = "return [...document.querySelectorAll('.view:not([hidden]) .pg-now')].map(e => e.closest('g[transform][data-row]')).filter(g => g && getComputedStyle(g).opacity !== '1').length"
    assert browser.classed("pg-now") != []
    assert browser.settled(dim, 0) == 0


def test_it_opens_at_the_last_steps_large_enough_to_read_and_without_empty_space(browser, reading):
    browser.open(reading[1])
    g, svg = browser.run(
        "const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.right, r.height]; };"
        "return [box(document.getElementById('graph')), box(document.querySelector('.view:not([hidden]) svg'))]"
    )
    assert svg[1] == pytest.approx(g[1], abs=2)  # the right end of the picture is at the right end of the window
    assert svg[0] < g[0]  # it goes on to the left
    assert g[2] <= svg[2] + 2  # the window is no higher than the picture
    texts = "return Math.max(...[...document.querySelectorAll('.view:not([hidden]) text')].slice(0, 50).map(t => t.getBoundingClientRect().height))"
    assert browser.run(texts) > 8


@pytest.mark.parametrize("where", ["#view", "#time", "#play", "#position", "#shown-under", "body"])
def test_shortcuts_work_wherever_the_focus_is(browser, reading, where):
    browser.open(reading[1])
    if where != "body":
        browser.run(f"document.querySelector('{where}').focus()")
    browser.driver.switch_to.active_element.send_keys("b")
    assert browser.text("#position-shown").startswith("1 of ")
    browser.driver.switch_to.active_element.send_keys("?")
    assert not browser.run("return document.getElementById('help').hidden")
    browser.driver.switch_to.active_element.send_keys("/")
    assert browser.run("return document.activeElement.id") == "search"


def test_heat_maps_have_ticks_and_units(browser, reading):
    browser.open(reading[1])
    ticks = browser.run("return [...document.querySelectorAll('#flow .tick')].map(t => t.textContent)")
    assert {"loss at s", "h at k", "0", "4"} <= set(ticks)
    assert "‖∂L_s/∂h[k]‖, log" in browser.text("#flow .scale")
    assert "empty: not connected" in browser.text("#flow")


def test_studies_are_in_the_panel(browser, reading):
    drawing, path, _ = reading
    browser.open(path)
    assert "per step" in browser.text("#findings")
    assert "the graph keeps" in browser.text("#memory")
    browser.click_node(item(drawing, "c", 5))
    told = browser.text("#study")
    assert "the gate keeps, mean" in told
    assert "share along the cell" in told
    browser.click_node(item(drawing, "f", 5))
    assert browser.text('[data-key="kept"]') == "32 bytes"  # 8 numbers of float32
    [weight] = [i for i in drawing.model.parameters if i.name.endswith("weight_hh_l0")]
    browser.click_node(weight)
    assert "share of t = " in browser.text("#study")
    assert browser.complaints() == []


def test_on_a_phone_the_controls_stay_in_reach(browser, reading):
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.open(reading[1])
        for scroll in (0, 500, 5000):
            browser.run(f"window.scrollTo(0, {scroll})")
            place = browser.run(
                "const r = document.getElementById('play').getBoundingClientRect(); return [r.top, r.bottom]"
            )
            assert 0 < place[0] < place[1] <= 844
        assert browser.run("return document.documentElement.scrollWidth") <= 390
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


LAST = (
    "const box = e => { const r = e.getBoundingClientRect(); return [r.left, r.right]; };"
    "const tiles = [...document.querySelectorAll('.view:not([hidden]) g[transform][data-row][data-t=\"11\"]')];"
    "return [box(document.getElementById('graph')), box(tiles[0].querySelector('rect'))]"
)


def test_it_opens_with_the_last_step_whole(browser, reading):
    browser.open(reading[1])
    window, step = browser.run(LAST)
    assert window[0] <= step[0] < step[1] <= window[1]


def test_a_phone_opens_at_the_last_step_and_not_behind_it(browser, reading):
    """The step is wider than a phone: its end, where states and gates are, is at the right edge."""
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    browser.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    try:
        browser.open(reading[1])
        _, step = browser.run(LAST)
        assert 340 < step[1] <= 390
        order = "return ['graph', 'panel', 'legend'].map(id => document.getElementById(id).getBoundingClientRect().top)"
        tops = browser.run(order)
        assert tops == sorted(tops)  # Details before the legend
    finally:
        browser.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_legend_of_the_picture_is_under_it(browser, reading):
    """Gates, kinds of boxes and lines, and the gradient's scale: in sight, without going to the far end of the picture."""
    browser.open(reading[1])
    said = browser.text("#legend")
    for words in ("forget gate", "candidate", "value carried to another step", "gradient norm", "now playing"):
        assert words in said
    sizes = "return [...document.querySelectorAll('#legend svg')].map(s => { const r = s.getBoundingClientRect(); return [r.width, r.height]; })"
    assert len(browser.run(sizes)) > 10
    assert all(8 < w < 40 and 5 < h < 25 for w, h in browser.run(sizes))
    bottom = "return document.getElementById('legend').getBoundingClientRect().bottom"
    assert browser.run(bottom) < 950
    browser.run("const v = document.getElementById('view'); v.value = 'rolled'; v.dispatchEvent(new Event('change'))")
    assert "forget gate" in browser.text("#legend")
    ids = browser.run("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    assert browser.complaints() == []


def test_a_short_text_has_wide_columns(browser, tmp_path):
    lstm = tg.nn.LSTM(3, 40)
    with record():
        loss = lstm(tg.randn(4, 1, 3))[0].square().mean()
    path = tmp_path / "short.html"
    draw(loss).save(path, text="a\nb ")
    browser.open(path)
    assert browser.text(".words") == "a⏎b␣"
    assert browser.run("return document.querySelector('.words button').clientWidth") > 30


def test_a_picture_made_for_a_narrow_column_has_its_own_size_on_a_page(browser, tmp_path):
    model = tg.nn.GRU(3, 4, num_layers=2, bidirectional=True)
    drawing = draw(model(tg.randn(4, 2, 3))[0].sum(), wrap=600, engine="builtin")
    browser.open(drawing.save(tmp_path / "narrow.html"))
    shown = "const s = document.querySelector('.view:not([hidden]) svg'); return [s.getAttribute('width'), s.viewBox.baseVal.width, s.lastElementChild.getBoundingClientRect().top, document.getElementById('graph').getBoundingClientRect().bottom]"
    own, units, legend, edge = browser.run(shown)
    assert float(own) == units > 600
    assert edge - 2 < legend < edge + 30  # it opens at its end, not behind it; the legend has its own place
