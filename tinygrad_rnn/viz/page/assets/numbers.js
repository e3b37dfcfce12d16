// What every part uses: the data, words and numbers on the page, and colours.

const $ = (id) => document.getElementById(id);
const page = JSON.parse($("data").textContent);
const nodes = page.nodes;

/** An element with properties and children; text goes in as text, never as markup. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in element) element[key] = value;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function makeSvg(tag, attributes = {}, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text) element.textContent = text;
  return element;
}

/** Four digits; NaN and infinities arrive as text. */
function show(x) {
  if (x === undefined || x === null) return "–";
  if (typeof x !== "number") return String(x);
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return x.toExponential(3);
  return String(Number(x.toPrecision(4)));
}

/** How a node is called in text: "h, Mul, t = 3". */
function title(k) {
  const node = nodes[k];
  if (!node) return "a node that this page leaves out";
  const what = node.name || (node.names || []).join(", ") || (node.kind === "op" ? "" : node.kind + " " + node.shape);
  const parts = [what, node.op].filter(Boolean);
  if (node.t !== undefined) parts.push("t = " + node.t);
  return parts.join(" · ");
}

function say(text) {
  $("said").textContent = text;
}

function dark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

const blend = (a, b, x) => a.map((v, i) => Math.round(v + (b[i] - v) * x));

/** Blue below zero, paper at zero, orange above; x in -1..1. */
function signed(x) {
  const paper = dark() ? [40, 44, 51] : [247, 247, 247];
  return blend(paper, x < 0 ? (dark() ? [86, 180, 233] : [0, 114, 178]) : (dark() ? [240, 138, 60] : [213, 94, 0]), Math.min(1, Math.abs(x)));
}

/** One ramp from dark blue through grey to yellow, readable without colour (after cividis); x in 0..1. */
const RAMP = [[0, 32, 76], [60, 77, 110], [124, 123, 120], [187, 175, 113], [255, 234, 70]];
function ramp(x) {
  const place = Math.max(0, Math.min(0.9999, x)) * (RAMP.length - 1);
  return blend(RAMP[Math.floor(place)], RAMP[Math.floor(place) + 1], place % 1);
}

const css = (colour) => `rgb(${colour.join(",")})`;

/** The norm of a node's gradient; where the array was not kept, as backward reported it. */
const gradientNorm = (k) => {
  const grad = nodes[k] && nodes[k].grad;
  return grad ? grad.norm : arrived.get(k);
};

// --- backward, as recorded: who ran when, and what went where -------------------------------------------------

const arrived = new Map(page.backward.map(([k, norm]) => [k, norm]));
const contributions = new Map(); // node -> [{from, position, norm}], in the order of arrival
for (const [from, , sent] of page.backward) {
  for (const [to, position, norm] of sent) {
    if (!contributions.has(to)) contributions.set(to, []);
    contributions.get(to).push({ from, position, norm });
  }
}
const uses = nodes.map(() => []); // node -> [{to, position}]
nodes.forEach((node, to) => node.inputs.forEach(([from, position, , cut]) => uses[from] && uses[from].push({ to, position, cut })));
