const COLUMNS = [
  ["name", (t) => t.name, false],
  ["type", (t) => t.dtype, false],
  ["shape", (t) => shapeText(t.shape), true, (t) => t.elements],
  ["coding", (t) => [t.coding, ...t.tools].join(", "), false],
  ["memory", (t) => bytes(t.bytes), true, (t) => t.bytes ?? 0],
  ["in file", (t) => (t.alias_of === null ? bytes(t.coded) : "alias"), true, (t) => t.coded],
  ["ratio", (t) => ratioOf(t)?.toFixed(4) ?? "", true, (t) => ratioOf(t) ?? 0],
];
const MOST_ROWS = 2000;
let sorted = { column: -1, descending: false };
const tensorRows = new Map();

function drawTensorHead() {
  byId("tensor-table").tHead.replaceChildren(make("tr", {}, ...COLUMNS.map(([title, , right], column) =>
    make("th", { class: right ? "right" : null, onclick: () => sortBy(column) },
      title + (sorted.column === column ? (sorted.descending ? " ▾" : " ▴") : "")))));
}

function sortBy(column) {
  sorted = { column, descending: sorted.column === column ? !sorted.descending : COLUMNS[column].length > 3 };
  drawTensors();
}

function shownTensors() {
  const words = byId("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const list = report.tensors.map((tensor, index) => ({ tensor, index })).filter(({ tensor }) => {
    const text = `${tensor.name} ${tensor.dtype} ${tensor.coding} ${tensor.tools.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  if (sorted.column >= 0) {
    const key = COLUMNS[sorted.column][3] ?? COLUMNS[sorted.column][1];
    const sign = sorted.descending ? -1 : 1;
    list.sort((a, b) => sign * (key(a.tensor) < key(b.tensor) ? -1 : key(a.tensor) > key(b.tensor) ? 1 : 0));
  }
  return list;
}

function drawTensors() {
  drawTensorHead();
  const list = shownTensors();
  tensorRows.clear();
  const rows = list.slice(0, MOST_ROWS).map(({ tensor, index }) => {
    const row = make("tr", { "data-tensor": index, onclick: () => chooseTensor(index) },
      ...COLUMNS.map(([title, text, right]) =>
        make("td", { class: right ? "right" : title === "name" ? "name" : null, title: title === "name" ? tensor.name : null }, text(tensor))));
    tensorRows.set(index, row);
    return row;
  });
  byId("tensor-table").tBodies[0].replaceChildren(...rows);
  const cut = list.length > MOST_ROWS ? `, the first ${MOST_ROWS} shown` : "";
  byId("tensor-count").textContent = `${grouped(list.length)} of ${grouped(report.tensors.length)}${cut}`;
}

function chooseTensor(index) {
  const tensor = report.tensors[index];
  choose(byId("treemap"), [byId("treemap").querySelector(`[data-tensor="${index}"]`)]);
  choose(byId("tensor-table"), [tensorRows.get(index)]);
  tensorRows.get(index)?.scrollIntoView({ block: "nearest" });
  byId("tensor-detail").replaceChildren(...detailOf(tensor));
  if (tensor.units.length) showUnits(tensor.units);
}

function pairs(list) {
  return make("dl", {}, ...list.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]));
}

function detailOf(tensor) {
  const ratio = ratioOf(tensor);
  const list = [
    ["shape", shapeText(tensor.shape)],
    ["elements", grouped(tensor.elements)],
    ["type", tensor.dtype],
    ["coding", [tensor.coding, ...tensor.tools].join(", ")],
    ["in file", `${grouped(tensor.coded)} bytes`],
  ];
  if (tensor.bytes !== null) list.push(["memory", `${grouped(tensor.bytes)} bytes`]);
  if (ratio !== null) list.push(["ratio", ratio.toFixed(4)]);
  if (tensor.coded && tensor.elements) list.push(["bits", `${((8 * tensor.coded) / tensor.elements).toFixed(3)} an element`]);
  if (tensor.variant) list.push(["variant", tensor.variant]);
  if (tensor.alias_of !== null) list.push(["same as", tensor.alias_of]);
  const parts = [make("h3", {}, tensor.name || "(no name)"), pairs(list)];
  if (tensor.values) parts.push(...histogram(tensor.values));
  const unit = tensor.units[0];
  if (unit !== undefined && unit < report.tree.length) {
    parts.push(make("p", {}, make("button", { onclick: () => showElement([unit], true) }, `Unit ${unit} in the syntax`)));
  }
  return parts;
}

function histogram(values) {
  const most = Math.max(...values.bars);
  const step = 280 / values.bars.length;
  const svg = make("svg", { class: "histogram", viewBox: "0 0 280 90", preserveAspectRatio: "none", role: "img", "aria-label": "Histogram of the values" },
    ...values.bars.map((count, i) => {
      const height = count ? Math.max(1, (88 * count) / most) : 0;
      return make("rect", { x: i * step, y: 90 - height, width: Math.max(1, step - 1), height }, make("title", {}, grouped(count)));
    }));
  const list = [["mean", figure(values.mean)], ["deviation", figure(values.std)], ["zeros", `${(100 * values.zeros).toFixed(2)} %`]];
  if (values.unfinite) list.push(["not finite", grouped(values.unfinite)]);
  if (values.sample) list.push(["sample", `${grouped(values.sample)} elements`]);
  return [svg, make("div", { class: "ends" }, make("span", {}, figure(values.min)), make("span", {}, figure(values.max))), pairs(list)];
}
