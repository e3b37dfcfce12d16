// Small charts: heat maps on a canvas; bars and curves as SVG.

/** A canvas of cells; `colour(x)` gives [r, g, b]; `tell(r, c)` is the hover text and the spoken text. */
function heatMap(cells, colour, { label, tell, pick, width = 256, height = 160 }) {
  const rows = cells.length, columns = cells[0].length;
  const canvas = make("canvas", { width: columns, height: rows });
  const size = Math.max(1, Math.min(width / columns, height / rows, 28));
  canvas.style.width = Math.max(columns * size, Math.min(columns * 28, 60)) + "px";
  canvas.style.height = Math.max(8, rows * size) + "px";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const draw = () => {
    const context = canvas.getContext("2d"), image = context.createImageData(columns, rows);
    cells.forEach((row, r) => row.forEach((x, c) => {
      const known = x === null ? null : typeof x === "number" ? colour(x) : [208, 0, 208]; // NaN and infinities stand out
      image.data.set(known ? [...known, 255] : [0, 0, 0, 0], 4 * (r * columns + c));
    }));
    context.putImageData(image, 0, 0);
  };
  draw();
  repaint.push([canvas, draw]);
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [Math.floor(((event.clientY - box.top) / box.height) * rows), Math.floor(((event.clientX - box.left) / box.width) * columns)]
      .map((v, i) => Math.max(0, Math.min([rows, columns][i] - 1, v)));
  };
  canvas.addEventListener("mousemove", (event) => { canvas.title = tell(...at(event)); });
  if (pick) canvas.addEventListener("click", (event) => pick(...at(event)));
  return canvas;
}

let repaint = []; // canvases to draw again when the reader's screen turns dark or light
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  repaint = repaint.filter(([canvas]) => canvas.isConnected);
  for (const [, draw] of repaint) draw();
});

/** A heat map with ticks at its rows and columns and the names of both axes. */
function framed(canvas, rows, columns, down, across) {
  const box = make("div", { className: "framed" }, canvas);
  const w = parseFloat(canvas.style.width), h = parseFloat(canvas.style.height);
  const tick = (text, style) => { const one = make("span", { className: "tick" }, String(text)); Object.assign(one.style, style); box.append(one); };
  const some = (all) => all.map((_, k) => k).filter((k) => k % Math.ceil(all.length / 9) === 0);
  if (rows.length > 1) for (const k of some(rows)) tick(rows[k], { right: `calc(100% - 40px)`, top: `${((k + 0.5) / rows.length) * h - 5}px` });
  for (const k of some(columns)) tick(columns[k], { left: `${44 + ((k + 0.5) / columns.length) * w}px`, top: `${h + 4}px`, transform: "translateX(-50%)" });
  tick(across, { left: `${44 + w / 2}px`, top: `${h + 17}px`, transform: "translateX(-50%)" });
  if (rows.length > 1) tick(down, { left: "6px", top: `${h / 2}px`, transform: "rotate(-90deg) translateX(-50%)", transformOrigin: "0 0" });
  return box;
}

/** The scale under a heat map: numbers at its ends and a ramp between. */
function scale(low, high, colours, middle = "") {
  const bar = make("span", { className: "ramp" });
  bar.style.background = `linear-gradient(to right, ${colours.map(css).join(",")})`;
  return make("div", { className: "scale" }, low, bar, middle ? make("span", {}, middle) : "", high);
}

/** Values of either sign, zero in the middle. */
function valueMap(summary, label) {
  const most = Math.max(...summary.cells.flat().map((x) => (typeof x === "number" ? Math.abs(x) : 0))) || 1;
  const tell = (r, c) => `${summary.blocks ? "block" : "element"} [${r}, ${c}]: ${show(summary.cells[r][c])}`;
  const canvas = heatMap(summary.cells, (x) => signed(x / most), { label, tell });
  const starts = (n) => Array.from({ length: n }, (_, k) => k), blocks = summary.blocks ? "block of " : "";
  const box = summary.cells.length > 1 || summary.cells[0].length > 1 ? framed(canvas, starts(summary.cells.length), starts(summary.cells[0].length), `${blocks}row`, `${blocks}column`) : canvas;
  return make("div", {}, box, scale(show(-most), show(most), [signed(-1), signed(0), signed(1)]));
}

function chartFrame(w, h, label) {
  return makeSvg("svg", { viewBox: `0 0 ${w} ${h}`, width: w, height: h, class: "chart", role: "img", "aria-label": label });
}

/** Columns; `bars` are {size, label, here, pick}. */
function columns(bars, { label, w = 290, h = 80, low = "", high = "" }) {
  const svg = chartFrame(w, h + 14, label);
  const most = Math.max(...bars.map((bar) => (typeof bar.size === "number" ? bar.size : 0))) || 1;
  const step = w / bars.length;
  bars.forEach((bar, k) => {
    const size = typeof bar.size === "number" ? Math.max((bar.size / most) * h, bar.size > 0 ? 1 : 0) : h;
    const rect = makeSvg("rect", { x: k * step, y: h - size, width: Math.max(0.5, step - Math.min(1.5, step * 0.2)), height: size, class: "column" + (bar.here ? " here" : "") });
    rect.append(makeSvg("title", {}, bar.label));
    if (bar.pick) rect.addEventListener("click", bar.pick);
    svg.append(rect);
  });
  svg.append(makeSvg("line", { x1: 0, x2: w, y1: h + 0.5, y2: h + 0.5, class: "axis" }));
  svg.append(makeSvg("text", { x: 0, y: h + 12 }, low), makeSvg("text", { x: w, y: h + 12, "text-anchor": "end" }, high));
  return svg;
}

/** A curve through `ys` over `xs`, linear or on a log scale. */
function curve(xs, ys, { label, w = 320, h = 120, log = false, x = "", y = "" }) {
  const svg = chartFrame(w, h + 26, label);
  const good = ys.map((v) => typeof v === "number" && (!log || v > 0));
  const f = log ? Math.log10 : (v) => v;
  const shown = ys.filter((_, k) => good[k]);
  if (!shown.length) return svg;
  const low = Math.min(...shown.map(f)), high = Math.max(...shown.map(f));
  const px = (k) => 46 + ((xs[k] - xs[0]) / (xs[xs.length - 1] - xs[0] || 1)) * (w - 52);
  const py = (v) => 8 + (1 - (f(v) - low) / (high - low || 1)) * (h - 12);
  let d = "";
  ys.forEach((v, k) => { if (good[k]) d += `${d && good[k - 1] ? "L" : "M"}${px(k).toFixed(1)} ${py(v).toFixed(1)}`; });
  svg.append(makeSvg("path", { d, class: "line" }));
  svg.append(makeSvg("line", { x1: 46, x2: w - 6, y1: h, y2: h, class: "axis" }), makeSvg("line", { x1: 46, x2: 46, y1: 4, y2: h, class: "axis" }));
  const text = (at, content) => svg.append(makeSvg("text", at, content));
  text({ x: 42, y: 12, "text-anchor": "end" }, show(Math.max(...shown)));
  text({ x: 42, y: h, "text-anchor": "end" }, show(Math.min(...shown)));
  text({ x: 46, y: h + 12 }, String(xs[0]));
  text({ x: w - 6, y: h + 12, "text-anchor": "end" }, String(xs[xs.length - 1]));
  text({ x: (w + 40) / 2, y: h + 23, "text-anchor": "middle" }, x);
  text({ x: 50, y: 12 }, y);
  return svg;
}
