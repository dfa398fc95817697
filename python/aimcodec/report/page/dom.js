const report = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

// Characters that cannot be seen, or turn the order of others round, as escape sequences; line feeds stay.
const visible = (text) =>
  text.replace(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

// Text only ever becomes text nodes.
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "rect", "text", "title"].includes(tag);
  const node = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") node.style.cssText = value;
    else if (value !== null) node.setAttribute(name, typeof value === "string" ? visible(value) : value);
  }
  node.append(...children.filter((child) => child !== null).map((child) => (typeof child === "string" ? visible(child) : child)));
  return node;
}

function bytes(count) {
  if (count === null) return "";
  if (count < 1000) return `${count} B`;
  const step = Math.min(4, Math.floor(Math.log10(count) / 3));
  return `${(count / 1000 ** step).toPrecision(3)} ${["B", "kB", "MB", "GB", "TB"][step]}`;
}

const grouped = (number) => number.toLocaleString("en-US");
const shapeText = (shape) => (shape.length ? shape.join(" × ") : "scalar");
const ratioOf = (tensor) => (tensor.bytes && tensor.coded ? tensor.coded / tensor.bytes : null);
const figure = (number) => (number === null ? "" : typeof number === "string" ? number : Number(number.toPrecision(5)).toString());

// Shows which nodes of a kind are chosen.
function choose(container, nodes) {
  for (const node of container.querySelectorAll(".chosen")) node.classList.remove("chosen");
  for (const node of nodes) node?.classList.add("chosen");
}
