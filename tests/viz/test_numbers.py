"""Pictures by numbers: a name, a port, an arrow and the norm beside it are those of an LSTM written by hand in NumPy."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import tinygrad_rnn as tg
from tinygrad_rnn import nn, record
from tinygrad_rnn.viz import draw, plots
from tinygrad_rnn.viz.model.items import value_of
from tinygrad_rnn.viz.model.labels import number_text
from tinygrad_rnn.viz.model.time_steps import Place
from tinygrad_rnn.viz.page.summary import summary, tidy
from tinygrad_rnn.viz.style import GATES, LIGHT, GradientScale

from . import graphs

T, B, I, H = 4, 2, 3, 4
RNG = np.random.default_rng(0)
X, W, U, BIAS = (RNG.standard_normal(s) * 1.5 for s in ((T, B, I), (I, 4 * H), (H, 4 * H), (4 * H,)))
READOUT = RNG.standard_normal((T, B, H))  # the loss is Σ_t h_t · READOUT_t


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(readout=READOUT):
    """The LSTM forward and backward, gates in the order i, f, g, o: for each step its values, and its gradients.

    to_h, to_c are what a step sends back to the state before it; U is what it adds to the gradient of U.
    """
    values, gradients = [], []
    h = c = np.zeros((B, H))
    for x in X:
        a = x @ W + h @ U + BIAS
        i, f, g, o = sigmoid(a[:, :H]), sigmoid(a[:, H : 2 * H]), np.tanh(a[:, 2 * H : 3 * H]), sigmoid(a[:, 3 * H :])
        v = {"i": i, "f": f, "g": g, "o": o, "c before": c, "h before": h}
        c = f * c + i * g
        h = o * np.tanh(c)
        values.append({**v, "c": c, "h": h})
    to_h = to_c = np.zeros((B, H))
    for v, from_loss in zip(reversed(values), reversed(readout), strict=True):
        dh = from_loss + to_h
        dc = to_c + dh * v["o"] * (1 - np.tanh(v["c"]) ** 2)
        d = {"h": dh, "c": dc, "i": dc * v["g"], "f": dc * v["c before"], "g": dc * v["i"], "o": dh * np.tanh(v["c"])}
        slopes = {"g": 1 - v["g"] ** 2} | {gate: v[gate] * (1 - v[gate]) for gate in "ifo"}
        da = np.concatenate([d[gate] * slopes[gate] for gate in "ifgo"], 1)
        to_h, to_c = da @ U.T, dc * v["f"]
        gradients.insert(0, {**d, "to_h": to_h, "to_c": to_c, "U": v["h before"].T @ da})
    return values, gradients


VALUES, GRADIENTS = by_hand()
norm = np.linalg.norm
WEIGHTS = {name: tg.tensor(array, requires_grad=True) for name, array in (("W", W), ("U", U), ("b", BIAS))}
for name in WEIGHTS:
    WEIGHTS[name].name = name


def loop():
    """The same in a loop of the user's own; only the weights have names."""
    w, u, b = WEIGHTS.values()
    h = c = tg.zeros(B, H, dtype=tg.float64)
    states = []
    with record():
        for t in range(T):
            with tg.step(t):
                i, f, g, o = (tg.tensor(X[t]) @ w + h @ u + b).chunk(4, -1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
            states.append(h)
        return (tg.stack(states) * tg.tensor(READOUT)).sum()


def layer():
    """The same as a layer: one fast node, which pictures open."""
    lstm = nn.LSTM(I, H).double()
    with tg.no_grad():
        for name, array in (("ih", W.T), ("hh", U.T)):
            getattr(lstm, f"weight_{name}_l0").copy_(tg.tensor(array))
        lstm.bias_ih_l0.copy_(tg.tensor(BIAS))
        lstm.bias_hh_l0.zero_()
    output, _ = lstm(tg.tensor(X))
    return (output * tg.tensor(READOUT)).sum()


def drawn(output, **options):
    return draw(output, engine="builtin", **{"names": {}, **options})


def named(model, t, name, row=0):
    [item] = [item for item in model.tiles[Place(row, t)] if item.name == name]
    return item


def box_of(drawing, item):
    [box] = [box for box in drawing.picture.boxes() if box.data.get("node") == item.id]
    return box


def page_data(drawing, **options):
    return json.loads(re.search(r'id="data">(.*?)</script>', drawing.html(**options), re.S)[1])


# --- names -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("made", [loop, layer])
def test_each_gate_has_its_own_value_gradient_label_and_colour(made):
    drawing = drawn(made(), grads=True)
    symbols = {"i": "σ i", "f": "σ f", "g": "tanh g", "o": "σ o", "c": "+ c", "h": "⊙ h"}
    for t in range(T):
        for name, label in symbols.items():
            item = named(drawing.model, t, name)
            np.testing.assert_allclose(value_of(item), VALUES[t][name], rtol=1e-9, err_msg=f"{name}, t = {t}")
            assert item.node.notes.arrived == pytest.approx(norm(GRADIENTS[t][name]), abs=1e-12), (name, t)
            box = box_of(drawing, item)
            assert (box.lines[0], box.role, box.data["t"]) == (label, name, str(t))


def test_the_split_of_a_step_feeds_the_gates_in_their_order():
    model = drawn(loop()).model
    for t in range(T):
        assert [named(model, t, gate).inputs[0].number for gate in "ifgo"] == [0, 1, 2, 3]


@pytest.mark.parametrize("reset", ["after", "before"])
@pytest.mark.parametrize("update", ["keep", "write"])
def test_each_gate_of_a_gru_has_its_own_value(reset, update):
    tg.manual_seed(0)
    layer = nn.GRU(I, H, reset=reset, update=update).double()
    output, _ = layer(tg.tensor(X))
    model = drawn(output.sum()).model
    W_x, W_h, b_x, b_h = (p.detach().numpy() for p in layer.parameters())
    r_, z_, n_ = slice(H), slice(H, 2 * H), slice(2 * H, 3 * H)
    h = np.zeros((B, H))
    for t in range(T):
        x, s = X[t] @ W_x.T + b_x, h @ W_h.T + b_h
        r, z = sigmoid(x[:, r_] + s[:, r_]), sigmoid(x[:, z_] + s[:, z_])
        seen = r * s[:, n_] if reset == "after" else (r * h) @ W_h[n_].T + b_h[n_]
        n = np.tanh(x[:, n_] + seen)
        h = z * h + (1 - z) * n if update == "keep" else (1 - z) * h + z * n
        for name, expected in {"r": r, "z": z, "n": n, "h": h}.items():
            np.testing.assert_allclose(value_of(named(model, t, name)), expected, rtol=1e-9, err_msg=f"{name}, {t}")


def test_a_state_that_starts_from_a_tanh_does_not_exchange_i_and_f():
    u = tg.tensor(U, requires_grad=True)
    h, c = tg.zeros(B, H, dtype=tg.float64), (tg.ones(B, H, dtype=tg.float64) * u[0, :H]).tanh()
    with record():
        for t in range(3):
            with tg.step(t):
                gates = (h @ u).chunk(4, -1)
                c = gates[1].sigmoid() * c + gates[0].sigmoid() * gates[2].tanh()
                h = gates[3].sigmoid() * c.tanh()
    model = drawn(h.sum()).model
    for t in range(3):
        assert [named(model, t, gate).inputs[0].number for gate in "ifgo"] == [0, 1, 2, 3]


def test_each_gate_and_state_has_a_colour_and_neighbours_differ():
    assert set(GATES) == set("ifgochrzn")
    for together in ("ifgoch", "rznh"):
        assert len({LIGHT.fill[name] for name in together}) == len(together)


def test_an_item_prints_itself_and_not_the_graph():
    model = drawn(loop()).model
    assert max(len(repr(thing)) for thing in (*model.items, *model.links)) < 5000


# --- ports and arrows ------------------------------------------------------------------------------------------


def hops_into(drawing, t, kind="state"):
    """{text of the port: hop} for what enters step t."""
    found = [h for h in drawing.picture.hops if h.head.data.get("t") == str(t) and h.arrow.kind == kind]
    return {hop.arrow.head.lines[0]: hop for hop in found}


@pytest.mark.parametrize("when", ["by draw", "by backward"])
def test_states_go_from_port_to_port_with_the_gradient_that_comes_back(when):
    loss = loop()
    if when == "by backward":
        with record():
            loss.backward()
    drawing = drawn(loss, view="op", grads=True)
    for t in range(1, T):
        entering = hops_into(drawing, t)
        assert set(entering) == {f"h[{t - 1}]", f"c[{t - 1}]"}
        for state in "hc":
            hop = entering[f"{state}[{t - 1}]"]
            assert hop.tail.data["t"] == str(t - 1)
            size = norm(GRADIENTS[t - 1][state])
            assert hop.arrow.tail.lines == [f"{state}[{t - 1}]", f"∂ {number_text(size)}"]
            assert hop.arrow.norm == pytest.approx(norm(GRADIENTS[t][f"to_{state}"]))
            [leaving] = [a for a in hop.tail.arrows if a.head is hop.arrow.tail]
            assert leaving.tail is box_of(drawing, named(drawing.model, t - 1, state))
        [leaving] = [a for a in entering[f"h[{t - 1}]"].tail.arrows if a.head.lines[0] == f"h[{t - 1}]"]
        assert leaving.norm == pytest.approx(norm(GRADIENTS[t - 1]["h"]))  # from the next step and from the loss
    rest = [t for t in drawing.picture.tiles if t.kind == "rest"]
    [into_stack] = [a for tile in rest for a in tile.arrows if a.tail.lines == ["h[0] … h[3]"]]
    assert into_stack.norm == pytest.approx(norm(READOUT))  # four values side by side, not their sum


def chain(steps, cut=()):
    """h = a h - b h, so that two gradients add up to one that is smaller: (a - b) each step."""
    a, b = (tg.tensor(v, requires_grad=True) for v in ([1.0, 2.0], [0.5, 2.5]))
    h = tg.ones(2) * a
    with record():
        for t in range(steps):
            with tg.step(t):
                h = h.detach() if t in cut else h
                h = h * a - h * b
        return h.sum()


def carried(t, steps):
    """What comes back to the state of step t: (a - b) to the power of the steps after it."""
    return float(norm(np.array([0.5, -0.5]) ** (steps - 1 - t)))


@pytest.mark.parametrize("view", ["op", "folded", "module"])
def test_the_norm_of_merged_arrows_is_that_of_the_sum(view):
    drawing = drawn(chain(14), view=view, grads=True)
    hops = [hop for hop in drawing.picture.hops if hop.arrow.kind == "state"]
    assert len(hops) > 3
    for hop in hops:
        source = hop.arrow.links[0].source
        assert hop.arrow.norm == pytest.approx(carried(source.place.step, 14))
        assert len(hop.arrow.links) == 2
        if hop.arrow.tail.kind == "port":
            [leaving] = [a for a in hop.tail.arrows if a.head is hop.arrow.tail]
            assert leaving.norm == pytest.approx(hop.arrow.norm)
        if view == "module" and hop.arrow.head.kind == "port":
            [step] = [t for t, item in drawing.picture.lanes[0].items.items() if item is source]
            if hop.arrow.tail.kind == "port":
                assert hop.arrow.tail.lines[1] == f"∂ {number_text(drawing.picture.lanes[0].norms[step])}"
    if view == "op":
        inside = sorted(a.norm for a in hops[-1].head.arrows if a.tail is hops[-1].arrow.head)
        assert inside == pytest.approx([5**0.5, 6.5**0.5])


class Twice(nn.Module):
    def forward(self, x):
        return x * tg.tensor([1.0, 2.0]) - x * tg.tensor([0.5, 2.5])


class Net(nn.Module):
    def __init__(self, before):
        super().__init__()
        self.twice, self.before = Twice(), before

    def forward(self, x):
        return self.twice(x.exp() if self.before else x)


@pytest.mark.parametrize("before", [True, False])  # an operation's value, a leaf's
def test_two_uses_in_one_module_are_one_arrow_with_the_norm_of_the_sum(before):
    x = tg.zeros(2, requires_grad=True)
    drawing = drawn(Net(before)(x).sum(), view="module", grads=True)
    [arrow] = [a for a in drawing.picture.arrows() if a.head.lines == ["twice"] and a.norm is not None]
    assert arrow.norm == pytest.approx(0.5**0.5)


def test_uses_of_a_leaf_in_a_step_stay_apart_because_their_sum_is_not_kept():
    x = tg.zeros(2, requires_grad=True)
    with tg.step(0):
        y = Net(before=False)(x).sum()
    drawing = drawn(y, view="module", grads=True)
    norms = [a.norm for a in drawing.picture.arrows() if a.head.lines == ["twice"] and a.norm is not None]
    assert sorted(norms) == pytest.approx([5**0.5, 6.5**0.5])


# --- folding hides no cut ---------------------------------------------------------------------------------------


def test_cuts_in_folded_steps_are_counted_on_the_fold_and_in_the_text():
    drawing = drawn(chain(30, cut=(10, 15, 20)))
    assert {"0", "1", "9", "10", "28", "29"} == {t.data["t"] for t in drawing.picture.tiles if t.kind == "step"}
    folds = [tile.boxes[0].lines[2:] for tile in drawing.picture.tiles if tile.kind == "fold"]
    assert folds == [["t = 2 … 8"], ["t = 11 … 27", "✕ 4 cuts"]]  # each detached state is used twice
    assert [line for line in drawing.text().splitlines() if line[0] == "…"] == ["… 7 steps …", "… 17 steps, ✕ 4 cuts …"]
    wanted = drawn(chain(30, cut=(10,)), steps=range(2))
    assert wanted.text().splitlines()[-1] == "… 28 steps, ✕ 2 cuts …"
    assert drawing.stats["cuts"] == 6


def test_a_cut_between_two_folds_is_not_hidden_behind_what_is_not_cut():
    w, h, k = tg.ones(2, requires_grad=True), tg.ones(2), tg.ones(2)
    with record():
        for t in range(12):
            with tg.step(t, layer=0):
                h = (h * w).tanh()
            with tg.step(t, layer=1):
                k = (k * w + (h.detach() if t == 6 else h)).tanh()
    drawing = drawn(k.sum(), steps=range(1))
    folded = [hop for hop in drawing.picture.hops if hop.tail.kind == hop.head.kind == "fold"]
    assert sorted(hop.arrow.kind for hop in folded) == ["cut", "value"]
    assert {len(hop.arrow.links) for hop in folded} == {1, 10}


@pytest.mark.parametrize("steps", [(), (0,)])
def test_a_cut_inside_a_module_is_written_on_its_box(steps):
    class Stop(nn.Module):
        def forward(self, x):
            return x.exp().detach() * x

    x = tg.zeros(2, requires_grad=True)
    with record():
        y = Stop()(x * 1.0)
        for t in steps:
            with tg.step(t):
                y = Stop()(y)
    boxes = [box.lines for box in graphs.boxes(drawn(y.sum(), view="module"), "module")]
    assert boxes == [["Stop", "✕ 1 cut"]] * (1 + len(steps))


def test_a_cut_inside_the_fold_of_a_long_graph_is_written_on_it():
    y = tg.ones(2, requires_grad=True)
    with record():
        w = y * 1.0
        for k in range(500):
            y = y.detach() * w if k in (200, 300) else y * 1.01
    drawing = drawn(y.sum())
    [fold] = graphs.boxes(drawing, "fold")
    assert fold.lines == ["…", "412 operations", "✕ 2 cuts"]
    assert "operations, ✕ 2 cuts …" in drawing.text()


# --- rolled -----------------------------------------------------------------------------------------------------


def test_rolled_states_leave_their_operation_and_come_back_where_they_are_used():
    drawing = drawn(loop(), view="rolled", grads=True)
    [tile] = [tile for tile in drawing.picture.tiles if tile.kind == "step"]
    delays = {hop.arrow.head.lines[0]: hop for hop in drawing.picture.hops if hop.arrow.kind == "delay"}
    assert set(delays) == {"h[t−1]", "c[t−1]"}
    item = {i.id: i for i in drawing.model.items}
    t = int(tile.boxes[0].data.get("t", T // 2)) if tile.data else T // 2
    for state in "hc":
        hop = delays[f"{state}[t−1]"]
        assert hop.tail is hop.head is tile
        assert hop.arrow.label == f"{state}, 1 step later"
        assert hop.arrow.tail.lines == [f"{state}[t]"]
        [leaving] = [a for a in tile.arrows if a.head is hop.arrow.tail]
        assert item[leaving.tail.data["node"]].name == state
        [entering] = [a for a in tile.arrows if a.tail is hop.arrow.head]
        assert item[entering.head.data["node"]].op == {"h": "MatMul", "c": "Mul"}[state]
        assert hop.arrow.norm == pytest.approx(norm(GRADIENTS[t][f"to_{state}"]))


def test_rolled_says_how_many_steps_back_a_value_comes_from():
    w, states = tg.ones(2, requires_grad=True), [tg.ones(2), tg.ones(2)]
    for t in range(6):
        with tg.step(t):
            states.append((states[-2] * w).tanh())
    drawing = drawn(states[-1] + states[-2], view="rolled")
    [hop] = [hop for hop in drawing.picture.hops if hop.arrow.kind == "delay"]
    assert (hop.arrow.head.lines, hop.arrow.label) == (["h[t−2]"], "h, 2 steps later")


def test_rolled_reverse_layers_read_the_step_after():
    output, _ = nn.RNN(I, H, bidirectional=True).double()(tg.tensor(X))
    drawing = drawn(output.sum(), view="rolled")
    ports = {hop.tail.mirrored: hop.arrow.head.lines for hop in drawing.picture.hops if hop.arrow.kind == "delay"}
    assert ports == {False: ["h[t−1]"], True: ["h[t+1]"]}


# --- gradient through time, and the page ------------------------------------------------------------------------


@pytest.mark.parametrize("made", [loop, layer])
def test_gradient_flow_is_that_of_the_lstm_by_hand(made):
    flows = {flow["name"]: flow for flow in page_data(drawn(made()), gradient_flow=True)["flow"]}
    assert set(flows) == {"h", "c"}
    for t in range(T):
        alone = np.zeros_like(READOUT)
        alone[t] = READOUT[t]
        _, gradients = by_hand(alone)
        for state in "hc":
            expected = [norm(gradients[k][state]) for k in range(T)]
            found = flows[state]["norms"][t]
            assert found[: t + 1] == pytest.approx(expected[: t + 1], rel=6e-3)
            assert found[t + 1 :] == [None] * (T - 1 - t)  # not connected: the loss at t knows nothing of later states
            assert flows[state]["times"] == list(range(T))


@pytest.mark.parametrize("made", [loop, layer])
def test_the_page_has_values_gradients_saturation_and_inputs_by_number(made):
    drawing = drawn(made())
    data = page_data(drawing)
    nodes = data["nodes"]
    for t in range(T):
        of = {n["name"]: n for n in nodes if n.get("t") == t and n.get("name") in tuple("ifgoch")}
        for name, node in of.items():
            value = VALUES[t][name]
            assert node["value"]["mean"] == pytest.approx(value.mean(), rel=1e-4)
            assert node["value"]["std"] == pytest.approx(value.std(), rel=1e-4)
            np.testing.assert_allclose(node["value"]["cells"], value, rtol=1e-3)
            assert node["grad"]["norm"] == pytest.approx(norm(GRADIENTS[t][name]), rel=1e-4, abs=1e-9)
            slope = {"g": 1 - value**2}.get(name, value * (1 - value))
            assert node.get("flat") == (pytest.approx((slope < 0.05).mean(), abs=1e-3) if name in "ifgo" else None)
        gates = [of[gate]["inputs"][0] for gate in "ifgo"]
        assert [(position, number) for _, position, number, _ in gates] == [(0, 0), (0, 1), (0, 2), (0, 3)]
        assert len({source for source, *_ in gates}) == 1
        kept, new = (nodes[source] for source, *_ in of["c"]["inputs"])
        assert [nodes[source].get("name") for source, *_ in new["inputs"]] == ["i", "g"]
        assert nodes[kept["inputs"][0][0]]["name"] == "f"
    assert any(0 < n.get("flat", 0) < 1 for n in nodes)


def test_the_page_adds_up_the_gradient_of_a_weight_newest_step_first():
    data = page_data(drawn(loop()))
    [k] = [k for k, node in enumerate(data["nodes"]) if node.get("name") == "U"]
    sent = [part for _, _, parts in data["backward"] for part in parts if part[0] == k]
    by_step = [gradient["U"] for gradient in reversed(GRADIENTS)]
    assert [size for _, _, size, _ in sent] == pytest.approx([norm(g) for g in by_step], rel=1e-4)
    assert [so_far for *_, so_far in sent] == pytest.approx([norm(g) for g in np.cumsum(by_step, 0)], rel=1e-4)
    assert {position for _, position, *_ in sent} == {1}


def test_steps_counted_by_numpy_can_be_put_on_a_page():
    h, w = tg.ones(2), tg.ones(2, requires_grad=True)
    for t in np.arange(3):
        with tg.step(t, layer=np.int64(1)):
            h = (h * w).tanh()
    data = page_data(drawn(h.sum()), gradient_flow=True)
    assert {(node.get("t"), node.get("layer")) for node in data["nodes"] if "t" in node} == {(0, 1), (1, 1), (2, 1)}
    assert data["flow"][0]["times"] == [0, 1, 2]


# --- what the files say about who is connected to whom ------------------------------------------------------------


def connected(arrows, node_of):
    """(node, node) for each way along arrows that leads from box to box through ports alone."""
    ahead = {}
    for tail, head in arrows:
        ahead.setdefault(tail, set()).add(head)
    found = set()
    for box, node in node_of.items():
        waiting = list(ahead.get(box, ())) if node else []
        while waiting:
            head = waiting.pop()
            if node_of.get(head):
                found.add((node, node_of[head]))
            else:
                waiting += ahead.get(head, ())
    return found


def read_svg(svg):
    """The arrows, and {id: data-node or ""}; every end of an arrow is the id of a box."""
    document = graphs.parse(svg)
    boxes = {g.getAttribute("id"): g for g in document.getElementsByTagName("g") if g.hasAttribute("id")}
    paths = [p for p in document.getElementsByTagName("path") if p.hasAttribute("data-from")]
    arrows = [(p.getAttribute("data-from"), p.getAttribute("data-to")) for p in paths]
    assert {end for arrow in arrows for end in arrow} <= set(boxes)
    return arrows, {id: box.getAttribute("data-node") for id, box in boxes.items()}, boxes


MADE = {"lstm": loop, "layer": layer, "rnn": lambda: graphs.rnn(4)[0], "scalar": lambda: graphs.scalar()[0], "block": lambda: graphs.block()[0]}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_every_writer_connects_the_nodes_of_the_model(name):
    drawing = drawn(MADE[name](), view="op")
    model = drawing.model
    expected = {(link.source.id, link.target.id) for link in model.links}
    if name == "block":  # kᵀ and the like stay operations, only parameters are turned in place
        assert expected
    arrows, node_of, boxes = read_svg(drawing.svg())
    assert connected(arrows, node_of) == expected
    step_of = {i.id: str(i.place.step) for i in model.items if i.place is not None}
    for box in boxes.values():
        node = box.getAttribute("data-node")
        assert box.getAttribute("data-t") == step_of.get(node, box.getAttribute("data-t"))
    ids = {box.id: box.data.get("node", "") for box in drawing.picture.boxes()}
    for text, arrow in ((drawing.dot(), r"^(\w+) -> (\w+) \["), (drawing.mermaid(), r"^(\w+) \S+ (?:cut \S+ )?(\w+)$")):
        assert connected(re.findall(arrow, text, re.M), ids) == expected


@pytest.mark.parametrize("view", ["op", "folded", "rolled", "module", "backward"])
def test_arrows_start_and_end_in_their_tiles_and_lead_forward_in_time(view):
    drawing = drawn(chain(14), view=view)
    for tile in drawing.picture.tiles:
        assert {box for arrow in tile.arrows for box in (arrow.tail, arrow.head)} <= set(tile.boxes)
    for hop in drawing.picture.hops:
        assert hop.arrow.tail in hop.tail.boxes
        assert hop.arrow.head in hop.head.boxes
        assert hop.tail.column < hop.head.column or hop.arrow.kind == "delay"
    outputs = [(a.tail.data.get("node"), a.head.lines) for a in drawing.picture.arrows() if a.head.kind == "output"]
    assert outputs == [(drawing.model.items[-1].id, ["result"])]


def test_parameters_are_marked_by_the_item_they_stand_for():
    drawing = drawn(loop(), view="op")
    names = {p.id: p.name for p in drawing.model.parameters}
    assert sorted(names.values()) == ["U", "W", "b"]
    for file in (drawing.svg(), drawing.html()):
        svg = re.search(r"<svg.*?</svg>", file, re.S)[0]
        marked = [g for g in graphs.parse(svg).getElementsByTagName("g") if g.hasAttribute("data-param")]
        assert len(marked) == 3 * (T + 1)
        for box in marked:
            [text] = [t.firstChild.data for t in box.getElementsByTagName("text")]
            assert re.split("[: ]", text)[0] == names[box.getAttribute("data-param")]
            assert box.getAttribute("data-node") in ("", box.getAttribute("data-param"))
    assert [label for _, label, _ in drawing.picture.parameters] == ["W: 3 × 16", "U: 4 × 16", "b: 16"]
    assert {uses for _, _, uses in drawing.picture.parameters} == {T}


def test_every_view_of_a_page_has_ids_of_its_own_that_lead_to_its_own_nodes():
    html = drawn(loop(), grads=True).html()
    nodes = {node["id"] for node in json.loads(re.search(r'id="data">(.*?)</script>', html, re.S)[1])["nodes"]}
    views = re.findall(r'<div class="view" data-view="(\w+)"[^>]*>(<svg.*?</svg>)', html, re.S)
    assert {name for name, _ in views} == {"op", "folded", "module", "rolled"}
    everything = []
    for name, svg in views:
        arrows, node_of, boxes = read_svg(svg)
        assert arrows
        assert {node for node in node_of.values() if node} <= nodes
        everything += boxes
        if name == "op":
            model = drawn(loop()).model
            assert connected(arrows, node_of) == {(link.source.id, link.target.id) for link in model.links}
    assert len(everything) == len(set(everything))


def test_backward_turns_every_arrow_in_every_writer():
    drawing = drawn(loop(), view="backward")
    forward = {(link.source.id, link.target.id) for link in drawing.model.links if link.source.kind != "constant"}
    backward = {(target, source) for source, target in forward}
    ids = {box.id: box.data.get("node", "") for box in drawing.picture.boxes()}
    assert connected(re.findall(r"^(\w+) --> (\w+)$", drawing.mermaid(), re.M), ids) == backward
    starts = re.findall(r'data-from="\w+" data-to="\w+" d="M([-\d.]+) ([-\d.]+)C', drawing.svg())
    ends = [f"{x:.1f}" for arrow in drawing.picture.arrows() for x in arrow.points[-1]]
    assert [x for pair in starts for x in pair] == ends  # a drawn line starts where the value arrived


def test_text_and_titles_by_number():
    w, h = tg.ones(2, requires_grad=True), tg.ones(2)
    w.name = "w"
    with record():
        for t in range(2):
            with tg.step(t):
                a, b = (tg.cat([w, w]) * 0.5).chunk(2)
                h = (h.detach() * a + b).tanh()
    lines = drawn(h.sum(), names={"a": a, "b": b, "h": h}).text().splitlines()
    [cut] = [line for line in lines if "✕" in line]
    assert re.fullmatch(r"  n\d+ = ⊙\(h\[0\] ✕detach, a\)   2", cut)
    assert sum("a, b = split(" in line for line in lines) == 2
    assert [line for line in lines if line.startswith("t = ")] == ["t = 0", "t = 1"]
    output, _ = nn.RNN(I, H, num_layers=2, bidirectional=True)(tg.randn(3, 1, I))
    drawing = drawn(output.sum())
    item = {i.id: i for i in drawing.model.items}
    checked = set()
    for tile in drawing.picture.tiles:
        scopes = {item[b.data["node"]].scope for b in tile.boxes if b.kind == "op" and "node" in b.data}
        if tile.kind == "step" and all(s.layer is not None for s in scopes):
            [scope] = scopes
            arrow = {"forward": "→ forward", "reverse": "← reverse"}[scope.direction]
            assert tile.title.endswith(f"layer {scope.layer} · {arrow} · t = {scope.step}")
            assert tile.mirrored == (scope.direction == "reverse")
            checked.add((scope.layer, scope.direction, scope.step))
    assert len(checked) == 2 * 2 * 3


def test_ports_of_several_outputs_are_numbered():
    x = tg.ones(3, 2, requires_grad=True)
    x.name = "x"
    h = tg.ones(2)
    for t, x_t in enumerate(x.unbind(0)):
        with tg.step(t):
            h = (h * x_t).tanh()
    drawing = drawn(h.sum(), view="op")
    for t in range(3):
        assert set(hops_into(drawing, t, "value")) == {f"x[{t}]"}
    w, a, b = tg.ones(4, requires_grad=True), tg.ones(2), tg.ones(2)
    for t in range(3):
        with tg.step(t):
            a, b = (tg.cat([b, a]) * w).chunk(2)
    for names, texts in (({}, ["s0[1]", "s1[1]"]), ({"a": a, "b": b}, ["a[1]", "b[1]"])):
        entering = hops_into(drawn((a + b).sum(), view="op", names=names), 2)
        assert sorted(entering) == texts
        for number, text in enumerate(texts):
            assert entering[text].arrow.tail.lines == [text]
            assert [link.number for link in entering[text].arrow.links] == [number]


def test_a_detached_output_is_cut_from_the_output_it_was():
    w = tg.ones(4, requires_grad=True)
    with record():
        first, second = (w * 2).chunk(2)
        y = second.detach() * first
    [cut] = [link for link in drawn(y.sum()).model.links if link.cut]
    assert (cut.source.op, cut.number) == ("Split", 1)


# --- numbers as text ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (-0.0004, "−0.0004"), (1e-9, "1e−9"), (-1e-300, "−1e−300"), (2.0, "2"), (-2.0, "−2"),
        (0.12345, "0.123"), (-0.9996, "−1"), (12345.678, "1.23e4"), (9999.0, "9999"), (1e5, "1e5"),
        (float("nan"), "NaN"), (float("inf"), "∞"), (-float("inf"), "−∞"),
    ],
)  # fmt: skip
def test_numbers_have_three_digits_and_zero_has_no_sign(number, text):
    assert number_text(number) == text


def test_no_number_on_a_page_is_a_negative_zero():
    assert str(tidy(-0.0)) == "0.0"
    assert "-0.0" not in json.dumps(summary(np.array([-0.0, -0.0, 1e-3])))


def test_labels_put_a_number_on_its_own_side_and_show_mean_and_deviation():
    x = tg.tensor([1.0, 2.0, 6.0], requires_grad=True)
    x.name = "x"
    with record():
        y = (3 - x) / 2 + 2 / (x - 0.5)
    labels = [box.lines for box in graphs.boxes(drawn(y.sum(), values=True, shapes=True), "op")]
    assert [lines[0] for lines in labels] == ["3 −", "÷ 2", "− 0.5", "2 ÷", "+", "Σ"]
    assert labels[0] == ["3 −", "(3,)", "0 ± 2.16"]  # √(14/3)
    [leaf] = [box.lines for box in drawn(y.sum(), values=True, grads=True).picture.boxes() if box.lines[0] == "x"]
    expected = norm(-0.5 - 2 / (np.array([1.0, 2.0, 6.0]) - 0.5) ** 2)
    assert leaf == ["x", "3 ± 2.16", f"|∂| {expected:.3g}"]


def test_the_gradient_scale_is_logarithmic():
    scale = GradientScale([1e-4, 1.0, 0.0, float("inf")])
    assert [scale.at(x) for x in (1e-4, 1e-2, 1.0, 100.0, 0.0, None)] == pytest.approx([0, 0.5, 1, 1, None, None])
    assert (scale.low, scale.high, scale.count, scale.of) == (1e-4, 1.0, 2, 4)
    tracks = re.findall(r"stroke-width:([\d.]+).*?\|gradient\| ([\d.e+-]+)<", drawn(loop(), grads=True).svg())
    assert len(tracks) > 50
    by_norm = sorted((float(n), float(w)) for w, n in tracks)
    assert [w for _, w in by_norm] == sorted(w for _, w in by_norm)


def test_the_threshold_of_clipping_is_a_line_at_its_height():
    [_, line] = plots.gradient_norms({"h": [1.0, 2.0]}, clip=0.25).axes[0].lines
    assert set(line.get_ydata()) == {0.25}
