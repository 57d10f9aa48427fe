// The page: its lanes, folds and steps. The calls at the end draw it.

// A long trace is shown without its middle: so many events from each end.
const SHOWN_AT_EACH_END = 300;
const COLOURS = 6;
// Blocks that one thread holds at a time and that are drawn beside each other.
const TRACKS = 2;
const OWNERSHIP_BEGINS = new Set(["hand out", "receive"]);
const OWNERSHIP_ENDS = new Set(["take back", "give away"]);

const trace = JSON.parse(document.getElementById("data").textContent);
const events = trace.events;
const grid = document.querySelector(".trace");
const laneNames = ["main"];
for (const event of events) {
  const thread = event.thread === "main" ? 0 : Number.parseInt(event.thread.slice(1)) + 1;
  for (let lane = laneNames.length; lane <= thread; ++lane) laneNames.push(`T${lane - 1}`);
  laneNames[thread] = event.thread;
}
const columnOf = thread => laneNames.indexOf(thread) + 1;

// Text never becomes markup: it goes through textContent and the properties of elements.
function add(parent, tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  parent.append(element);
  return element;
}

const placeOf = event => event.line === 0 ? "" : `${event.file}:${event.line} ${event.function}`;
const whatOf = event =>
  event.operation + (event.object && ` ${event.object}`) + (event.value && ` = ${event.value}`);

const leftOut = Math.max(0, events.length - 2 * SHOWN_AT_EACH_END);
const head = leftOut === 0 ? events.length : SHOWN_AT_EACH_END;
const isShown = index => index < head || index >= head + leftOut;

// A line of the grid for each folded row and for each event that is shown; those that are hidden have no height. Line 1
// has the names of the lanes, and the events that are left out have one line together.
const rows = trace.rows.map(row => ({ ...row, end: row.first + row.count, isFolded: row.count > 1 }));
const rowOfEvent = [];
const lineOfEvent = [];
let lineCount = 1;
for (const row of rows) {
  row.thread = events[row.first].thread;
  row.isShown = isShown(row.first) || isShown(row.end - 1);
  row.line = row.isShown ? ++lineCount : lineCount;
  for (let index = row.first; index < row.end; ++index) {
    rowOfEvent[index] = row;
    if (isShown(index) || index === head) ++lineCount;
    lineOfEvent[index] = lineCount;
  }
}

function addHeading() {
  const title = trace.property ? `Violation of ${trace.property}` : "An execution that holds";
  document.title = `${title}: ${trace.program}`;
  document.querySelector("h1").textContent = title;
  const list = document.querySelector("dl");
  const define = (term, tag, text) => {
    if (!text) return;
    add(list, "dt", "", term);
    add(add(list, "dd", ""), tag, "", text);
  };
  const link = (term, mark) => {
    if (!events.some(event => event[mark])) return;
    add(list, "dt", "", term);
    const links = add(list, "dd", "");
    events.forEach((event, index) => {
      if (!event[mark]) return;
      const target = add(links, "a", "", `event ${index + 1}`);
      target.href = `#event-${index + 1}`;
      target.addEventListener("click", click => {
        click.preventDefault();
        setFold(rowOfEvent[index], false);
        goTo(steps().findIndex(step => step.first === index));
      });
      links.append(`: ${whatOf(event)} `);
    });
  };
  define("What", "span", trace.message);
  define("Program", "code", trace.program);
  define("Slab", "span", trace.slab);
  link("Broken at", "failed");
  link("Clashes with", "clashed");
  define("Run again", "pre", trace.replay);
}

// Bars last from one event to another in the lane of a thread: critical sections, and blocks with their owner. What
// has no end in the trace lasts until its last event.
function findBars() {
  const bars = [];
  const open = [];
  const numbers = new Map();
  const close = (bar, last) => bars.push({ ...bar, last });
  const closeFirst = (thread, what, last) => {
    const found = open.findIndex(bar => bar.thread === thread && bar.what === what);
    if (found >= 0) close(open.splice(found, 1)[0], last);
  };
  events.forEach((event, index) => {
    const bar = { thread: event.thread, first: index };
    if (event.operation === "lock") {
      open.push({ ...bar, what: `holds ${event.object}` });
    } else if (event.operation === "unlock") {
      closeFirst(event.thread, `holds ${event.object}`, index);
    } else if (OWNERSHIP_BEGINS.has(event.operation)) {
      if (!numbers.has(event.object)) numbers.set(event.object, numbers.size);
      const track = open.filter(other => other.thread === event.thread && "number" in other).length;
      open.push({ ...bar, what: `owns ${event.object}`, number: numbers.get(event.object), track });
    } else if (OWNERSHIP_ENDS.has(event.operation)) {
      // Of two owners, which there should never be, the one that gives it up.
      closeFirst(event.thread, `owns ${event.object}`, index);
    }
  });
  for (const bar of open) close(bar, events.length - 1);
  return bars;
}

function addBar(bar) {
  const element = add(grid, "div", "section");
  // A critical section also stands beside the row that it folds to.
  let first = rowOfEvent[bar.first].line;
  if ("number" in bar) {
    first = lineOfEvent[bar.first];
    element.className = `block c${bar.number % COLOURS}`;
    element.style.marginLeft = `${50 + 25 * (bar.track % TRACKS)}%`;
    element.textContent = bar.number;
  } else {
    for (const mark of ["clashed", "failed"]) {
      const isMarked = event => event[mark] && event.thread === bar.thread;
      if (events.slice(bar.first, bar.last + 1).some(isMarked)) element.classList.add(mark);
    }
  }
  const column = columnOf(bar.thread);
  element.style.gridArea = `${first} / ${column} / ${lineOfEvent[bar.last] + 1} / ${column}`;
  element.title = `${bar.thread} ${bar.what}, events ${bar.first + 1} to ${bar.last + 1}`;
}

const pairOf = marked =>
  (marked.some(event => event.failed) ? " failed" : "") + (marked.some(event => event.clashed) ? " clashed" : "");

function addLine(className, line, thread, numbers, what, place) {
  const element = add(grid, "div", className);
  element.style.gridArea = `${line} / ${laneNames.length + 1}`;
  element.title = place;
  add(element, "span", "number", `${numbers} ${thread}`);
  element.append(" ");
  add(element, "span", "what", what);
  element.append(" ");
  add(element, "span", "place", place);
  return element;
}

function addMark(className, line, thread, title) {
  const mark = add(grid, "div", className);
  mark.style.gridArea = `${line} / ${columnOf(thread)}`;
  mark.title = title;
  return mark;
}

function addEvent(event, index) {
  const pair = pairOf([event]);
  const step = event.operation === "operation" ? " program-step" : "";
  const line = addLine(`event${step}${pair}`, lineOfEvent[index], event.thread, index + 1, whatOf(event), placeOf(event));
  line.id = `event-${index + 1}`;
  const mark = addMark(`mark${pair}`, lineOfEvent[index], event.thread, `${placeOf(event)} ${whatOf(event)}`);
  line.addEventListener("click", () => goTo(steps().findIndex(other => other.line === line)));
  return { line, mark, first: index, last: index, row: rowOfEvent[index] };
}

function addRow(row) {
  row.steps = [];
  if (row.count > 1 && row.isShown) {
    const pair = pairOf(events.slice(row.first, row.end));
    const line = addLine(`row${pair}`, row.line, row.thread, `${row.first + 1}-${row.end}`, row.text,
      placeOf(events[row.first]));
    // The bar of a critical section is its mark.
    const mark = row.is_section ? null : addMark(`mark of-row${pair}`, row.line, row.thread, row.text);
    row.heading = { line, mark, first: row.first, last: row.end - 1, row };
    line.addEventListener("click", () => toggle(row));
  }
  for (let index = row.first; index < row.end; ++index) {
    if (isShown(index)) row.steps.push(addEvent(events[index], index));
  }
}

// ---- folds and steps ----

function setFold(row, isFolded) {
  row.isFolded = isFolded && Boolean(row.heading);
  if (row.heading) {
    row.heading.line.classList.toggle("folded", row.isFolded);
    row.heading.line.setAttribute("aria-expanded", String(!row.isFolded));
    if (row.heading.mark) row.heading.mark.hidden = !row.isFolded;
  }
  for (const step of row.steps) step.line.hidden = step.mark.hidden = row.isFolded;
}

// What is stepped through: folded rows, and events that are not folded.
const steps = () => rows.flatMap(row => row.isFolded ? [row.heading] : row.steps);
let current = null;

function goTo(position, scrolls = true) {
  const all = steps();
  if (all.length === 0) return;
  const now = Math.min(Math.max(position, 0), all.length - 1);
  if (current) {
    current.line.classList.remove("current");
    current.line.removeAttribute("aria-current");
  }
  current = all[now];
  current.line.classList.add("current");
  current.line.setAttribute("aria-current", "step");
  if (scrolls) current.line.scrollIntoView({ block: "nearest" });
  document.querySelector(".position").textContent = `step ${now + 1} of ${all.length}`;
  for (const id of ["first", "back"]) document.getElementById(id).disabled = now === 0;
  for (const id of ["forward", "last"]) document.getElementById(id).disabled = now === all.length - 1;
  showSlab(current.last);
}

// The step stays at the same events, as far as folds allow.
function goToEvent(index, scrolls) {
  goTo(steps().findIndex(step => step.first <= index && index <= step.last), scrolls);
}

function toggle(row) {
  setFold(row, !row.isFolded);
  goToEvent(row.first, true);
}

function foldAll(isFolded) {
  const at = current ? current.first : 0;
  for (const row of rows) setFold(row, isFolded);
  goToEvent(at, true);
}

const move = by => goTo(steps().indexOf(current) + by);

function addControls() {
  // What sticks below the buttons does so at their height, which the width of the screen decides.
  const tools = document.querySelector(".tools");
  const measure = () => document.documentElement.style.setProperty("--tools", `${tools.offsetHeight}px`);
  new ResizeObserver(measure).observe(tools);
  const on = (id, action) => document.getElementById(id).addEventListener("click", action);
  on("first", () => goTo(0));
  on("back", () => move(-1));
  on("forward", () => move(1));
  on("last", () => goTo(Infinity));
  on("fold-all", () => foldAll(true));
  on("unfold-all", () => foldAll(false));
  const keys = {
    ArrowUp: () => move(-1), ArrowLeft: () => move(-1), ArrowDown: () => move(1), ArrowRight: () => move(1),
    Home: () => goTo(0), End: () => goTo(Infinity),
    Enter: () => { if (current && current.row.heading) toggle(current.row); },
  };
  document.addEventListener("keydown", press => {
    const isOther = press.altKey || press.ctrlKey || press.metaKey || press.shiftKey;
    // A button or a link that has the focus keeps its Enter.
    const isTaken = press.key === "Enter" && press.target.closest("button, a");
    if (isOther || isTaken || !(press.key in keys)) return;
    press.preventDefault();
    keys[press.key]();
  });
}

function addGrid() {
  grid.style.gridTemplateColumns = `repeat(${laneNames.length}, var(--lane)) minmax(0, 1fr)`;
  grid.classList.toggle("has-names", laneNames.some(name => name.includes(" ")));
  laneNames.forEach((name, lane) => {
    const [short, ...rest] = name.split(" ");
    const element = add(grid, "div", "lane-name", short);
    if (rest.length > 0) add(element, "small", "", rest.join(" "));
    element.title = name;
    // It sticks as far down as its area goes.
    element.style.gridArea = `1 / ${lane + 1} / ${lineCount + 1} / ${lane + 1}`;
    add(grid, "div", "lane").style.gridArea = `2 / ${lane + 1} / ${lineCount + 1} / ${lane + 1}`;
  });
  findBars().forEach(addBar);
  rows.forEach(addRow);
  for (const row of rows) setFold(row, true);
  if (leftOut === 0) return;
  const gap = add(grid, "div", "left-out",
    `${leftOut} events are left out here; a trace as JSON has them all.`);
  gap.style.gridArea = `${lineOfEvent[head]} / 1 / auto / -1`;
}

// Program order runs down each column. Arrows are drawn from what the browser has laid out.
function addGraph() {
  if (!trace.graph) return;
  document.querySelector("section").hidden = false;
  const box = document.querySelector(".graph");
  const drawing = box.querySelector("svg");
  const accesses = trace.graph.events;
  const threads = [...new Set(accesses.map(access => access.thread))];
  box.style.gridTemplateColumns = `repeat(${threads.length}, minmax(0, 1fr))`;
  threads.forEach((thread, column) => {
    add(box, "div", "thread-name", thread).style.gridArea = `1 / ${column + 1}`;
  });
  const rows = threads.map(() => 1);
  const boxes = accesses.map(access => {
    const column = threads.indexOf(access.thread);
    const element = add(box, "div", "access", whatOf(access));
    element.style.gridArea = `${++rows[column]} / ${column + 1}`;
    element.title = placeOf(access);
    return element;
  });
  const draw = (tag, attributes) => {
    const shape = document.createElementNS(drawing.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    drawing.append(shape);
  };
  const arrow = (from, to, kind) => {
    const shift = kind === "rf" ? 0.4 : 0.6;
    const x = element => element.offsetLeft + element.offsetWidth * shift;
    const isDown = boxes[to].offsetTop >= boxes[from].offsetTop + boxes[from].offsetHeight;
    const y1 = boxes[from].offsetTop + (isDown ? boxes[from].offsetHeight : 0);
    const y2 = boxes[to].offsetTop + (isDown ? 0 : boxes[to].offsetHeight);
    draw("line", { class: kind, x1: x(boxes[from]), y1, x2: x(boxes[to]), y2 });
    draw("circle", { class: kind, cx: x(boxes[to]), cy: y2, r: 3 });
  };
  const drawArrows = () => {
    drawing.replaceChildren();
    accesses.forEach((access, index) => {
      if (typeof access.reads_from === "number") arrow(access.reads_from, index, "rf");
    });
    for (const order of trace.graph.coherence) {
      for (let place = 1; place < order.length; ++place) arrow(order[place - 1], order[place], "co");
    }
  };
  drawArrows();
  window.addEventListener("resize", drawArrows);
}

addHeading();
addGrid();
addSlab();
addControls();
goToEvent(Math.max(events.findIndex(event => event.failed), 0), false);
addGraph();
