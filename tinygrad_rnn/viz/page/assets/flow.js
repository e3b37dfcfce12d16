// Charts below the graph: the losses, and how far back in time the gradient of each loss reaches.

function lossChart() {
  const xs = page.losses.map((_, k) => k + 1);
  return make("div", {}, make("h3", {}, "Loss"), curve(xs, page.losses, { label: `Loss curve of ${xs.length} points, from ${show(page.losses[0])} to ${show(page.losses[xs.length - 1])}`, x: "training step" }));
}

function flowChart() {
  const block = make("div", { id: "flow" }), chart = make("div", { className: "bar" });
  const choice = make("select", { "aria-label": "State" }, ...page.flow.map((flow, k) => make("option", { value: k }, flow.name)));
  const told = make("output", { className: "hint" });
  block.append(make("h3", {}, "Gradient through time: the loss at t (rows, ↓), the state at k (columns, →)"), page.flow.length > 1 ? choice : "", chart, told);
  let at = null; // [row, column] of the cell looked at

  function draw() {
    const flow = page.flow[Number(choice.value) || 0], last = flow.times.length - 1, rows = flow.rows.length - 1;
    at = at || [rows, 0];
    const logs = flow.norms.flat().filter((x) => typeof x === "number" && x > 0).map(Math.log10);
    const low = Math.max(Math.min(...logs), Math.max(...logs) - 12), high = Math.max(...logs);
    const colour = (x) => (x > 0 ? ramp(high > low ? (Math.log10(x) - low) / (high - low) : 1) : dark() ? [29, 32, 38] : [246, 247, 248]);
    const tell = (r, c) => `loss at t = ${flow.rows[r]}, state at k = ${flow.times[c]}: ${flow.norms[r][c] === null ? "not connected" : flow.norms[r][c] === 0 ? "exactly zero" : show(flow.norms[r][c])}`;
    const look = (r, c, jump) => {
      at = [r, c];
      told.textContent = tell(r, c);
      if (jump) { setTime(flow.times[c]); if (flow.nodes[c] >= 0) choose(flow.nodes[c], { quiet: true }); say(tell(r, c)); }
      row();
    };
    const side = make("div");
    const row = () => {
      const xs = flow.times.slice(0), ys = flow.norms[at[0]], s = flow.rows[at[0]];
      side.replaceChildren(curve(xs, ys, { label: `Gradient of the loss at t = ${s} by the state at each time`, log: true, x: `time k of ${flow.name}, for the loss at t = ${s}`, y: `‖∂L/∂${flow.name}‖` }));
    };
    const canvas = heatMap(flow.norms, colour, { label: `Heat map over ${last + 1} by ${rows + 1} times; arrow keys move, Enter jumps`, tell, pick: (r, c) => look(r, c, true), width: 240, height: 200 });
    canvas.tabIndex = 0;
    canvas.addEventListener("keydown", (event) => {
      const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!by && event.key !== "Enter") return;
      event.preventDefault();
      event.stopPropagation();
      const [r, c] = by ? at.map((v, i) => Math.max(0, Math.min([rows, last][i], v + by[i]))) : at;
      look(r, c, event.key === "Enter");
      if (by) say(tell(r, c));
    });
    const ends = [0, 0.25, 0.5, 0.75, 1].map(ramp);
    canvas.style.width = canvas.style.height = `${Math.max(110, Math.min(200, 26 * (last + 1)))}px`;
    const about = `‖∂L_s/∂${flow.name}[k]‖, log`;
    chart.replaceChildren(make("div", {}, framed(canvas, flow.rows, flow.times, "loss at s", `${flow.name} at k`), scale(show(10 ** low), show(10 ** high), ends, about), make("div", { className: "hint" }, "empty: not connected; pale: exactly zero")), side);
    look(...at.map((v, i) => Math.min(v, [rows, last][i])), false);
  }
  choice.addEventListener("change", draw);
  draw();
  return block;
}

if (page.flow.length) $("charts").append(flowChart());
if (page.losses.length > 1) $("charts").append(lossChart());
