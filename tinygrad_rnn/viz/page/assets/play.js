// Playing the run: forward in the order of making, backward as the engine did it.

const runs = {
  forward: nodes.flatMap((node, k) => (node.kind === "op" ? [[k, null, []]] : [])),
  backward: page.backward,
};
const expected = new Map(); // node -> how many gradients will arrive
for (const k of page.outputs) expected.set(k, (expected.get(k) || 0) + 1);
for (const [k, parts] of contributions) expected.set(k, (expected.get(k) || 0) + parts.length);

let direction = page.backward.length ? "backward" : "forward";
let position = 0; // how many events of the run have happened
let timer = null;
const received = new Map(); // node -> norms of the sum so far, one per arrival
const lit = []; // for each event that happened: the elements it marked

function enter(event) {
  const [k, , sent] = event, marks = [];
  const put = (element, name) => { element.classList.add(name); marks.push([element, name]); };
  for (const element of boxesOf(k)) {
    put(element, "pg-done");
    for (const path of pathsInto(element.id)) put(path, "pg-on");
  }
  lit.push(marks);
  for (const [to, , , running] of sent) {
    if (!received.has(to)) received.set(to, []);
    received.get(to).push(running);
  }
}

function leave(event) {
  for (const [element, name] of lit.pop()) element.classList.remove(name);
  for (const [to] of event[2]) received.get(to).pop();
}

/** Go to a position of the run, forwards or back. */
function seek(to, { follow = true } = {}) {
  const run = runs[direction];
  to = Math.max(0, Math.min(run.length, to));
  for (; position < to; position++) enter(run[position]);
  for (; position > to; position--) leave(run[position - 1]);
  for (const element of view.svg.querySelectorAll(".pg-now")) element.classList.remove("pg-now");
  view.svg.classList.toggle("pg-playing", direction === "backward" && position > 0);
  $("position").value = position;
  $("position-shown").textContent = `${position} of ${run.length}`;
  if (position) {
    const [k] = run[position - 1];
    for (const element of boxesOf(k)) element.classList.add("pg-now");
    if (follow) { choose(k, { quiet: true }); if (time !== null && nodes[k].t !== undefined && nodes[k].t !== time) setTime(nodes[k].t); }
  }
  tellEvent();
}

const counts = (k) => `${(received.get(k) || []).length + (page.outputs.includes(k) ? 1 : 0)} of ${expected.get(k) || 1}`;

/** Nodes that have received something and still wait: first those that wait for more, then those for their turn. */
function waiting() {
  const done = new Set(runs.backward.slice(0, position).map(([k]) => k));
  const found = [...received].filter(([k, norms]) => norms.length && !done.has(k)).map(([k]) => k);
  const complete = (k) => received.get(k).length + (page.outputs.includes(k) ? 1 : 0) >= expected.get(k);
  return [...found.filter((k) => !complete(k)), ...found.filter(complete)];
}

function tellEvent() {
  const box = $("playing");
  box.replaceChildren();
  if (!position) return;
  const [k, norm, sent] = runs[direction][position - 1];
  box.dataset.node = nodes[k].id;
  const name = make("strong", {}, title(k));
  if (direction === "forward") {
    box.append(name, ` computes ${(page.ops[nodes[k].op] || [""])[0]}`, nodes[k].value ? `; norm ${show(nodes[k].value.norm)}` : "");
    return;
  }
  box.append(name, " received ", make("span", { id: "arrived" }, counts(k)), `: |g| = ${show(norm)}. `);
  if (!sent.length) box.append(nodes[k].inputs.length ? "It sends nothing. " : "A leaf: this is its gradient. ");
  sent.slice(0, 4).forEach(([to, , size, running], n) => {
    const so = running === null ? "" : `, there |Σg| = ${show(running)}`;
    box.append(`${n ? "; " : "Sends "}${show(size)} to ${title(to)} (${counts(to)}${so})`);
  });
  for (const line of page.written[k] || []) box.append(make("div", { className: "written" }, line));
  const wait = waiting();
  if (wait.length) {
    const some = wait.slice(0, 5).map((j) => `${title(j)} (${counts(j)})`).join("; ");
    box.append(make("div", { className: "waiting" }, `Waiting: ${some}${wait.length > 5 ? `; and ${wait.length - 5} more` : ""}`));
  }
}

function setDirection(name) {
  pause();
  seek(0);
  direction = name;
  $("direction").value = name;
  $("position").max = runs[name].length;
  seek(0);
}

function pause() {
  clearTimeout(timer);
  timer = null;
  $("play").textContent = "Play";
}

function play() {
  if (timer !== null) return pause();
  if (position === runs[direction].length) seek(0);
  $("play").textContent = "Pause";
  const tick = () => {
    seek(position + 1);
    if (position === runs[direction].length) {
      pause();
      say(`${direction} done: ${position} steps`);
    } else timer = setTimeout(tick, Number($("speed").value));
  };
  timer = setTimeout(tick, 0);
  return undefined;
}

/** By hand: also spoken. */
function step(by) {
  pause();
  seek(position + by);
  say($("playing").textContent || "start");
}

/** After a change of view: the marks of the run belong to the boxes that are seen. */
function replayMarks() {
  const at = position;
  seek(0, { follow: false });
  seek(at, { follow: false });
}

$("direction").value = direction;
$("direction").addEventListener("change", () => setDirection($("direction").value));
if (!page.backward.length) $("direction").querySelector("[value=backward]").disabled = true;
$("play").addEventListener("click", play);
$("play-start").addEventListener("click", () => { pause(); seek(0); });
$("play-back").addEventListener("click", () => step(-1));
$("play-next").addEventListener("click", () => step(1));
$("position").addEventListener("input", () => { pause(); seek(Number($("position").value)); });
