// Finding nodes: the search box, and all nodes as a table for those who prefer reading to looking.

let hits = []; // numbers of the nodes found
let hit = -1;

/** Words that must all fit: a name or op, "t=3", "grad>0.1", "value<2", "nan". */
function matcher(text) {
  const tests = text.trim().split(/\s+/).filter(Boolean).map((word) => {
    const compare = /^(grad|value|t)(<=|>=|<|>|=)(-?[\d.]+(?:e[+-]?\d+)?)$/i.exec(word);
    if (compare) {
      const [, what, sign, limit] = compare;
      const read = { grad: gradientNorm, value: (k) => nodes[k].value && nodes[k].value.norm, t: (k) => nodes[k].t }[what.toLowerCase()];
      const fits = { "<": (x, y) => x < y, ">": (x, y) => x > y, "=": (x, y) => x === y, "<=": (x, y) => x <= y, ">=": (x, y) => x >= y }[sign];
      return (k) => typeof read(k) === "number" && fits(read(k), Number(limit));
    }
    const low = word.toLowerCase();
    const broken = (s) => s && (s.nan || s.inf);
    if (low === "nan") return (k) => broken(nodes[k].value) || broken(nodes[k].grad);
    return (k) => [nodes[k].name, nodes[k].op, nodes[k].module, ...(nodes[k].names || [])].some((s) => s && s.toLowerCase().includes(low));
  });
  return (k) => tests.every((test) => test(k));
}

function search() {
  for (const one of views.values()) for (const element of one.svg.querySelectorAll(".pg-hit")) element.classList.remove("pg-hit");
  const text = $("search").value;
  hits = text.trim() ? nodes.map((_, k) => k).filter(matcher(text)) : [];
  hit = -1;
  for (const k of hits) for (const element of boxesOf(k)) element.classList.add("pg-hit");
  $("found").textContent = !text.trim() ? "" : hits.length ? `Enter: next of ${hits.length}` : "none found";
  if (!$("table").hidden) fillTable();
}

function nextHit(by) {
  if (!hits.length) return;
  hit = (hit + by + hits.length) % hits.length;
  $("found").textContent = `${hit + 1} of ${hits.length} · Enter: next`;
  choose(hits[hit]);
}

$("search").addEventListener("input", search);
$("search").addEventListener("keydown", (event) => {
  if (event.key === "Enter") nextHit(event.shiftKey ? -1 : 1);
  if (event.key === "Escape") { $("search").value = ""; search(); graph.focus(); }
});

function fillTable(from = 0) {
  const rows = $("search").value.trim() ? hits : nodes.map((_, k) => k);
  const head = ["node", "operation", "t", "shape", "module", "|value|", "|gradient|", "made from"];
  const body = make("tbody");
  for (const k of rows.slice(from, from + 200)) {
    const node = nodes[k], button = make("button", { type: "button" }, node.name || node.id);
    button.addEventListener("click", () => choose(k));
    const made = node.inputs.filter(([j]) => j >= 0).map(([j]) => nodes[j].name || nodes[j].id).join(", ");
    const cells = [button, node.op || node.kind, node.t ?? "", node.shape, node.module || "", node.value ? show(node.value.norm) : "", gradientNorm(k) === undefined ? "" : show(gradientNorm(k)), made];
    body.append(make("tr", {}, ...cells.map((cell) => make("td", {}, cell instanceof Node ? cell : String(cell)))));
  }
  const bar = make("div", { className: "bar" }, `${rows.length} nodes${rows.length > 200 ? `, ${from + 1} to ${Math.min(from + 200, rows.length)}` : ""}`);
  for (const [name, to] of [["Earlier", from - 200], ["Later", from + 200]]) {
    if (to < 0 || to >= rows.length) continue;
    const button = make("button", { type: "button" }, name);
    button.addEventListener("click", () => fillTable(to));
    bar.append(button);
  }
  $("table").replaceChildren(bar, make("table", {}, make("thead", {}, make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name)))), body));
}

function toggle(id, fill) {
  const section = $(id), button = $(`${id}-button`);
  section.hidden = !section.hidden;
  button.setAttribute("aria-expanded", String(!section.hidden));
  if (!section.hidden) fill();
}

$("table-button").addEventListener("click", () => toggle("table", fillTable));
