// The slab beside the lanes: its segments and slots after the current step, from the events up to there.

const SEGMENT_MEMORY = /^segment of (\d+) bytes at 0x([0-9a-f]+)$/;
const RELEASED = /^\d+ bytes at 0x([0-9a-f]+)$/;
const RECORD = /^segment (\d+): head \d+, free (\d+), carved (\d+), live (\d+)$/;
const ON_ITS_WAY = "on its way";
const BLOCK = /^block 0x([0-9a-f]+)$/;

// Segments, and who owns which block, after an event. A segment is installed when its record first has its number; until
// then its thread carries it.
function slabAfter(last) {
  const segments = [];
  const owners = new Map();
  for (const event of events.slice(0, last + 1)) {
    const obtained = event.operation === "obtain memory" && SEGMENT_MEMORY.exec(event.value);
    const released = event.operation === "release memory" && RELEASED.exec(event.value);
    const record = RECORD.exec(event.value);
    const block = BLOCK.exec(event.object);
    if (obtained) {
      const base = Number.parseInt(obtained[2], 16);
      segments.push({ base, size: Number(obtained[1]), thread: event.thread, number: null, carved: 0, free: 0, live: 0 });
    } else if (released) {
      const found = segments.findIndex(segment => segment.base === Number.parseInt(released[1], 16));
      if (found >= 0) segments.splice(found, 1);
    } else if (record) {
      const number = Number(record[1]);
      let segment = segments.find(other => other.record === event.object);
      const installed = segments.filter(other => other.number !== null).length;
      if (!segment && number === installed) {
        segment = segments.find(other => other.number === null && other.thread === event.thread);
      }
      if (!segment) continue;
      [segment.free, segment.carved, segment.live] = record.slice(2).map(Number);
      Object.assign(segment, { record: event.object, number });
    } else if (block) {
      const address = Number.parseInt(block[1], 16);
      // There should be one; two are the violation.
      const others = (owners.get(address) ?? []).filter(owner => owner !== event.thread && owner !== ON_ITS_WAY);
      if (OWNERSHIP_BEGINS.has(event.operation)) others.push(event.thread);
      if (event.operation === "give away") others.push(ON_ITS_WAY);
      owners.set(address, others);
    }
  }
  return { segments, owners };
}

const MEANING = {
  live: "its owner has it",
  failed: "two owners have it",
  free: "on the freelist",
  claimed: "nobody can have it: a trim holds the segment, and gives its pages back",
  uncarved: "never used since the segment was laid out",
  taken: "live for the slab, and with nobody: a thread is about to hand it out or to free it, or a cache has it",
  "free or taken": "free, or with a thread or a cache that has yet to hand it out",
};

// A trim that holds a segment counts all of its slots as live, though none is carved.
const isClaimed = segment => segment.live > segment.carved;

function slotsOf(segment, owners) {
  const { capacity, stride, slots_offset: offset } = trace.slots;
  const slots = [];
  if (isClaimed(segment)) return Array.from({ length: capacity }, () => ({ kind: "claimed", text: "trim" }));
  for (let index = 0; index < capacity; ++index) {
    const owner = owners.get(segment.base + offset + index * stride) ?? [];
    if (owner.length > 0) slots.push({ kind: owner.length === 1 ? "live" : "failed", text: owner.join(" and ") });
    else slots.push({ kind: index < segment.carved ? "unowned" : "uncarved", text: "uncarved" });
  }
  // A slot that the slab counts as live and nobody owns is with a thread that has yet to hand it out, or in a cache.
  const taken = slots.filter(slot => slot.kind === "unowned").length - segment.free;
  for (const slot of slots) {
    if (slot.kind !== "unowned") continue;
    const kind = taken <= 0 ? "free" : segment.free === 0 ? "taken" : "free or taken";
    Object.assign(slot, { kind, text: kind });
  }
  return slots;
}

function showSlab(last) {
  if (!trace.slots) return;
  const { segments, owners } = slabAfter(last);
  const panel = document.querySelector(".segments");
  panel.replaceChildren();
  if (segments.length === 0) add(panel, "p", "", "no segments");
  const isCarried = segment => segment.number === null;
  const order = [...segments].sort((a, b) => (a.number ?? Infinity) - (b.number ?? Infinity));
  for (const segment of order) {
    const box = add(panel, "div", `segment${isCarried(segment) ? " carried" : ""}`);
    const title = add(box, "p", "", isCarried(segment) ? `${segment.thread} has brought a segment ` : `Segment ${segment.number} `);
    if (isCarried(segment)) continue;
    add(title, "small", "", isClaimed(segment) ? "held by a trim"
      : `live ${segment.live}, free ${segment.free}, carved ${segment.carved}`);
    const row = add(box, "div", "slots");
    slotsOf(segment, owners).forEach((slot, index) => {
      const colour = slot.kind === "live" ? ` c${Math.max(laneNames.indexOf(slot.text), 0) % COLOURS}` : "";
      add(row, "span", `slot ${slot.kind}${colour}`, slot.text).title = `slot ${index}: ${MEANING[slot.kind]}`;
    });
  }
}

function addSlab() {
  const hasSegments = trace.slots && events.some(event => SEGMENT_MEMORY.test(event.value));
  document.querySelector(".slab").hidden = !hasSegments;
  document.querySelector(".beside").classList.toggle("has-slab", Boolean(hasSegments));
}
