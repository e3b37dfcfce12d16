// The picture: views, pan and zoom, and marks on boxes and arrows.

const graph = $("graph");
const views = new Map(); // name -> {svg, boxes, arrows, tiles, box}

for (const holder of graph.querySelectorAll(".view")) {
  const svg = holder.querySelector("svg");
  const [, , w, h] = svg.getAttribute("viewBox").split(" ").map(Number);
  svg.setAttribute("width", w); // a picture for a narrow column may say less
  svg.setAttribute("height", h);
  const boxes = new Map(); // "n12" -> its elements
  for (const box of svg.querySelectorAll("[data-node]")) {
    if (!boxes.has(box.dataset.node)) boxes.set(box.dataset.node, []);
    boxes.get(box.dataset.node).push(box);
  }
  const into = new Map(); // id of a box -> the paths that lead into it
  for (const path of svg.querySelectorAll("path[data-to]")) {
    if (!into.has(path.dataset.to)) into.set(path.dataset.to, []);
    into.get(path.dataset.to).push(path);
    if (path.parentNode.parentNode === svg) path.classList.add("pg-hop");
  }
  svg.classList.toggle("pg-tracks", svg.querySelector(".tg-grad[data-from]") !== null);
  const tiles = [...svg.querySelectorAll("g[transform][data-row]")];
  const key = svg.lastElementChild.matches("g[transform]:has(> .tg-says)") ? svg.lastElementChild : null; // its legend
  const body = key ? key.transform.baseVal.consolidate().matrix.f : h;
  views.set(holder.dataset.view, { holder, svg, w, h, body, key, boxes, into, tiles, box: null });
}

let view = views.get(page.view);
const numberOf = new Map(nodes.map((node, k) => [node.id, k]));
const boxesOf = (k) => (nodes[k] && view.boxes.get(nodes[k].id)) || [];

let resting = null;

/**
 * Show a part of the picture, {x, y, w, h} in its own units. The whole SVG is moved and scaled: a change of its
 * viewBox would lay out every text again. While it moves the browser may keep its pixels; at rest they are redrawn.
 */
function setBox(box) {
  view.box = box;
  const { svg } = view, k = graph.clientWidth / box.w;
  svg.style.willChange = "transform";
  svg.style.transform = `scale(${k}) translate(${-box.x}px, ${-box.y}px)`;
  if (svg.classList.contains("pg-far") !== k < 0.15) svg.classList.toggle("pg-far"); // too small to read: draw less
  clearTimeout(resting);
  resting = setTimeout(() => { svg.style.willChange = ""; }, 200);
}

const READABLE = 0.8, LEAST = 0.68; // pixels for a unit of the picture: texts of 9 pixels, and of 8

/** Where the last time step is, from left to right in units of the picture; null if there is no time. */
function lastStep() {
  const t = Math.max(...view.tiles.map((tile) => (tile.dataset.t ? Number(tile.dataset.t) : -1)));
  const here = view.tiles.filter((tile) => tile.dataset.t && Number(tile.dataset.t) === t);
  if (!here.length) return null;
  const left = (tile) => tile.transform.baseVal.consolidate().matrix.e;
  return { from: Math.min(...here.map(left)), to: Math.max(...here.map((tile) => left(tile) + tile.querySelector("rect").width.baseVal.value)) };
}

/**
 * Show everything; or at first, of a large picture, the last step and what comes after it, or if that has no room the last
 * step alone, large enough to read. The window is as high as needed; the legend is under it.
 */
function fit(everything) {
  const room = Math.max(220, innerHeight * 0.6), whole = Math.min(graph.clientWidth / view.w, room / view.h);
  const last = lastStep(), snug = last ? graph.clientWidth / (view.w - last.from + 8) : READABLE;
  const large = Math.min(1.1, Math.max(READABLE, room / view.body)); // a low picture has room to be larger
  const k = everything ? whole : Math.min(1.4, Math.max(whole, snug < LEAST ? READABLE : Math.min(large, snug)));
  const low = everything ? view.h : view.body;
  graph.style.height = `${Math.round(Math.max(190, Math.min(room, k * low)))}px`;
  const w = graph.clientWidth / k, h = graph.clientHeight / k;
  const end = last && !everything && snug < LEAST ? Math.min(view.w, last.to + 8) : view.w;
  setBox({ x: w >= view.w ? (view.w - w) / 2 : Math.max(0, end - w), y: h >= view.h ? (view.h - h) / 2 : Math.max(0, low - h), w, h });
}

/** Zoom by a factor about a point given as shares of the window. */
function zoom(factor, px = 0.5, py = 0.5) {
  const { x, y, w, h } = view.box;
  const k = Math.max(w * factor, 30) / w;
  if (w * k > Math.max(view.w, view.h) * 6) return;
  setBox({ x: x + w * (1 - k) * px, y: y + h * (1 - k) * py, w: w * k, h: h * k });
}

function placeOf(element) {
  const inside = element.getBBox();
  const tile = element.closest("g[transform]");
  const at = (e) => (e && e.transform ? e.transform.baseVal.consolidate().matrix : { e: 0, f: 0 });
  const outer = tile && tile.parentNode.closest("g[transform]");
  const dx = (tile ? at(tile).e : 0) + (outer ? at(outer).e : 0), dy = (tile ? at(tile).f : 0) + (outer ? at(outer).f : 0);
  return { x: inside.x + dx + inside.width / 2, y: inside.y + dy + inside.height / 2 };
}

/** Move the picture so that a node can be seen. */
function reveal(k) {
  const places = boxesOf(k).map(placeOf), { box } = view;
  const inX = ({ x }) => x > box.x + box.w * 0.06 && x < box.x + box.w * 0.94, inY = ({ y }) => y > box.y && y < box.y + box.h;
  if (!places.length || places.some((place) => inX(place) && inY(place))) return; // a weight is drawn in every step
  const [place] = places, within = (x, room) => (room > 0 ? Math.max(0, Math.min(room, x)) : room / 2);
  setBox({
    ...box,
    x: inX(place) ? box.x : within(place.x - box.w / 2, view.w - box.w), y: inY(place) ? box.y : within(place.y - box.h / 2, view.h - box.h),
  });
}

function chooseView(name) {
  for (const one of views.values()) one.holder.hidden = true;
  view = views.get(name);
  view.holder.hidden = false;
  $("view").value = name;
  fit(false);
  redraw();
  fillLegend();
}

for (const name of views.keys()) $("view").append(make("option", { value: name }, name));
$("view").value = page.view;
$("view").addEventListener("change", () => chooseView($("view").value));
$("zoom-in").addEventListener("click", () => zoom(0.75));
$("zoom-out").addEventListener("click", () => zoom(1 / 0.75));
$("zoom-fit").addEventListener("click", () => fit(true));

graph.addEventListener("wheel", (event) => {
  event.preventDefault();
  const r = graph.getBoundingClientRect();
  if (event.shiftKey) setBox({ ...view.box, x: view.box.x + (view.box.w * (event.deltaY + event.deltaX)) / r.width });
  else zoom(1.0015 ** event.deltaY, (event.clientX - r.left) / r.width, (event.clientY - r.top) / r.height);
}, { passive: false });

// Drag with one pointer, pinch with two.
const fingers = new Map();
let dragged = false;
graph.addEventListener("pointerdown", (event) => {
  fingers.set(event.pointerId, event);
  if (fingers.size === 1) dragged = false;
});
addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const r = graph.getBoundingClientRect();
  const dx = event.clientX - before.clientX, dy = event.clientY - before.clientY;
  if (!dragged && Math.hypot(dx, dy) < 4) return;
  dragged = true;
  graph.classList.add("dragging");
  if (fingers.size === 1) {
    const { box } = view;
    setBox({ ...box, x: box.x - (dx * box.w) / r.width, y: box.y - (dy * box.h) / r.height });
  } else {
    const [other] = [...fingers.values()].filter((f) => f.pointerId !== event.pointerId);
    const apart = (f) => Math.hypot(f.clientX - other.clientX, f.clientY - other.clientY);
    zoom(apart(before) / Math.max(1, apart(event)), (other.clientX - r.left) / r.width, (other.clientY - r.top) / r.height);
  }
  fingers.set(event.pointerId, event);
});
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, (event) => {
    fingers.delete(event.pointerId);
    graph.classList.remove("dragging");
  });
}

// --- marks -----------------------------------------------------------------------------------------------------

const marked = []; // [element, class] of the selection, to take away again

function mark(element, name) {
  element.classList.add(name);
  marked.push([element, name]);
}

function unmark() {
  for (const [element, name] of marked.splice(0)) element.classList.remove(name);
}

/** Arrows into a box, on through ports, up to the boxes of nodes: [paths, ids of those boxes]. */
function pathsInto(id, found = [], seen = new Set()) {
  if (seen.has(id)) return found;
  seen.add(id);
  for (const path of view.into.get(id) || []) {
    found.push(path);
    const tip = path.nextElementSibling;
    if (tip && tip.classList.contains("tg-tip")) found.push(tip); // the head of a gradient's arrow
    const from = view.svg.getElementById(path.dataset.from);
    if (from && !from.dataset.node) pathsInto(from.id, found, seen);
  }
  return found;
}

/** Show what is selected, what it is made from, what uses it, and everything else that uses the same parameter. */
function markSelection() {
  unmark();
  if (chosen === null) return;
  for (const element of boxesOf(chosen)) mark(element, "pg-chosen");
  const near = [...nodes[chosen].inputs.map(([from]) => from), ...uses[chosen].map(({ to }) => to)];
  for (const k of near) for (const element of boxesOf(k)) mark(element, nodes[chosen].kind === "parameter" ? "pg-kin" : "pg-near");
  if (nodes[chosen].kind !== "parameter") {
    for (const element of boxesOf(chosen)) for (const path of pathsInto(element.id)) if (!path.classList.contains("tg-grad")) mark(path, "pg-line");
  }
}

function markTime() {
  for (const one of views.values()) {
    one.svg.classList.toggle("pg-timed", time !== null);
    for (const tile of one.tiles) tile.classList.toggle("pg-this-time", time !== null && Number(tile.dataset.t) === time);
  }
}
