// The panel on the right: everything about the selected node.

let chosen = null; // number of the selected node

function choose(k, { quiet = false } = {}) {
  chosen = k;
  markSelection();
  fillPanel();
  if (k !== null) {
    reveal(k);
    if (!quiet) say(title(k) + (nodes[k].value ? `, norm ${show(nodes[k].value.norm)}` : "") + (gradientNorm(k) !== undefined ? `, gradient ${show(gradientNorm(k))}` : ""));
  }
}

function list(pairs) {
  const found = make("dl");
  for (const [name, value, key] of pairs) {
    if (value === undefined || value === null || value === "") continue;
    const shown = make("dd", {}, String(value));
    if (key) shown.dataset.key = key;
    found.append(make("dt", {}, name), shown);
  }
  return found;
}

/** Buttons that lead to other nodes, with a number beside each. */
function links(entries) {
  const found = make("ul", { className: "links" });
  for (const { to, note, number } of entries.slice(0, 12)) {
    const button = make("button", { type: "button" }, title(to) + (note ? ` ${note}` : ""));
    button.addEventListener("click", () => choose(to));
    found.append(make("li", {}, button, make("span", { className: "number" }, number === undefined ? "" : show(number))));
  }
  if (entries.length > 12) found.append(make("li", { className: "hint" }, `and ${entries.length - 12} more`));
  return found;
}

function statistics(summary, key) {
  const broken = [summary.nan ? `${summary.nan} NaN` : "", summary.inf ? `${summary.inf} infinite` : ""].filter(Boolean).join(", ");
  const single = summary.n === 1 && summary.cells;
  const found = list([
    ["value", single ? show(summary.cells[0][0]) : "", `${key}-only`],
    ["norm", single ? "" : show(summary.norm), `${key}-norm`],
    ["mean ± std", summary.mean === undefined || single ? "" : `${show(summary.mean)} ± ${show(summary.std)}`, `${key}-mean`],
    ["min … max", summary.mean === undefined || single ? "" : `${show(summary.min)} … ${show(summary.max)}`, `${key}-range`],
    ["zeros", summary.zeros && !single ? `${((100 * summary.zeros) / summary.n).toFixed(1)} %` : ""],
  ]);
  return broken ? [found, make("p", { className: "warn" }, `not finite: ${broken}`)] : [found];
}

function arrayBlock(heading, summary, key) {
  const block = make("section", {}, make("h3", {}, heading), ...statistics(summary, key));
  if (summary.n > 1 && summary.cells) {
    block.append(valueMap(summary, `${heading} as a heat map of ${summary.cells.length} by ${summary.cells[0].length}`));
    if (summary.blocks) block.append(make("div", { className: "hint" }, `${summary.cells.length} × ${summary.cells[0].length} means over blocks`));
  }
  if (summary.bins && summary.n > 8) {
    const bars = summary.bins.map((size, k) => ({ size, label: `${size} of ${summary.n} elements in part ${k + 1} of ${summary.bins.length}` }));
    block.append(columns(bars, { label: `${heading}: histogram`, w: 240, h: 44, low: show(summary.min), high: show(summary.max) }));
  }
  return block;
}

/** The same operation one step earlier or later. */
function twin(k, by) {
  const node = nodes[k];
  if (node.t === undefined || node.row === undefined) return undefined;
  const mates = (j) => nodes[j].row === node.row && nodes[j].op === node.op && nodes[j].name === node.name && nodes[j].kind === node.kind;
  const here = nodes.flatMap((other, j) => (other.t === node.t && mates(j) ? [j] : []));
  const there = nodes.flatMap((other, j) => (other.t === node.t + by && mates(j) ? [j] : []));
  return there[here.indexOf(k)];
}

/** What came back along each use, as columns over time: the sum over time is what backpropagation through time adds up. */
function contributionBlock(k) {
  const parts = contributions.get(k) || [];
  const block = make("section", {}, make("h3", {}, "Gradient by use"));
  const place = (j) => nodes[j].t ?? (uses[j][0] ? nodes[uses[j][0].to].t : undefined);
  const sorted = parts.map((part) => ({ ...part, t: place(part.from) })).sort((a, b) => (a.t ?? 1e9) - (b.t ?? 1e9));
  if (parts.length > 2) {
    const bars = sorted.map((part) => ({
      size: part.norm, label: `${title(part.from)}: ${show(part.norm)}`, here: time !== null && part.t === time, pick: () => choose(part.from),
    }));
    const ends = [sorted[0], sorted[sorted.length - 1]].map(({ t }) => (t === undefined ? "" : `t = ${t}`));
    block.append(columns(bars, { label: `Norm of the gradient of each of ${parts.length} uses, by time step`, low: ends[0], high: ends[1] }));
  }
  block.append(links(sorted.map((part) => ({ to: part.from, number: part.norm }))));
  block.append(list([["uses", parts.length, "uses"], ["norm of the sum", show(gradientNorm(k)), "sum-norm"]]));
  return block;
}

function fillPanel() {
  const panel = $("panel");
  panel.replaceChildren();
  if (chosen === null) {
    panel.append(make("h2", {}, "Details"), make("p", { className: "hint" }, "Click a box, or press Tab to the graph and use the arrow keys. Keys: press ?"));
    if (page.findings.length) panel.append(make("h3", {}, "What happened in time"), make("ol", { id: "findings" }, ...page.findings.map((words) => make("li", {}, words))), make("h3", {}, "Counts"));
    if (page.memory) panel.append(make("p", { className: "hint", id: "memory" }, page.memory));
    panel.append(list(Object.entries(page.stats).map(([name, value]) => [name.replace("_", " "), value])));
    return;
  }
  const node = nodes[chosen];
  panel.append(make("h2", { id: "panel-title" }, title(chosen)));
  const [computes, derivative] = page.ops[node.op] || [];
  if (computes) panel.append(make("p", { className: "formula" }, computes));
  if (derivative) panel.append(make("p", { className: "formula" }, derivative));
  panel.append(list([
    ["shape", node.shape, "shape"], ["dtype", node.value && node.value.dtype], ["bytes", node.value && node.value.bytes],
    ["kept for backward", node.kept && `${node.kept.toLocaleString("en")} bytes`, "kept"],
    ["time step", node.t, "t"], ["layer", node.layer], ["direction", node.direction], ["module", node.module, "module"], ["source", node.source, "source"],
  ]));
  if (node.flat !== undefined) panel.append(make("p", { className: node.flat > 0.3 ? "warn" : "hint" }, `saturated: ${(100 * node.flat).toFixed(0)} % of the elements have a slope below 0.05`));
  if (node.value) panel.append(arrayBlock("Value", node.value, "value"));
  else panel.append(make("p", { className: "hint" }, "value not kept: draw inside tg.record() to see it"));
  const norm = gradientNorm(chosen);
  if (node.grad) {
    panel.append(arrayBlock("Gradient", node.grad, "grad"));
    if (node.value && node.value.norm > 0 && typeof node.grad.norm === "number") panel.append(list([["|grad| / |value|", show(node.grad.norm / node.value.norm), "ratio"]]));
  } else if (norm !== undefined) panel.append(make("h3", {}, "Gradient"), list([["norm", show(norm), "grad-norm"]]));
  if (contributions.has(chosen)) panel.append(contributionBlock(chosen));
  if (node.study) {
    panel.append(make("section", { id: "study" }, ...node.study.map(([heading, rows, sentence]) =>
      make("section", {}, make("h3", {}, heading), list(rows.map(([name, x]) => [name, show(x)])), make("p", { className: "hint" }, sentence)))));
  }
  const inputs = node.inputs.filter(([from]) => from >= 0);
  if (inputs.length) panel.append(make("h3", {}, "Made from"), links(inputs.map(([from, , , cut]) => ({ to: from, note: cut ? `(cut: ${cut})` : "" }))));
  if (uses[chosen].length && !contributions.has(chosen)) panel.append(make("h3", {}, "Used by"), links(uses[chosen].map(({ to }) => ({ to }))));
  const steps = [[-1, "one step earlier"], [1, "one step later"]].map(([by, note]) => ({ to: twin(chosen, by), note: `(${note})` })).filter(({ to }) => to !== undefined);
  if (steps.length) panel.append(make("h3", {}, "The same operation"), links(steps));
}
