// Time, keys, and putting everything together.

let time = null; // the time step that is not dimmed; null for all
const times = [...new Set(nodes.flatMap((node) => (node.t === undefined ? [] : [node.t])))].sort((a, b) => a - b);

function setTime(t) {
  time = t;
  $("time").value = t === null ? -1 : times.indexOf(t);
  $("time-shown").textContent = t === null ? "all" : `t = ${t}`;
  $("time").setAttribute("aria-valuetext", $("time-shown").textContent);
  markTime();
  readAt(t);
  if (t === null) return;
  const here = nodes.findIndex((node, k) => node.t === t && boxesOf(k).length);
  if (here >= 0) reveal(here);
}

function moveTime(by) {
  const k = (time === null ? -1 : times.indexOf(time)) + by;
  setTime(k < 0 || !times.length ? null : times[Math.min(k, times.length - 1)]);
  say($("time-shown").textContent);
}

if (times.length) $("time").max = times.length - 1;
else for (const id of ["time-label", "time-shown"]) $(id).hidden = true;
$("time").addEventListener("input", () => setTime(Number($("time").value) < 0 ? null : times[Number($("time").value)]));

function redraw() {
  markSelection();
  markTime();
  replayMarks();
  search();
}

/** Left: what the node is made from. Right: what uses it. Up and down: the others beside it. */
function walk(key) {
  if (chosen === null) return choose(page.outputs[0] ?? nodes.length - 1);
  const inputs = nodes[chosen].inputs.map(([from]) => from).filter((k) => k >= 0);
  const made = inputs.find((k) => nodes[k].kind === "op") ?? inputs[0];
  const used = uses[chosen].length ? uses[chosen][0].to : undefined;
  const around = used === undefined
    ? made === undefined ? [] : uses[made].map(({ to }) => to)
    : [...new Set([...nodes[used].inputs.map(([from]) => from), ...(made === undefined ? [] : uses[made].map(({ to }) => to))])].filter((k) => k >= 0);
  const beside = (by) => around[(around.indexOf(chosen) + by + around.length) % around.length];
  const to = { ArrowLeft: made, ArrowRight: used, ArrowUp: beside(-1), ArrowDown: beside(1) }[key];
  if (to !== undefined) choose(to);
  return undefined;
}

const KEYS = [
  ["← →", "to what a node is made from, to what uses it", null],
  ["↑ ↓", "to the nodes beside it", null],
  ["[ ]", "one time step back, on", null],
  ["b", "one step of the run; with Shift one step back", () => step(1)],
  ["B", "", () => step(-1)],
  ["Space", "play or pause", null],
  ["/", "search; Enter goes to the next hit", () => $("search").focus()],
  ["l", "all nodes as a table", () => toggle("table", fillTable)],
  ["+ - 0", "zoom in, out, show everything", null],
  ["Esc", "let go of the node and the time step", null],
  ["?", "these keys", () => toggle("help", fillHelp)],
];
const KEY = {
  "[": () => moveTime(-1), "]": () => moveTime(1), "+": () => zoom(0.75), "=": () => zoom(0.75), "-": () => zoom(1 / 0.75), 0: () => fit(true),
  Escape: () => { choose(null); setTime(null); },
  ...Object.fromEntries(KEYS.filter(([, , act]) => act).map(([key, , act]) => [key, act])),
};

function fillHelp() {
  const rows = KEYS.filter(([, says]) => says).map(([key, says]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, says)]);
  $("help").replaceChildren(make("dl", {}, ...rows.flat()));
}

$("help-button").addEventListener("click", () => toggle("help", fillHelp));

document.addEventListener("keydown", (event) => {
  const { tagName, type } = event.target, own = /^(INPUT|SELECT|BUTTON|CANVAS)$/.test(tagName); // these need their arrows and Space
  if (event.ctrlKey || event.altKey || event.metaKey || type === "search") return;
  if (event.key.startsWith("Arrow") && !own) walk(event.key);
  else if (event.key === " " && !(own && type !== "range")) play();
  else if (KEY[event.key]) KEY[event.key]();
  else return;
  event.preventDefault();
});

for (const bar of document.querySelectorAll(".bar")) {
  // a click with the mouse leaves the keys to the graph
  bar.addEventListener("click", (event) => { if (event.detail && event.target.tagName === "BUTTON") graph.focus({ preventScroll: true }); });
}

graph.addEventListener("click", (event) => {
  if (dragged) return;
  const box = event.target.closest("[data-node]");
  const k = box ? numberOf.get(box.dataset.node) : undefined;
  choose(k === undefined ? null : k);
});

const LEGEND = [["chosen", "var(--accent)"], ["now playing", "var(--hot)"], ["made from, used by", "color-mix(in srgb,var(--accent) 55%,transparent)"], ["played, or found", "color-mix(in srgb,var(--hot) 60%,transparent)"]];

/** The signs of the picture's own legend, which lies at its far end: [an SVG or nothing, what it says]. */
function signsOfPicture() {
  const found = [];
  let signs = [];
  for (const part of view.key ? view.key.children : []) {
    if (part.dataset.param) continue; // a parameter's numbers: they are in Details
    if (!part.classList.contains("tg-says")) { signs.push(part); continue; }
    if (!signs.length) { found.push(["", part.textContent]); continue; }
    const boxes = signs.map((sign) => sign.getBBox()), svg = view.svg.cloneNode(false);
    const [x, y] = ["x", "y"].map((side) => Math.min(...boxes.map((box) => box[side])) - 1);
    const w = Math.max(...boxes.map((box) => box.x + box.width)) + 1 - x, h = Math.max(...boxes.map((box) => box.y + box.height), y + 10) + 1 - y;
    svg.removeAttribute("style");
    for (const [name, value] of Object.entries({ width: w, height: h, viewBox: `${x} ${y} ${w} ${h}` })) svg.setAttribute(name, value);
    svg.append(...signs.map((sign) => sign.cloneNode(true)));
    for (const copy of [svg, ...svg.querySelectorAll("[id]")]) copy.removeAttribute("id");
    found.push([svg, part.textContent]);
    signs = [];
  }
  return found;
}

function fillLegend() {
  const marks = LEGEND.map(([says, colour]) => {
    const sign = make("i");
    sign.style.borderColor = colour;
    return make("span", {}, sign, says);
  });
  $("legend").replaceChildren(...signsOfPicture().map(([sign, says]) => make("span", {}, sign, says)), ...marks);
  if (view.svg.classList.contains("pg-tracks")) $("legend").append(make("span", {}, "dashed: the gradient, stronger where it is larger"));
}

$("remarks").textContent = page.remarks.join(" · ");
fillPanel();
fillLegend();
setDirection(direction);
fit(false);
let widthBefore = graph.clientWidth;
addEventListener("resize", () => { if (graph.clientWidth !== widthBefore) fit(false); widthBefore = graph.clientWidth; });
document.documentElement.dataset.ready = "yes";
