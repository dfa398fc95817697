// A node of the tree: [name, first bit, bits, children] or [name, first bit, bits, descriptor, value, clause, status].
const isElement = (node) => !Array.isArray(node[3]);
const opened = new Map(); // path of indices, joined -> { row, body, open() }

const segments = report.hex.map(([start, text]) => ({ start, bytes: Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) }));

function byteAt(offset) {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle].start <= offset) low = middle + 1; else high = middle;
  }
  const found = segments[low - 1];
  return found && offset < found.start + found.bytes.length ? found.bytes[offset - found.start] : null;
}

function drawTree() {
  byId("tree").replaceChildren(...report.tree.flatMap((node, i) => drawNode(node, [i], [node[0]])));
  showElement([0], false);
}

function drawNode(node, place, path) {
  const [name, bit, length] = node;
  const label = isElement(node) ? name : name + (place.length === 1 ? `  ${report.units[place[0]].kind}` : "");
  const twist = isElement(node) || !node[3].length ? " " : "▸";
  const marker = make("span", { class: "type" }, twist);
  const row = make("div", { class: "row", role: "treeitem", style: `padding-left: ${(place.length - 1) * 1.1}rem` },
    make("span", { class: "bit" }, `${Math.floor(bit / 8)}.${bit % 8}`), marker,
    make("span", { class: isElement(node) && node[6] === "gap" ? "gap" : null }, label),
    isElement(node) ? make("span", { class: "value" }, node[4]) : null,
    make("span", { class: "type" }, isElement(node) ? node[3] : `${grouped(length)} bits`));
  const body = make("div", { hidden: "" });
  const entry = { row, node, path, open };
  opened.set(place.join("."), entry);
  function open(wanted) {
    if (isElement(node) || !node[3].length) return;
    if (wanted && !body.childNodes.length) {
      body.append(...node[3].flatMap((child, i) => drawNode(child, [...place, i], [...path, child[0]])));
    }
    body.hidden = !wanted;
    marker.textContent = wanted ? "▾" : "▸";
  }
  row.addEventListener("click", () => { open(body.hidden); showElement(place, false); });
  return [row, body];
}

function showElement(place, jump) {
  for (let depth = 1; depth < place.length + (jump ? 1 : 0); depth++) opened.get(place.slice(0, depth).join("."))?.open(true);
  const entry = opened.get(place.join("."));
  if (!entry) return;
  choose(byId("tree"), [entry.row]);
  if (jump) {
    byId("syntax").scrollIntoView();
    entry.row.scrollIntoView({ block: "nearest" });
  }
  const [name, bit, length, descriptor, value, clause, status] = entry.node;
  const byte = Math.floor(bit / 8);
  byId("element").replaceChildren(make("code", {}, entry.path.join(".")), make("br"),
    `bit ${grouped(bit)} (byte ${grouped(byte)}, bit ${bit % 8}), ${grouped(length)} bits`,
    isElement(entry.node) ? `${descriptor ? `, ${descriptor}` : ""}${value ? `: ${value}` : ""}${clause ? `, clause ${clause}` : ""}` : "",
    status === "inferred" ? " (absent)" : "");
  drawHex(bit, length);
}

const ROW = 16;
const MOST_HEX_ROWS = 48;

function drawHex(bit, length) {
  const [first, last] = [Math.floor(bit / 8), Math.ceil((bit + length) / 8)];
  const start = Math.max(0, Math.floor(first / ROW) - 1) * ROW;
  const end = Math.min(report.bytes, (Math.ceil(last / ROW) + 1) * ROW);
  const lines = [];
  for (let offset = start; offset < end; offset += ROW) {
    if (lines.length === MOST_HEX_ROWS) {
      lines.push(make("div", { class: "cut" }, `… ${grouped(end - offset)} more bytes`));
      break;
    }
    lines.push(hexLine(offset, first, last));
  }
  byId("hex").replaceChildren(...lines, ...(length && length < 64 ? [bitLine(bit, length)] : []));
}

function hexLine(offset, first, last) {
  const line = make("div", {}, make("span", { class: "offset" }, `${offset.toString(16).padStart(8, "0")}  `));
  let text = "";
  for (let i = offset; i < offset + ROW && i < report.bytes; i++) {
    const value = byteAt(i);
    const digits = value === null ? "··" : value.toString(16).padStart(2, "0");
    line.append(i >= first && i < last ? make("mark", {}, digits) : digits, " ");
    text += value !== null && value > 31 && value < 127 ? String.fromCharCode(value) : "·";
  }
  line.append(make("span", { class: "offset" }, " ".repeat(1 + 3 * Math.max(0, offset + ROW - report.bytes)) + text));
  return line;
}

function bitLine(bit, length) {
  const [first, last] = [Math.floor(bit / 8), Math.ceil((bit + length) / 8)];
  const line = make("div", { style: "margin-top: .6rem" }, make("span", { class: "offset" }, "bits      "));
  for (let i = first * 8; i < last * 8; i++) {
    const value = byteAt(i >> 3);
    const digit = value === null ? "·" : ((value >> (7 - (i & 7))) & 1).toString();
    line.append(i >= bit && i < bit + length ? make("mark", {}, digit) : digit, i % 8 === 7 ? " " : "");
  }
  return line;
}

// The path of indices of the innermost node that holds a bit.
function placeOfBit(bit) {
  const place = [];
  let level = report.tree;
  while (level) {
    const index = level.findIndex((node) => node[1] <= bit && bit < node[1] + node[2]);
    if (index < 0) break;
    place.push(index);
    level = isElement(level[index]) ? null : level[index][3];
  }
  return place;
}
