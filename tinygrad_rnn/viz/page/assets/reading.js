// What was read: words along the time axis, guesses, and gates × units under them, one column for each word.

const reading = page.reading;
const CELL = 18; // least width of a column

/** A word as it can be seen: spaces have signs; line ends came with theirs. */
const seen = (word) => word.replace(/ /g, "␣") || "∅";

/** The column of a time step in the reading; -1 if there is none. */
const columnOf = (t) => (reading.words && t !== null ? reading.times.indexOf(t) : -1);

let looked = -1; // the column whose guesses are shown
let unit = null; // the unit that colours the words

function startReading() {
  const box = $("reading"), words = reading.words.map(seen), n = words.length;
  box.hidden = false;
  const room = box.clientWidth - 34 - (innerWidth > 760 ? 222 : 0); // a short text has wide columns
  const wide = Math.floor(Math.max(CELL, Math.min(90, 10 + 8 * Math.max(...words.map((word) => word.length))), Math.min(40, room / n)));
  const strip = make("div", { className: "words" }), stage = make("div", { className: "stage" }), told = make("output", { className: "hint" }), guesses = make("div", { id: "guesses" });
  const choice = make("select", { id: "shown-under", "aria-label": "Shown under the words" });
  reading.series.forEach((one, k) => choice.append(make("option", { value: `s${k}` }, `${one.gate ? "gate" : /^[gn]$/.test(one.name) ? "candidate" : "state"} ${one.name}`)));
  (reading.attention || []).forEach((_, k) => choice.append(make("option", { value: `a${k}` }, `attention${reading.attention.length > 1 ? `, head ${k}` : ""}`)));
  if (reading.attention) choice.value = "a0";
  const buttons = words.map((word, k) => {
    const button = make("button", { type: "button", title: `${reading.given ? `“${reading.words[k]}” at ` : ""}t = ${reading.times[k]}` }, word);
    button.style.width = wide + "px";
    button.addEventListener("click", () => { pick(k); setTime(reading.times[k]); });
    return button;
  });
  strip.append(...buttons);
  box.append(
    make("div", { className: "bar" }, make("h3", {}, reading.given ? "What it read" : "Gates and states"), choice.options.length ? make("label", {}, "below: ", choice) : "", told),
    make("div", { className: "read" }, make("div", { className: "scroll" }, strip, stage), guesses),
  );
  const head = () => (choice.value[0] === "a" ? reading.attention[Number(choice.value.slice(1))] : null);
  const series = () => (choice.value[0] === "s" ? reading.series[Number(choice.value.slice(1))] : null);

  /** The heat map under the words: units down, or for attention the words that were attended to. */
  function fillStage() {
    stage.replaceChildren();
    const one = series(), weights = head();
    if (!one && !weights) return;
    const side = weights ? reading.sources.length : one.units;
    const at = weights ? (r, c) => weights[c][r] : (r, c) => (one.values[c] ? one.values[c][r] : null);
    const cells = Array.from({ length: side }, (_, r) => Array.from({ length: n }, (_, c) => at(r, c)));
    const most = !weights && !one.gate ? Math.max(...cells.flat().map((x) => Math.abs(x) || 0)) || 1 : 1;
    const fixed = weights || one.gate, colour = (x) => (fixed ? ramp(x) : signed(x / most));
    const row = Math.max(3, Math.min(weights ? 20 : 12, 260 / side));
    const name = (r) => (weights ? `“${seen(reading.sources[r])}”` : `${one.name}[${r}]`);
    const tell = (r, c) => `${name(r)} at “${words[c]}” (t = ${reading.times[c]}): ${show(cells[r][c])}`;
    const canvas = heatMap(cells, colour, { label: `Heat map: ${weights ? "attention" : one.name}, ${side} rows by ${n} steps`, tell, pick: (r, c) => { unit = r; pick(c); setTime(reading.times[c]); told.textContent = tell(r, c); paint(); } });
    canvas.style.width = n * wide + "px";
    canvas.style.maxWidth = "none";
    canvas.style.height = side * row + "px";
    const ends = fixed ? scale("0", "1", [0, 0.25, 0.5, 0.75, 1].map(ramp)) : scale(show(-most), show(most), [signed(-1), signed(0), signed(1)], "0");
    const every = Math.max(1, Math.ceil(12 / row));
    const ticks = make("div", { className: "ticks" }, ...cells.map((_, r) => (r % every ? "" : (() => {
      const tick = make("span", {}, weights ? seen(reading.sources[r]) : String(r));
      tick.style.top = `${r * row}px`;
      return tick;
    })())));
    stage.append(canvas, ticks, ends, make("div", { className: "hint" }, weights ? "rows: what was attended to; columns: when" : `rows: ${one.units} units; click one to colour the words by it`));
  }

  /** Words in the colours of one unit, or of the attention at the chosen step. */
  function paint() {
    const one = series(), weights = head();
    const square = weights && reading.sources.length === n;
    const most = one && !one.gate ? Math.max(...one.values.flat().map((x) => Math.abs(x) || 0)) || 1 : 1;
    buttons.forEach((button, k) => {
      let x = null;
      if (square && looked >= 0) x = weights[looked][k];
      else if (one && unit !== null && unit < one.units && one.values[k]) x = one.values[k][unit];
      const colour = x === null ? null : one && !one.gate ? signed(x / most) : ramp(x);
      button.style.background = colour ? css(colour) : "";
      button.style.color = colour ? (colour[0] * 0.3 + colour[1] * 0.6 + colour[2] * 0.1 > 130 ? "#111" : "#fff") : "";
    });
  }

  function fillGuesses() {
    guesses.replaceChildren();
    if (looked < 0) {
      if (reading.guesses) guesses.append(make("p", { className: "hint" }, "Click a word to see the guesses at the next."));
      return;
    }
    const target = reading.targets && reading.targets[looked];
    guesses.append(make("h3", {}, `${reading.given ? `After “${words[looked]}”, ` : ""}t = ${reading.times[looked]}`));
    for (const [word, chance] of reading.guesses ? reading.guesses[looked] : []) {
      const bar = make("span", { className: "bar-fill" });
      bar.style.width = `${100 * chance}%`;
      guesses.append(make("div", { className: "guess" + (word === target ? " right" : "") }, make("b", {}, seen(word)), make("span", { className: "bar-room" }, bar), make("span", { className: "number" }, chance < 0.001 ? show(chance) : chance.toFixed(3)), word === target ? " ✓" : ""));
    }
    if (target !== null && target !== undefined) guesses.append(make("p", { className: "hint" }, `✓ what came next: “${seen(target)}”`));
  }

  function pick(k) {
    for (const [at, here] of [[looked, false], [k, true]]) {
      if (at < 0) continue;
      buttons[at].classList.toggle("here", here);
      buttons[at].setAttribute("aria-pressed", String(here));
    }
    looked = k;
    fillGuesses();
    if (head()) paint();
    if (k >= 0) buttons[k].scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  choice.addEventListener("change", () => { unit = null; told.textContent = ""; fillStage(); paint(); });
  fillStage();
  reading.pick = pick;
  pick(n - 1);
}

/** After the time slider moved. */
function readAt(t) {
  if (reading.pick && columnOf(t) >= 0 && columnOf(t) !== looked) reading.pick(columnOf(t));
}

if (reading.words && reading.words.length) startReading();
